//! One child process seen from the supervisor: started, asked, drained, killed, reaped. It is never restarted here, and which
//! child serves which service is decided in `managed`.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::journal::ErrorJournal;
use crate::error::PlatformError;
use crate::protocol::{Command, Envelope, ErrorRecord, ReplicaStatus, Report};

const READY_WITHIN: Duration = Duration::from_secs(10);
const ANSWER_WITHIN: Duration = Duration::from_millis(800);
const DRAINED_WITHIN: Duration = Duration::from_millis(1000);

type Reply = Result<Vec<ReplicaStatus>, String>;

/// Why a process did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    /// It has ended.
    #[error("the process has ended")]
    Ended,
    /// It said nothing in time.
    #[error("the process did not answer within {} ms", ANSWER_WITHIN.as_millis())]
    Silent,
    /// It refused.
    #[error("{0}")]
    Refused(String),
}

/// A running, or ended, child.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) pid: u32,
    commands: mpsc::Sender<Envelope>,
    pending: Mutex<HashMap<u64, oneshot::Sender<Reply>>>,
    next_id: AtomicU64,
    kill: Notify,
    /// It ends on purpose, so its end is no error.
    expected: watch::Sender<bool>,
    ended: watch::Receiver<bool>,
}

impl Process {
    /// Starts this program with these arguments and waits until it says that it is ready.
    ///
    /// # Errors
    /// Where it cannot be started, ends, or is not ready in time.
    pub(super) async fn start(
        name: &str,
        arguments: &[String],
        journal: Arc<ErrorJournal>,
    ) -> Result<Arc<Self>, PlatformError> {
        let failed = |reason: String| PlatformError::Start { name: name.to_owned(), reason };
        let program = std::env::current_exe().map_err(PlatformError::io("find this program"))?;
        let spawned = tokio::process::Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C in a terminal is for the supervisor, which ends the children in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let mut child = spawned.map_err(PlatformError::io(format!("start {name}")))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed("it has no pipes".into()));
        };
        let (commands, outgoing) = mpsc::channel(64);
        let (ending, ended) = watch::channel(false);
        let process = Arc::new(Self {
            pid: child.id().unwrap_or(0),
            commands,
            pending: Mutex::default(),
            next_id: AtomicU64::new(1),
            kill: Notify::new(),
            expected: watch::channel(false).0,
            ended,
        });
        let (ready, is_ready) = oneshot::channel();
        tokio::spawn(write_commands(stdin, outgoing, process.ended.clone()));
        tokio::spawn(read_reports(Arc::clone(&process), stdout, ready, Arc::clone(&journal)));
        tokio::spawn(reap(Arc::clone(&process), child, ending, name.to_owned(), journal));
        match tokio::time::timeout(READY_WITHIN, is_ready).await {
            Ok(Ok(())) => Ok(process),
            Ok(Err(_)) => Err(failed("it ended before it was ready".into())),
            Err(_) => {
                process.kill_and_wait().await;
                Err(failed(format!("it was not ready within {} s", READY_WITHIN.as_secs())))
            }
        }
    }

    /// Gives a command and waits for the state after it.
    ///
    /// # Errors
    /// [`AskError`] where it ended, is silent, or refuses.
    pub(super) async fn ask(&self, command: Command) -> Result<Vec<ReplicaStatus>, AskError> {
        if self.has_ended() {
            return Err(AskError::Ended);
        }
        let id = self.next_id.fetch_add(1, Relaxed);
        let (sender, reply) = oneshot::channel();
        self.pending().insert(id, sender);
        let asked = async {
            self.commands.send(Envelope { id, command }).await.ok()?;
            reply.await.ok()
        };
        let answer = tokio::time::timeout(ANSWER_WITHIN, asked).await;
        self.pending().remove(&id);
        match answer {
            Ok(Some(reply)) => reply.map_err(AskError::Refused),
            Ok(None) => Err(AskError::Ended),
            Err(_) => Err(AskError::Silent),
        }
    }

    /// Whether it is gone.
    pub(super) fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// Lets it finish what it works on, for a second at most; then kills it.
    pub(super) async fn retire(&self) {
        self.expected.send_replace(true);
        let _silent_or_gone = self.ask(Command::Drain).await;
        if tokio::time::timeout(DRAINED_WITHIN, self.wait()).await.is_err() {
            self.kill_and_wait().await;
        }
    }

    /// SIGKILL, as the world does it: the end is an error and is logged.
    pub(super) async fn kill_and_wait(&self) {
        self.kill.notify_one();
        self.wait().await;
    }

    async fn wait(&self) {
        let mut ended = self.ended.clone();
        drop(ended.wait_for(|ended| *ended).await);
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, HashMap<u64, oneshot::Sender<Reply>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write_commands(
    mut stdin: ChildStdin,
    mut outgoing: mpsc::Receiver<Envelope>,
    mut ended: watch::Receiver<bool>,
) {
    loop {
        let envelope = tokio::select! {
            Some(envelope) = outgoing.recv() => envelope,
            _ = ended.wait_for(|ended| *ended) => return,
            else => return,
        };
        let Ok(mut line) = serde_json::to_vec(&envelope) else { continue };
        line.push(b'\n');
        if stdin.write_all(&line).await.is_err() {
            return;
        }
    }
}

async fn read_reports(
    process: Arc<Process>,
    stdout: ChildStdout,
    ready: oneshot::Sender<()>,
    journal: Arc<ErrorJournal>,
) {
    let mut ready = Some(ready);
    let mut lines = BufReader::new(stdout).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line) {
            Ok(Report::Ready) => {
                let _nobody_waits = ready.take().map(|ready| ready.send(()));
            }
            Ok(Report::Reply { id, outcome }) => {
                let waiting = process.pending().remove(&id);
                let _gave_up = waiting.map(|waiting| waiting.send(outcome));
            }
            Ok(Report::Error(record)) => journal.append(record),
            Err(error) => tracing::warn!("failed to read a child's report: {error}"),
        }
    }
}

async fn reap(
    process: Arc<Process>,
    mut child: Child,
    ending: watch::Sender<bool>,
    name: String,
    journal: Arc<ErrorJournal>,
) {
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            () = process.kill.notified() => {
                let _already_gone = child.start_kill();
            }
        }
    };
    process.pending().clear();
    if !*process.expected.borrow() {
        let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        let pid = process.pid.to_string();
        let message = format!("the process of {name} (pid {pid}) ended: {how}");
        journal.append(ErrorRecord::now(message, [("cause", "process-ended"), ("pid", &pid)]));
    }
    ending.send_replace(true);
}
