//! The thread that reads: files are read here, never on a task that others wait for.

use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;

use ballast_ports::StoreError;
use ballast_types::event::{Commit, EventRecord};
use ballast_types::execution::JournalEntry;
use ballast_types::{ExecutionId, Sequence};
use futures::channel::oneshot;

use crate::codec;
use crate::index::Block;
use crate::log::frame::{Found, Frame, frames};
use crate::log::{Place, io, read_span};
use crate::store::Shared;

type Job = Box<dyn FnOnce() + Send>;

/// Asks the reading thread. It ends once this is dropped.
#[derive(Debug)]
pub(crate) struct Reader {
    jobs: mpsc::Sender<Job>,
}

impl Reader {
    /// Starts the thread.
    pub(crate) fn start(folder: &Path) -> Result<(Reader, JoinHandle<()>), StoreError> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let work = move || queue.into_iter().for_each(|job| job());
        let thread = std::thread::Builder::new().name("store-reader".to_owned()).spawn(work);
        Ok((Reader { jobs }, thread.map_err(io("start a thread for", folder))?))
    }

    /// Runs `job` on the thread.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        // Whoever asked may have gone; then nobody wants the answer.
        let sent = self.jobs.send(Box::new(move || drop(answer.send(job()))));
        let gone = || StoreError::Stopped("its reader has ended".to_owned());
        sent.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

/// Events from a position on, at most `limit`.
pub(crate) fn events(shared: &Shared, from: Sequence, limit: usize) -> Result<Vec<EventRecord>, StoreError> {
    let mut events = Vec::new();
    each_commit(shared, from.0, |position, _, commit| {
        if events.len() < limit {
            events.push(EventRecord { sequence: Sequence(position), at: commit.at, event: commit.event });
        }
        Ok(events.len() < limit)
    })?;
    Ok(events)
}

/// Shows every commit from a position on to `visit`, with its checksum, until it says no.
pub(crate) fn each_commit(
    shared: &Shared,
    from: u64,
    mut visit: impl FnMut(u64, u32, Commit) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let mut from = from;
    loop {
        // Taken anew for each block, so that the writer never waits for a reader.
        let Some(block) = shared.events.read().unwrap_or_else(|lock| lock.into_inner()).block_from(from)
        else {
            return Ok(());
        };
        let bytes = span(&shared.events_folder(), block.place)?;
        for frame in in_block(&bytes, block, from) {
            let commit: Commit = codec::decode(frame.body)
                .map_err(|error| StoreError::Corrupt(format!("read event {}: {error}", frame.position)))?;
            if !visit(frame.position, frame.crc, commit)? {
                return Ok(());
            }
        }
        from = block.last + 1;
    }
}

/// An execution's journal.
pub(crate) fn journal(shared: &Shared, execution: &ExecutionId) -> Result<Vec<JournalEntry>, StoreError> {
    let places = shared.journal.read().unwrap_or_else(|lock| lock.into_inner()).places(execution);
    let mut entries = Vec::with_capacity(places.len());
    for run in runs(&places) {
        let bytes = span(&shared.journal_folder(), run)?;
        for found in frames(&bytes) {
            let Found::Frame(frame) = found else {
                tracing::warn!(%execution, "skip bytes of the journal that do not check");
                continue;
            };
            let wrong = |error| StoreError::Corrupt(format!("read the journal of {execution}: {error}"));
            if codec::journal_execution(frame.body).map_err(wrong)? == *execution {
                entries.push(codec::decode_journal(frame.body).map_err(wrong)?);
            }
        }
    }
    Ok(entries)
}

/// Neighbouring places as one, so that a journal is read in few pieces.
fn runs(places: &[Place]) -> Vec<Place> {
    const GAP_BYTES_MAX: u32 = 64 << 10;
    let mut runs: Vec<Place> = Vec::new();
    for place in places {
        match runs.last_mut() {
            Some(run) if run.segment == place.segment && place.start - run.end <= GAP_BYTES_MAX => {
                run.end = place.end
            }
            _ => runs.push(*place),
        }
    }
    runs
}

fn in_block<'a>(bytes: &'a [u8], block: Block, from: u64) -> impl Iterator<Item = Frame<'a>> {
    frames(bytes).filter_map(move |found| match found {
        Found::Frame(frame) => {
            (from.max(block.first)..=block.last).contains(&frame.position).then_some(frame)
        }
        Found::Damage(range) => {
            let (first, last) = (block.first, block.last);
            tracing::warn!(?range, first, last, "skip bytes of the event log that do not check");
            None
        }
    })
}

fn span(folder: &Path, place: Place) -> Result<Vec<u8>, StoreError> {
    read_span(folder, place.segment, place.start, place.end)
}
