//! The thread that writes, and group commit: whatever waits when it comes round is written together and synced once.
//!
//! Invariant: requests are written in the order in which they were sent, and answered only when what they were promised
//! holds. After a failed write or sync the store has stopped for good: what the disk then has is unknown, and only opening
//! anew, which reads it, can tell.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use ballast_ports::StoreError;
use ballast_types::{ExecutionId, Sequence};
use futures::channel::oneshot;

use crate::log::{Log, Place};
use crate::records::{Changes, Mark};
use crate::store::Shared;

/// A group ends beyond so many bytes, so that those in it do not wait too long.
const GROUP_BYTES_MAX: usize = 8 << 20;

pub(crate) type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer is asked to do.
#[derive(Debug)]
pub(crate) enum Request {
    /// Append to the event log, sync, fold.
    Commit {
        /// Encoded, in order; never empty.
        bodies: Vec<Vec<u8>>,
        /// What all of them change.
        changes: Changes,
        /// Gets the position of the first.
        answer: Answer<Sequence>,
    },
    /// Append to the journal.
    Journal {
        /// Whose.
        execution: ExecutionId,
        /// Encoded.
        body: Vec<u8>,
        /// Whether to sync before answering.
        durable: bool,
        /// Told once it is written, or durable.
        answer: Option<Answer<()>>,
    },
    /// Tell when everything sent before is written.
    Barrier {
        /// Told then.
        answer: Answer<()>,
    },
}

impl Request {
    /// How many bytes it brings.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Request::Commit { bodies, .. } => bodies.iter().map(Vec::len).sum(),
            Request::Journal { body, .. } => body.len(),
            Request::Barrier { .. } => 0,
        }
    }

    fn refuse(self, reason: &str) {
        // Whoever asked may have gone; then nobody wants the answer.
        match self {
            Request::Commit { answer, .. } => drop(answer.send(Err(StoreError::Stopped(reason.to_owned())))),
            Request::Journal { answer: Some(answer), .. } | Request::Barrier { answer } => {
                drop(answer.send(Err(StoreError::Stopped(reason.to_owned()))));
            }
            Request::Journal { answer: None, .. } => {}
        }
    }
}

/// What the writing thread owns.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) events: Log,
    pub(crate) journal: Log,
    pub(crate) journal_position: u64,
    pub(crate) mark: Mark,
}

/// A group on its way: what its members are told, and what they change.
#[derive(Default)]
struct Group {
    written: Vec<Answer<()>>,
    durable: Vec<Answer<()>>,
    committed: Vec<(Answer<Sequence>, Sequence)>,
    events: Vec<(u64, u32, Place)>,
    entries: Vec<(ExecutionId, Place)>,
    changes: Changes,
    sync_journal: bool,
}

impl Writer {
    /// Serves requests until nobody can send one any more.
    pub(crate) fn run(mut self, requests: &Receiver<Request>) {
        while let Ok(first) = requests.recv() {
            let requests = gather(first, requests);
            self.shared.queued.fetch_sub(requests.iter().map(Request::bytes).sum(), Ordering::Relaxed);
            match self.shared.stopped.get() {
                Some(reason) => requests.into_iter().for_each(|request| request.refuse(reason)),
                None => self.serve(requests),
            }
        }
        if let Err(error) = self.journal.sync() {
            tracing::error!(%error, "sync the journal on the way out");
        }
        self.shared.records.settle();
    }

    fn serve(&mut self, requests: Vec<Request>) {
        let mut group = Group::default();
        if let Err(error) = self.perform(requests, &mut group) {
            let reason = error.to_string();
            tracing::error!(%reason, "write; the store stops");
            group.refuse(&reason);
            // Only this thread sets it, and only once.
            let _ = self.shared.stopped.set(reason);
        }
    }

    fn perform(&mut self, requests: Vec<Request>, group: &mut Group) -> Result<(), StoreError> {
        let mut failed = None;
        for request in requests {
            match &failed {
                None => failed = self.append(request, group).err(),
                Some(error) => request.refuse(&error.to_string()),
            }
        }
        failed.map_or(Ok(()), Err)?;
        self.journal.write()?;
        self.events.write()?;
        self.index_journal(group);
        answer_all(&mut group.written);
        if group.sync_journal {
            self.journal.sync()?;
        }
        answer_all(&mut group.durable);
        self.publish(group)
    }

    fn append(&mut self, request: Request, group: &mut Group) -> Result<(), StoreError> {
        match request {
            Request::Commit { bodies, changes, answer } => {
                let next = self.last(group) + 1;
                group.committed.push((answer, Sequence(next)));
                for (position, body) in (next..).zip(&bodies) {
                    let (place, crc) = self.events.append(position, body)?;
                    group.events.push((position, crc, place));
                }
                group.changes.merge(changes);
            }
            Request::Journal { execution, body, durable, answer } => {
                group.sync_journal |= durable;
                if durable {
                    group.durable.extend(answer)
                } else {
                    group.written.extend(answer)
                }
                self.journal_position += 1;
                let (place, _) = self.journal.append(self.journal_position, &body)?;
                group.entries.push((execution, place));
            }
            Request::Barrier { answer } => group.written.push(answer),
        }
        Ok(())
    }

    fn index_journal(&self, group: &mut Group) {
        let mut index = self.shared.journal.write().unwrap_or_else(|lock| lock.into_inner());
        for (execution, place) in group.entries.drain(..) {
            index.push(&execution, place);
        }
    }

    fn last(&self, group: &Group) -> u64 {
        group.events.last().map_or(self.shared.last.load(Ordering::Acquire), |(position, ..)| *position)
    }

    /// Syncs the event log, folds, and lets readers see it.
    fn publish(&mut self, group: &mut Group) -> Result<(), StoreError> {
        let Some((last, crc, _)) = group.events.last().copied() else { return Ok(()) };
        self.events.sync()?;
        self.shared.records.fold(&mut self.mark, last, crc, std::mem::take(&mut group.changes))?;
        let mut index = self.shared.events.write().unwrap_or_else(|lock| lock.into_inner());
        for (position, _, place) in group.events.drain(..) {
            index.push(position, place);
        }
        drop(index);
        self.shared.last.store(last, Ordering::Release);
        for (answer, first) in group.committed.drain(..) {
            drop(answer.send(Ok(first)));
        }
        Ok(())
    }
}

impl Group {
    fn refuse(self, reason: &str) {
        for answer in self.written.into_iter().chain(self.durable) {
            drop(answer.send(Err(StoreError::Stopped(reason.to_owned()))));
        }
        for (answer, _) in self.committed {
            drop(answer.send(Err(StoreError::Stopped(reason.to_owned()))));
        }
    }
}

fn gather(first: Request, requests: &Receiver<Request>) -> Vec<Request> {
    let mut bytes = first.bytes();
    let mut group = vec![first];
    while bytes < GROUP_BYTES_MAX {
        let Ok(request) = requests.try_recv() else { break };
        bytes += request.bytes();
        group.push(request);
    }
    group
}

fn answer_all(answers: &mut Vec<Answer<()>>) {
    for answer in answers.drain(..) {
        drop(answer.send(Ok(())));
    }
}
