//! `approval`: a person's decision.

use ballast_types::call::{Call, Output};

use crate::bindings::interfaces::approval::{Decision, Host};
use crate::bindings::interfaces::types::Error;
use crate::run::Run;

impl Host for Run {
    async fn request(
        &mut self,
        reason: String,
        timeout_ms: u64,
    ) -> wasmtime::Result<Result<Decision, Error>> {
        self.ask(Call::ApprovalRequest { reason, timeout_ms }, |output| match output {
            Output::Decision { approved, by } => Some(Decision { approved, by }),
            _ => None,
        })
        .await
    }
}
