//! `state`: values that a plugin keeps from one run to the next.

use ballast_types::call::{Call, Output};
use ballast_types::limits::PLUGIN_STATE_BYTES_MAX;

use crate::bindings::interfaces::state::Host;
use crate::bindings::interfaces::types::Error;
use crate::convert;
use crate::run::Run;

impl Host for Run {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        self.ask(Call::StateGet { key }, |output| match output {
            Output::Value(value) => Some(value),
            _ => None,
        })
        .await
    }

    async fn set(&mut self, key: String, value: Option<Vec<u8>>) -> wasmtime::Result<Result<(), Error>> {
        if value.as_ref().is_some_and(|value| value.len() > PLUGIN_STATE_BYTES_MAX) {
            let text = format!("the value of `{key}` has more than {PLUGIN_STATE_BYTES_MAX} bytes");
            return Ok(Err(convert::error(convert::invalid(text))));
        }
        self.ask(Call::StateSet { key, value }, |output| matches!(output, Output::Done).then_some(())).await
    }
}
