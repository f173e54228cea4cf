//! How a plugin's HTTP request is sent. Which hosts a plugin may reach is the door's to check, before it comes here.

use async_trait::async_trait;
use ballast_types::IdempotencyKey;
use ballast_types::call::{CallError, HttpRequest, HttpResponse};

/// Sends the requests of the `http` capability.
#[async_trait]
pub trait HttpSend: Send + Sync {
    /// Sends a request and returns the answer as it is: redirects are not followed, a status of 500 is an answer.
    ///
    /// `invalid` where the request makes no sense or is too large, `denied` where the address is one that plugins may
    /// not reach, `unavailable` where nothing was sent, `timed-out` where a read took too long, `uncertain` where an
    /// effect (any method but GET and HEAD) was sent and its answer was lost.
    async fn send(&self, request: &HttpRequest, key: &IdempotencyKey) -> Result<HttpResponse, CallError>;
}
