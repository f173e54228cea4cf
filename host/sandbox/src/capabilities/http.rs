//! `http`: outgoing requests.

use ballast_types::call::{Call, HttpRequest, Output};

use crate::bindings::interfaces::http::{Host, Request, Response};
use crate::bindings::interfaces::types::Error;
use crate::convert;
use crate::run::Run;

impl Host for Run {
    async fn send(&mut self, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        let Request { method, url, headers, body } = request;
        let request = HttpRequest { method, url, headers: convert::pairs(headers), body };
        self.ask(Call::Http(request), |output| match output {
            Output::Http(answer) => Some(Response {
                status: answer.status,
                headers: convert::labels(answer.headers),
                body: answer.body,
            }),
            _ => None,
        })
        .await
    }
}
