//! What a call does once the door has let it through: reads and effects, each translated for whoever answers it.
//!
//! What has no back-end on this host answers `unavailable` in words; nothing is made up.

use std::time::Duration;

use ballast_ports::{Connector, RemoteError, Settled};
use ballast_promql::{Options, Value};
use ballast_types::call::{
    Call, CallError, CallErrorKind, Change, IncidentSummary, MetricPoint, Output, ServiceEffect,
};
use ballast_types::execution::Intent;
use ballast_types::{Labels, ServiceName};

use super::RunDoor;
use crate::core::{Command, CommandError, Input};
use crate::source::SourceError;

/// Most samples that one query of a plugin may touch.
const QUERY_SAMPLES_MAX: usize = 2_000_000;
/// Most points of a range answer.
const RANGE_POINTS_MAX: u64 = 11_000;

impl RunDoor {
    /// Performs a call for real, within its time limit: past it a read has failed, and of an effect nobody knows whether
    /// it happened. What waits on purpose is not limited here.
    pub(super) async fn perform_in_time(&self, intent: &Intent) -> Result<Output, CallError> {
        if matches!(intent.call, Call::TimerSleep { .. } | Call::ApprovalRequest { .. }) {
            let mut cancelled = self.cancelled.clone();
            return tokio::select! {
                result = self.perform(intent) => result,
                _ = cancelled.wait_for(|cancelled| *cancelled) => {
                    Err(CallError::new(CallErrorKind::Unavailable, "wait: the run was cancelled"))
                }
            };
        }
        let deadline = self.shared.clock.sleep_until(self.shared.clock.now() + self.bounds.call_time_max);
        let result = tokio::select! {
            result = self.perform(intent) => result,
            () = deadline => Err(match intent.class.is_effect() {
                true => super::uncertain("no answer came in time"),
                false => CallError::new(CallErrorKind::TimedOut, "get an answer in time"),
            }),
        };
        match (&intent.call, result) {
            (Call::ServiceEffect(effect), Err(error)) if error.kind == CallErrorKind::Uncertain => {
                self.ask_once(effect, intent, error).await
            }
            (_, result) => result,
        }
    }

    /// An effect whose answer was lost: if its connector knows that it happened, it did. That it has not happened yet
    /// proves nothing, because it may be under way.
    async fn ask_once(
        &self,
        effect: &ServiceEffect,
        intent: &Intent,
        error: CallError,
    ) -> Result<Output, CallError> {
        let deadline = self.shared.clock.sleep_until(self.shared.clock.now() + self.bounds.call_time_max);
        let settled = tokio::select! {
            settled = self.connector(&effect.service)?.settle(effect, &intent.key) => settled,
            () = deadline => Settled::Unknown,
        };
        match settled {
            Settled::Performed(result) => result.map(Output::Change),
            Settled::NotPerformed | Settled::Unknown => Err(error),
        }
    }

    async fn perform(&self, intent: &Intent) -> Result<Output, CallError> {
        match &intent.call {
            Call::Log { level, message } => {
                tracing::info!(execution = %self.execution.id, runbook = %self.execution.runbook, ?level, "{message}");
                Ok(Output::Done)
            }
            Call::MetricsQuery { expression } => self.query(expression).await,
            Call::MetricsQueryRange { expression, lookback_ms, step_ms } => {
                self.query_range(expression, *lookback_ms, *step_ms).await
            }
            Call::LogsSearch(query) => {
                self.read(&query.service, |c| async move { c.logs(query).await.map(Output::LogLines) }).await
            }
            Call::ServiceDescribe { service } => {
                self.read(service, |c| async move { c.describe().await.map(Output::Service) }).await
            }
            Call::ServiceInstances { service } => {
                self.read(service, |c| async move { c.instances().await.map(Output::Instances) }).await
            }
            Call::ServiceDeployments { service } => {
                self.read(service, |c| async move { c.deployments().await.map(Output::Deployments) }).await
            }
            Call::ServiceDependencies { service } => {
                self.read(service, |c| async move { c.dependencies().await.map(Output::Dependencies) }).await
            }
            Call::ServiceEffect(effect) => self.apply(effect, intent).await,
            Call::Http(request) => self.shared.http.send(request, &intent.key).await.map(Output::Http),
            Call::TimerNow => Ok(Output::Time { at_ms: self.shared.clock.now().as_millis() }),
            Call::TimerSleep { duration_ms } => {
                // Counted from the intent, so that a restart of the host does not lengthen the sleep.
                self.shared.clock.sleep_until(intent.at + Duration::from_millis(*duration_ms)).await;
                Ok(Output::Done)
            }
            Call::IncidentRead => self.incident(),
            Call::IncidentNote { text } => self.note(text).await,
            Call::StateGet { key } => {
                Ok(Output::Value(self.shared.dispatcher.core().plugin_state(&self.execution.runbook, key)))
            }
            Call::StateSet { key, value } => self.keep(key, value.clone()).await,
            Call::TracesSearch { .. } => Err(unavailable("search traces: no trace source is configured")),
            Call::DatabaseRead { service, .. } | Call::DatabaseEffect { service, .. } => Err(unavailable(
                &format!("reach the database {service}: no database connector is configured"),
            )),
            Call::ApprovalRequest { .. } => {
                Err(unavailable("ask for approval: nobody is configured to approve"))
            }
            Call::ServiceBatch(_) => {
                Err(unavailable("perform a batch: it is taken apart before it comes here"))
            }
        }
    }

