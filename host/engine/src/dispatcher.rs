//! The dispatcher: the one task that feeds the core. It takes what waits, lets the core decide, makes the decisions
//! durable in one write, and only then answers, tells and acts.
//!
//! Invariant: no action leaves here before the commit that holds its intent has returned.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use ballast_ports::{Clock, Store, StoreError};
use ballast_types::Sequence;
use ballast_types::event::{Commit, EventRecord};
use tokio::sync::{mpsc, oneshot};

use crate::bus::Bus;
use crate::core::{Action, CommandError, Core, Input, Reply};

/// Most inputs that are decided on before one write.
const BATCH_MAX: usize = 256;
/// Inputs that may wait; beyond, those who submit wait too.
const QUEUE: usize = 1024;
/// How long to wait before a failed write is tried again.
const RETRY: Duration = Duration::from_secs(1);

type Answer = oneshot::Sender<Result<Reply, CommandError>>;

/// The way into the core, and a look at it.
#[derive(Clone)]
pub(crate) struct Dispatcher {
    inputs: mpsc::Sender<(Input, Answer)>,
    core: Arc<RwLock<Core>>,
    writable: Arc<AtomicBool>,
}

impl Dispatcher {
    /// Makes the queue. Returns what [`run`] needs.
    pub(crate) fn new(core: Core) -> (Self, mpsc::Receiver<(Input, Answer)>) {
        let (inputs, receiver) = mpsc::channel(QUEUE);
        let core = Arc::new(RwLock::new(core));
        (Dispatcher { inputs, core, writable: Arc::new(AtomicBool::new(true)) }, receiver)
    }

    /// Submits an input; returns once its consequences are durable.
    pub(crate) async fn submit(&self, input: Input) -> Result<Reply, CommandError> {
        let (answer, answered) = oneshot::channel();
        let stopped = || CommandError::Unavailable("the host is stopping".into());
        self.inputs.send((input, answer)).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// Whether the last write succeeded. While it does not, nothing acts.
    pub(crate) fn can_write(&self) -> bool {
        self.writable.load(Ordering::Relaxed)
    }

    /// A look at the present state. Never held over an await.
    pub(crate) fn core(&self) -> RwLockReadGuard<'_, Core> {
        self.core.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs until the engine stops.
pub(crate) async fn run(
    dispatcher: Dispatcher,
    mut inputs: mpsc::Receiver<(Input, Answer)>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    bus: Bus,
    actions: mpsc::UnboundedSender<Action>,
) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while inputs.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let (mut commits, mut acts, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        for (input, answer) in batch.drain(..) {
            let mut core = dispatcher.core.write().unwrap_or_else(PoisonError::into_inner);
            let reaction = core.handle(input, clock.now());
            commits.extend(reaction.commits);
            acts.extend(reaction.actions);
            answers.push((answer, reaction.reply));
        }
        let written = write(&dispatcher.writable, &*store, &*clock, &bus, commits).await;
        for action in acts.into_iter().filter(|_| written) {
            // The receiver lives as long as the engine; when it is gone nothing may act any more.
            let _ = actions.send(action);
        }
        for (answer, reply) in answers {
            let refused =
                || CommandError::Unavailable("the event log refuses this change; see the host's log".into());
            let _ = answer.send(if written { reply } else { Err(refused()) });
        }
    }
}

/// Writes until it succeeds: what the core has decided cannot be taken back, and nobody may act on it before. False where
/// the log can never take it (a record beyond its limit): nobody acts on that, and the host goes on.
async fn write(
    writable: &AtomicBool,
    store: &dyn Store,
    clock: &dyn Clock,
    bus: &Bus,
    commits: Vec<Commit>,
) -> bool {
    if commits.is_empty() {
        return true;
    }
    let first = loop {
        match store.commit(commits.clone()).await {
            Ok(first) => break first,
            Err(StoreError::Io { action, source }) if source.kind() == std::io::ErrorKind::InvalidInput => {
                tracing::error!(%action, %source, "the event log refuses a change; nothing acts on it");
                return false;
            }
            Err(error) => {
                writable.store(false, Ordering::Relaxed);
                tracing::error!(%error, "cannot write the event log; nothing acts until it can be written");
                clock.sleep_until(clock.now() + RETRY).await;
            }
        }
    };
    writable.store(true, Ordering::Relaxed);
    for (offset, commit) in (0u64..).zip(commits) {
        let sequence = Sequence(first.0 + offset);
        bus.publish(EventRecord { sequence, at: commit.at, event: commit.event });
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Command;
    use crate::testing::Host;
    use ballast_types::ExecutionId;
    use ballast_types::call::CallClass;

    #[tokio::test]
    async fn a_change_that_the_log_can_never_take_is_refused_and_the_host_goes_on() {
        let host = Host::new(CallClass::Read).await;
        let cancel = |by: &str| Command::CancelExecution { id: ExecutionId::new("EX-1"), by: by.into() };
        host.store.refuse(true);
        let refused = host.shared.dispatcher.submit(Input::Command(cancel("ann"))).await;
        assert!(matches!(refused, Err(CommandError::Unavailable(_))), "{refused:?}");
        host.store.refuse(false);
        let told = Input::Told(ballast_types::event::Event::Noted);
        assert_eq!(host.shared.dispatcher.submit(told).await, Ok(Reply::Done));
        assert!(host.shared.dispatcher.can_write());
    }
}
