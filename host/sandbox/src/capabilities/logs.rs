//! `logs`: the logs of services.

use ballast_types::ServiceName;
use ballast_types::call::{Call, LogQuery, Output};

use crate::bindings::interfaces::logs::{Host, Line};
use crate::bindings::interfaces::types::Error;
use crate::run::Run;

impl Host for Run {
    async fn search(
        &mut self,
        service: String,
        contains: String,
        since_ms: i64,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<Line>, Error>> {
        let query = LogQuery { service: ServiceName::new(service), contains, since_ms, limit };
        let line = |line: ballast_types::call::LogLine| Line {
            at_ms: line.at_ms,
            level: line.level,
            message: line.message,
        };
        self.ask(Call::LogsSearch(query), |output| match output {
            Output::LogLines(lines) => Some(lines.into_iter().map(line).collect()),
            _ => None,
        })
        .await
    }
}
