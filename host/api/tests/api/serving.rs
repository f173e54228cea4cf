//! Serving on a real socket, and ending it.

use std::net::SocketAddr;
use std::time::Duration;

use ballast_api::{ServeError, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::host::Host;

/// A host that is served on a loopback port.
pub(crate) struct Served {
    pub(crate) host: Host,
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Served {
    pub(crate) async fn start(host: Host) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move { drop(stopped.await) };
        let task = tokio::spawn(serve(listener, host.engine.clone(), shutdown));
        Served { host, address, stop, task }
    }

    /// Tells the server to stop, and waits until it has.
    pub(crate) async fn stop(self) -> Result<(), ServeError> {
        self.stop.send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(20), self.task)
            .await
            .expect("the server does not end")
            .unwrap()
    }
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_ends_and_takes_nobody_more() {
    let served = Served::start(Host::with(Default::default()).await).await;
    let address = served.address;
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(r#"{"status":"alive"}"#),
        "{answer}"
    );
    served.stop().await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
