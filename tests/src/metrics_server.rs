//! A scrape target that answers what a test tells it to: metrics, nonsense, too much, or nothing. Plain TCP, because no
//! server library would misbehave so.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What is answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Metrics.
    Metrics(String),
    /// Anything, with this content type.
    Body(&'static str, String),
    /// As many bytes of good metrics.
    Large(usize),
    /// Metrics that break off, with nothing that tells how long they would have been.
    CutOff(String),
    /// Fewer bytes than were announced.
    Short(String),
    /// Nothing; the connection stays open.
    Hang,
}

/// The server. It ends with the value.
pub struct MetricsServer {
    url: String,
    answer: Arc<Mutex<Answer>>,
    task: tokio::task::JoinHandle<()>,
}

impl MetricsServer {
    /// Starts to answer.
    pub async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/metrics", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new(answer));
        let shared = answer.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        MetricsServer { url, answer, task }
    }

    /// A server of metrics.
    pub async fn of(metrics: &str) -> Self {
        MetricsServer::start(Answer::Metrics(metrics.to_owned())).await
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Answers otherwise from now on.
    pub fn set(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// Answers these metrics from now on.
    pub fn metrics(&self, metrics: &str) {
        self.set(Answer::Metrics(metrics.to_owned()));
    }
}

impl Drop for MetricsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request a connection: whoever asks again gets the present answer.
async fn serve(mut stream: TcpStream, answer: Arc<Mutex<Answer>>) {
    let mut request = [0; 4096];
    let mut read = 0;
    while !request[..read].windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut request[read..]).await {
            Ok(0) | Err(_) => return,
            Ok(more) => read += more,
        }
    }
    let answer = answer.lock().unwrap().clone();
    let bytes = match answer {
        Answer::Metrics(text) => whole("text/plain; version=0.0.4", text.as_bytes(), text.len()),
        Answer::Body(kind, text) => whole(kind, text.as_bytes(), text.len()),
        Answer::Large(bytes) => {
            let text = "load 5\n".repeat(bytes.div_ceil(7));
            whole("text/plain", text.as_bytes(), text.len())
        }
        Answer::CutOff(text) => {
            format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n{text}")
                .into_bytes()
        }
        Answer::Short(text) => whole("text/plain", text.as_bytes(), text.len() + 100),
        Answer::Hang => std::future::pending().await,
    };
    // Who asked may have had enough already.
    let _ = stream.write_all(&bytes).await;
    let _ = stream.shutdown().await;
}

fn whole(kind: &str, body: &[u8], announced: usize) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {announced}\r\nconnection: close\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}
