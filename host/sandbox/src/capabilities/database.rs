//! `database`: views of databases, and acts on them.

use ballast_types::ServiceName;
use ballast_types::call::{Call, Output};

use crate::bindings::interfaces::database::Host;
use crate::bindings::interfaces::types::{Change, Error};
use crate::convert;
use crate::run::Run;

impl Host for Run {
    async fn read(&mut self, service: String, view: String) -> wasmtime::Result<Result<Vec<String>, Error>> {
        let service = ServiceName::new(service);
        self.ask(Call::DatabaseRead { service, view }, |output| match output {
            Output::Rows(rows) => Some(rows.iter().map(ToString::to_string).collect()),
            _ => None,
        })
        .await
    }

    async fn act(
        &mut self,
        service: String,
        action: String,
        arguments_json: String,
    ) -> wasmtime::Result<Result<Change, Error>> {
        let arguments = match convert::arguments(&arguments_json) {
            Ok(arguments) => arguments,
            Err(error) => return Ok(Err(convert::error(error))),
        };
        let call = Call::DatabaseEffect { service: ServiceName::new(service), action, arguments };
        self.ask(call, |output| match output {
            Output::Change(change) => Some(convert::change(change)),
            _ => None,
        })
        .await
    }
}
