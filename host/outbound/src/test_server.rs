//! Real servers on the loopback for the tests: axum for what answers properly, bare TCP for what does not.

use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Serves until the test ends; the address has no slash at its end.
pub(crate) async fn serve(router: Router) -> String {
    let (listener, url) = listen().await;
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// An address where nobody listens.
pub(crate) async fn nobody() -> String {
    listen().await.1
}

/// Reads one request a connection, writes these bytes and closes.
pub(crate) async fn answer_raw(bytes: &'static [u8]) -> String {
    let (listener, url) = listen().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 64 << 10];
            if stream.read(&mut request).await.is_ok() {
                drop(stream.write_all(bytes).await);
            }
        }
    });
    url
}
