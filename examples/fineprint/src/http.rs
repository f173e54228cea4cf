//! The one HTTP client's settings, and listening sockets that a successor can share.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};

use crate::error::PlatformError;

/// The client's library wants a cryptography provider even where only plain HTTP is spoken. A second call is harmless.
pub(crate) fn install_crypto() {
    let _already_there = rustls::crypto::ring::default_provider().install_default();
}

/// A keep-alive client for the loopback; time-outs are given per request.
///
/// # Errors
/// Where the library cannot be set up.
pub(crate) fn client() -> Result<reqwest::Client, PlatformError> {
    let builder = reqwest::Client::builder()
        .no_proxy()
        .http1_only()
        .tls_certs_only([])
        .connect_timeout(Duration::from_millis(300))
        .pool_max_idle_per_host(32)
        .pool_idle_timeout(Duration::from_secs(20));
    Ok(builder.build()?)
}

/// A port on the loopback that stays this platform's while its owner is down: bound, but not listening, so that a caller is
/// refused and nobody else is given the port.
#[derive(Debug)]
pub(crate) struct ReservedPort {
    port: u16,
    _socket: TcpSocket,
}

impl ReservedPort {
    /// Port 0 lets the operating system choose.
    ///
    /// # Errors
    /// Where the port is taken.
    pub(crate) fn new(port: u16) -> Result<Self, PlatformError> {
        let socket = shared_socket(port)?;
        let port = socket.local_addr().map_err(PlatformError::io("read a socket's address"))?.port();
        Ok(Self { port, _socket: socket })
    }

    /// Its number.
    pub(crate) fn number(&self) -> u16 {
        self.port
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Listens on a port that a predecessor may still listen on: during a replacement both accept, so no caller is refused.
///
/// # Errors
/// Where the port belongs to somebody else.
pub(crate) fn listen_shared(port: u16) -> Result<TcpListener, PlatformError> {
    shared_socket(port)?.listen(1024).map_err(PlatformError::io(format!("listen on port {port}")))
}

fn shared_socket(port: u16) -> Result<TcpSocket, PlatformError> {
    let attempt = || {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.set_reuseport(true)?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        Ok(socket)
    };
    attempt().map_err(PlatformError::io(format!("bind port {port}")))
}
