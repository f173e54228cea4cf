//! A child's end of the pipe to the supervisor: commands come in on stdin, reports go out on stdout. When stdin closes the
//! supervisor is gone, and the process ends at once: no orphan outlives it, even after `kill -9`.

use std::os::fd::AsFd;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;
use tokio::sync::{mpsc, watch};

use crate::error::PlatformError;
use crate::protocol::{Command, Envelope, ReplicaStatus, Report};

/// The two ends that a child has.
#[derive(Debug)]
pub(crate) struct Lifeline {
    commands: pipe::Receiver,
    reports: pipe::Sender,
}

impl Lifeline {
    /// Takes over stdin and stdout, which must be pipes.
    ///
    /// # Errors
    /// Where they are not: these processes are started by the platform, not by hand.
    pub(crate) fn take() -> Result<Self, PlatformError> {
        let attempt = || {
            let commands = pipe::Receiver::from_owned_fd(std::io::stdin().as_fd().try_clone_to_owned()?)?;
            let reports = pipe::Sender::from_owned_fd(std::io::stdout().as_fd().try_clone_to_owned()?)?;
            Ok(Self { commands, reports })
        };
        attempt()
            .map_err(PlatformError::io("take over stdin and stdout, which `fineprint platform` makes pipes"))
    }
}

/// Obeys commands until stdin closes; then ends the process. `Drain` is announced on `drain`, everything else is `obey`'s.
pub(crate) async fn speak_and_listen(
    lifeline: Lifeline,
    mut outgoing: mpsc::Receiver<Report>,
    drain: watch::Sender<bool>,
    obey: impl Fn(Command) -> Result<Vec<ReplicaStatus>, String> + Send,
) {
    let (replies, mut answered) = mpsc::channel::<Report>(64);
    let writing = async move {
        let mut stdout = lifeline.reports;
        loop {
            // Replies first: a flood of errors must not delay an answer.
            let report = tokio::select! {
                biased;
                Some(reply) = answered.recv() => reply,
                Some(report) = outgoing.recv() => report,
                else => return,
            };
            if write_line(&mut stdout, &report).await.is_err() {
                return;
            }
        }
    };
    let reading = async move {
        let mut lines = BufReader::new(lifeline.commands).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let Ok(Envelope { id, command }) = serde_json::from_str(&line) else { continue };
            let draining = matches!(command, Command::Drain);
            let _writer_gone = replies.send(Report::Reply { id, outcome: obey(command) }).await;
            if draining {
                drain.send_replace(true);
            }
        }
    };
    tokio::select! {
        () = writing => {}
        () = reading => {}
    }
    std::process::exit(0);
}

async fn write_line(stdout: &mut pipe::Sender, report: &Report) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(report)?;
    line.push(b'\n');
    stdout.write_all(&line).await
}
