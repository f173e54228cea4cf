//! Outgoing HTTP, to granted hosts only. GET and HEAD are reads; every other method is an effect that happens once.
//! ```
//! # use ballast_sdk::{Result, http};
//! # fn page() -> Result<()> {
//! let page = http::Request::new("POST", "https://status.example/api/notes")
//!     .header("authorization", "Bearer ...")
//!     .json(&serde_json::json!({ "text": "we are on it" }))?
//!     .send()?;
//! assert!(page.is_success());
//! # Ok(())
//! # }
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::manifest::Label;
use crate::{Result, door};

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// GET, HEAD, POST, PUT, PATCH or DELETE.
    pub method: String,
    /// Absolute, `http` or `https`.
    pub url: String,
    /// Header fields.
    pub headers: Vec<Label>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields.
    pub headers: Vec<Label>,
    /// At most 1 MiB; a longer one is an error.
    pub body: Vec<u8>,
}

/// Reads an address.
///
/// # Errors
/// As [`Request::send`].
pub fn get(url: &str) -> Result<Response> {
    Request::new("GET", url).send()
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Request { method: method.into(), url: url.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header field.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(Label::new(name, value));
        self
    }

    /// Sets the body, and the content type with it.
    ///
    /// # Errors
    /// [`Invalid`](crate::Error::Invalid) where the value is not to be had as JSON.
    pub fn json(mut self, body: &impl Serialize) -> Result<Self> {
        self.body = serde_json::to_vec(body)?;
        Ok(self.header("content-type", "application/json"))
    }

    /// Sends it. A status of 400 or more is an answer, not an error.
    ///
    /// # Errors
    /// [`Denied`](crate::Error::Denied) where the host is not granted, [`Unavailable`](crate::Error::Unavailable) where it
    /// does not answer.
    pub fn send(&self) -> Result<Response> {
        door::http::send(self)
    }
}

impl Response {
    /// Whether the status is one of the 200s.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    /// [`Invalid`](crate::Error::Invalid) where it is not JSON that fits the type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}
