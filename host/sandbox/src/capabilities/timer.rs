//! `timer`: the time, and waiting, both from the journal on replay.

use ballast_types::call::{Call, Output};

use crate::bindings::interfaces::timer::Host;
use crate::bindings::interfaces::types::Error;
use crate::convert;
use crate::run::Run;

impl Host for Run {
    async fn now_ms(&mut self) -> wasmtime::Result<i64> {
        let now = self.ask(Call::TimerNow, |output| match output {
            Output::Time { at_ms } => Some(at_ms),
            _ => None,
        });
        // The contract gives this function no error: a guest that cannot be told the time cannot go on.
        now.await?.map_err(|error| {
            wasmtime::Error::msg(format!("it asked for the time: {}", convert::call_error(error)))
        })
    }

    async fn sleep(&mut self, duration_ms: u64) -> wasmtime::Result<Result<(), Error>> {
        self.ask(Call::TimerSleep { duration_ms }, |output| matches!(output, Output::Done).then_some(()))
            .await
    }
}
