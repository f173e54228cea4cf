//! `incident`: the incident that the run is for.

use ballast_types::call::{Call, Output};

use crate::bindings::interfaces::incident::{Host, Summary};
use crate::bindings::interfaces::types::Error;
use crate::run::Run;

impl Host for Run {
    async fn read(&mut self) -> wasmtime::Result<Result<Summary, Error>> {
        self.ask(Call::IncidentRead, |output| match output {
            Output::Incident(incident) => Some(Summary {
                id: incident.id,
                title: incident.title,
                severity: incident.severity,
                opened_at_ms: incident.opened_at_ms,
            }),
            _ => None,
        })
        .await
    }

    async fn note(&mut self, text: String) -> wasmtime::Result<Result<(), Error>> {
        self.ask(Call::IncidentNote { text }, |output| matches!(output, Output::Done).then_some(())).await
    }
}
