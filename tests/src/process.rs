//! A child process: its output line by line, its end with the value that holds it. When a test fails, what the process
//! said is printed.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// A process whose stdin stays open as long as it is held.
pub struct Process {
    name: String,
    child: Child,
    lines: UnboundedReceiver<String>,
    said: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts a program.
    pub fn start(program: &Path, arguments: &[&str]) -> Self {
        Self::start_with(program, arguments, &[])
    }

    /// Starts a program with variables in its environment.
    pub fn start_with(program: &Path, arguments: &[&str], environment: &[(String, String)]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).kill_on_drop(true);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = command.spawn();
        let mut child = started.unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
        let (sender, lines) = unbounded_channel();
        let said = Arc::new(Mutex::new(Vec::new()));
        listen(child.stdout.take().unwrap(), sender.clone(), said.clone());
        listen(child.stderr.take().unwrap(), sender, said.clone());
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Process { name, child, lines, said }
    }

    /// The first line, of those not yet seen, in which something is found. Panics where none comes in time.
    pub async fn line<T>(&mut self, within: Duration, mut find: impl FnMut(&str) -> Option<T>) -> T {
        let found = async {
            while let Some(line) = self.lines.recv().await {
                if let Some(found) = find(&line) {
                    return found;
                }
            }
            panic!("{} ended before it said what was waited for", self.name)
        };
        let found = timeout(within, found).await;
        found.unwrap_or_else(|_| panic!("{} did not say within {within:?} what was waited for", self.name))
    }

    /// Ends it as a power cut does.
    pub async fn kill9(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Waits for its end.
    pub async fn ended(&mut self, within: Duration) -> ExitStatus {
        let ended = timeout(within, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("{} did not end within {within:?}", self.name)).unwrap()
    }

    /// Everything that it said until now.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- {} said:", self.name);
            self.said.lock().unwrap().iter().for_each(|line| eprintln!("{line}"));
        }
    }
}

fn listen(
    output: impl AsyncRead + Unpin + Send + 'static,
    sender: UnboundedSender<String>,
    said: Arc<Mutex<Vec<String>>>,
) {
    tokio::spawn(async move {
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            said.lock().unwrap().push(line.clone());
            // Nobody waits for a line any more once the process was killed.
            let _ = sender.send(line);
        }
    });
}
