//! The HTTP client: how it is built, how an answer is read within a limit, and what a failure is called.
//!
//! Invariant: no proxy from the environment, no answer of unbounded size, and for every exchange that failed it is known
//! whether the request can have reached the other side.

use std::error::Error;
use std::sync::Once;
use std::time::Duration;

use ballast_types::call::{CallError, CallErrorKind};
use reqwest::header::HeaderMap;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, StatusCode};

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("build the HTTP client")]
pub struct BuildClientError(#[from] reqwest::Error);

/// The most that connecting may take, whatever the whole exchange may.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// A client for exchanges that may take `timeout`. Connecting gets half of that, so that a host which does not even
/// accept connections is known as "nothing was sent" before the whole time is up.
pub(crate) fn build(
    timeout: Duration,
    configure: impl Fn(ClientBuilder) -> ClientBuilder,
) -> Result<Client, BuildClientError> {
    install_crypto();
    let builder = || {
        let common = Client::builder()
            .user_agent(concat!("ballast/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .connect_timeout((timeout / 2).min(CONNECT_MAX));
        configure(common)
    };
    // Where the machine has no root certificates (a bare container), plain HTTP must work all the same; HTTPS then
    // fails when it is used, with a reason that names the certificate.
    builder().build().or_else(|_| builder().tls_certs_only([]).build()).map_err(BuildClientError)
}

/// Once a process; another part of the process may have been first, which is as good.
pub(crate) fn install_crypto() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::debug!("a TLS provider was installed before");
        }
    });
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Whether it is a web page: what a proxy, a login form or a wrong port answers.
    pub(crate) fn is_html(&self) -> bool {
        // Some platforms send JSON with the type of a page.
        let is_json = matches!(self.body.trim_ascii_start().first(), Some(b'{' | b'['));
        is_html_body(&self.body) || (is_html_type(&self.headers) && !is_json)
    }
}

/// Why there is no whole answer.
#[derive(Debug)]
pub(crate) enum Lost {
    /// The request makes no sense.
    Malformed(String),
    /// Nothing was sent.
    NotSent(String),
    /// It was sent, or may have been, and no answer came in time.
    TimedOut(String),
    /// It was sent, or may have been, and the connection broke.
    Broken(String),
    /// It was answered with more than may be read.
    TooLarge(String),
}

impl Lost {
    pub(crate) fn from_error(error: &reqwest::Error) -> Lost {
        let reason = reason(error);
        if error.is_builder() {
            Lost::Malformed(reason)
        } else if error.is_connect() {
            Lost::NotSent(reason)
        } else if error.is_timeout() {
            Lost::TimedOut(reason)
        } else {
            Lost::Broken(reason)
        }
    }

    /// What the caller of a read is told.
    pub(crate) fn of_read(self, attempted: &str) -> CallError {
        let (kind, reason) = match self {
            Lost::Malformed(reason) => (CallErrorKind::Invalid, reason),
            Lost::TimedOut(reason) => (CallErrorKind::TimedOut, reason),
            Lost::NotSent(reason) | Lost::Broken(reason) | Lost::TooLarge(reason) => {
                (CallErrorKind::Unavailable, reason)
            }
        };
        CallError::new(kind, format!("{attempted}: {reason}"))
    }

    /// What the caller of an effect is told: once it was sent, nobody here can tell whether it happened.
    pub(crate) fn of_effect(self, attempted: &str) -> CallError {
        match self {
            Lost::TimedOut(reason) | Lost::Broken(reason) | Lost::TooLarge(reason) => {
                let message = format!("{attempted}: sent, but the result was lost: {reason}");
                CallError::new(CallErrorKind::Uncertain, message)
            }
            lost => lost.of_read(attempted),
        }
    }
}

/// Sends a request and reads the whole answer, at most `bytes_max` of body.
pub(crate) async fn exchange(request: RequestBuilder, bytes_max: usize) -> Result<Answer, Lost> {
    let response = request.send().await.map_err(|error| Lost::from_error(&error))?;
    receive(response, bytes_max).await
}

/// Reads the whole answer, at most `bytes_max` of body.
pub(crate) async fn receive(mut response: Response, bytes_max: usize) -> Result<Answer, Lost> {
    let body = read_body(&mut response, bytes_max).await.map_err(|error| match error {
        ReadError::TooLarge => Lost::TooLarge(format!("the answer is larger than {bytes_max} bytes")),
        // An error in the body is after sending, whatever it is.
        ReadError::Lost(error) if error.is_timeout() => Lost::TimedOut(reason(&error)),
        ReadError::Lost(error) => Lost::Broken(reason(&error)),
    })?;
    Ok(Answer { status: response.status(), headers: std::mem::take(response.headers_mut()), body })
}

/// Why a body could not be read.
pub(crate) enum ReadError {
    TooLarge,
    Lost(reqwest::Error),
}

/// Reads a body and stops as soon as it is larger than `bytes_max`.
pub(crate) async fn read_body(response: &mut Response, bytes_max: usize) -> Result<Vec<u8>, ReadError> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    if announced > bytes_max {
        return Err(ReadError::TooLarge);
    }
    let mut body = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(ReadError::Lost)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(ReadError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The reason of a failure in words: the innermost cause, without the address, which the caller names itself.
pub(crate) fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match (error.is_timeout(), error.is_connect()) {
        (true, true) => "no connection in time".to_owned(),
        (true, false) => "no answer in time".to_owned(),
        (false, true) => format!("connect: {cause}"),
        (false, false) => cause.to_string(),
    }
}

/// Whether the content type is that of a web page.
pub(crate) fn is_html_type(headers: &HeaderMap) -> bool {
    let content_type = headers.get(reqwest::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|text| {
        let text = text.to_ascii_lowercase();
        text.starts_with("text/html") || text.starts_with("application/xhtml")
    })
}

/// Whether a body begins like a web page.
pub(crate) fn is_html_body(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    [&b"<!doctype"[..], b"<html"]
        .iter()
        .any(|mark| body.get(..mark.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(mark)))
}

/// The beginning of a body as one line, for a message.
pub(crate) fn excerpt(body: &[u8]) -> String {
    const CHARS_MAX: usize = 120;
    let begin = body.get(..body.len().min(CHARS_MAX * 4)).unwrap_or_default();
    let text = String::from_utf8_lossy(begin).split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or_default()),
        None if text.is_empty() => "nothing".to_owned(),
        None => format!("`{text}`"),
    }
}