    /// What an effect would do.
    pub(super) async fn preview(&self, call: &Call) -> Result<Output, CallError> {
        let foretold = |detail: String| Ok(Output::Change(Change { detail, preview: true }));
        match call {
            Call::ServiceEffect(effect) => {
                self.connector(&effect.service)?.preview(effect).await.map(Output::Change)
            }
            Call::DatabaseEffect { service, action, .. } => foretold(format!("would {action} on {service}")),
            Call::Http(request) => Ok(Output::Http(ballast_types::call::HttpResponse {
                status: 202,
                headers: vec![("ballast-preview".into(), "true".into())],
                body: format!("would {} {}", request.method, request.url).into_bytes(),
            })),
            other => foretold(format!("would {other:?}")),
        }
    }

    async fn read<'a, F, Fut>(&'a self, service: &ServiceName, ask: F) -> Result<Output, CallError>
    where
        F: FnOnce(&'a dyn Connector) -> Fut,
        Fut: Future<Output = Result<Output, CallError>>,
    {
        ask(&**self.connector(service)?).await
    }

    async fn apply(&self, effect: &ServiceEffect, intent: &Intent) -> Result<Output, CallError> {
        self.connector(&effect.service)?.apply(effect, &intent.key).await.map(Output::Change)
    }

    async fn query(&self, expression: &str) -> Result<Output, CallError> {
        let now = self.shared.clock.now();
        let parsed = self.shared.source.parse(expression).map_err(|e| invalid(&e.to_string()))?;
        let value = self.shared.source.instant(&parsed, now, query_options()).await;
        value.map(|value| Output::Points(points(value))).map_err(asked)
    }

    async fn query_range(
        &self,
        expression: &str,
        lookback_ms: u64,
        step_ms: u64,
    ) -> Result<Output, CallError> {
        if step_ms == 0 || lookback_ms / step_ms > RANGE_POINTS_MAX {
            return Err(invalid(&format!(
                "a step of {step_ms} ms over {lookback_ms} ms is no sensible range"
            )));
        }
        let (now, step) = (self.shared.clock.now(), Duration::from_millis(step_ms));
        let parsed = self.shared.source.parse(expression).map_err(|e| invalid(&e.to_string()))?;
        let start = now - Duration::from_millis(lookback_ms);
        let series = self.shared.source.range(&parsed, (start, now), step, query_options()).await;
        series.map(|series| Output::Points(points(Value::Matrix(series)))).map_err(asked)
    }

    fn incident(&self) -> Result<Output, CallError> {
        let core = self.shared.dispatcher.core();
        let incident = core.incident(&self.execution.incident).ok_or_else(|| {
            CallError::new(
                CallErrorKind::NotFound,
                format!("read {}: no such incident", self.execution.incident),
            )
        })?;
        Ok(Output::Incident(IncidentSummary {
            id: incident.id.to_string(),
            title: incident.title.clone(),
            severity: incident.severity.as_str().to_owned(),
            opened_at_ms: incident.opened_at.as_millis(),
        }))
    }

    async fn note(&self, text: &str) -> Result<Output, CallError> {
        let command = Command::Note {
            incident: self.execution.incident.clone(),
            by: self.execution.runbook.to_string(),
            text: text.to_owned(),
        };
        let noted = self.shared.dispatcher.submit(Input::Command(command)).await;
        noted.map(|_| Output::Done).map_err(|error| unavailable(&error.to_string()))
    }

    async fn keep(&self, key: &str, value: Option<Vec<u8>>) -> Result<Output, CallError> {
        let input = Input::PluginState { plugin: self.execution.runbook.clone(), key: key.to_owned(), value };
        let kept = self.shared.dispatcher.submit(input).await;
        kept.map(|_| Output::Done).map_err(|error| match error {
            CommandError::Invalid(message) => invalid(&message),
            other => unavailable(&other.to_string()),
        })
    }
}

/// A query that makes no sense is the plugin's mistake; a source that does not answer is not.
fn asked(error: SourceError) -> CallError {
    match error {
        SourceError::Evaluate(error) => invalid(&error.to_string()),
        SourceError::Remote(RemoteError::Refused { .. }) => invalid(&error.to_string()),
        SourceError::Remote(_) | SourceError::Broken(_) => unavailable(&error.to_string()),
    }
}

fn query_options() -> Options {
    Options { samples_max: QUERY_SAMPLES_MAX, ..Options::default() }
}

fn points(value: Value) -> Vec<MetricPoint> {
    let point = |labels: &Labels, at_ms: i64, value: f64| MetricPoint {
        labels: labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        at_ms,
        value: value.to_string(),
    };
    match value {
        Value::Scalar(sample) => vec![point(&Labels::empty(), sample.at.as_millis(), sample.value)],
        Value::Vector(samples) => {
            samples.iter().map(|s| point(&s.labels, s.at.as_millis(), s.value)).collect()
        }
        Value::Matrix(series) => series
            .iter()
            .flat_map(|s| {
                s.samples.iter().map(|sample| point(&s.labels, sample.at.as_millis(), sample.value))
            })
            .collect(),
        Value::String(_) => Vec::new(),
    }
}

fn invalid(message: &str) -> CallError {
    CallError::new(CallErrorKind::Invalid, message)
}

fn unavailable(message: &str) -> CallError {
    CallError::new(CallErrorKind::Unavailable, message)
}
