//! `traces`: traces of services.

use ballast_types::ServiceName;
use ballast_types::call::{Call, Output, TraceSummary};

use crate::bindings::interfaces::traces::{Host, Trace};
use crate::bindings::interfaces::types::Error;
use crate::run::Run;

impl Host for Run {
    async fn search(
        &mut self,
        service: String,
        min_duration_ms: u64,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<Trace>, Error>> {
        let call = Call::TracesSearch { service: ServiceName::new(service), min_duration_ms, limit };
        self.ask(call, |output| match output {
            Output::Traces(traces) => Some(traces.into_iter().map(trace).collect()),
            _ => None,
        })
        .await
    }
}

fn trace(trace: TraceSummary) -> Trace {
    Trace { id: trace.trace_id, root: trace.root, duration_ms: trace.duration_ms, failed: trace.failed }
}
