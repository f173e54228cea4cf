//! How many bytes of content calls, answers and outcomes have. Text and bytes are counted, with a little for each element,
//! which is near enough to the encoded size that the limits speak of, and costs no encoding.

use ballast_types::call::{Call, CallError, Change, HttpRequest, HttpResponse, Output, ServiceEffect};
use ballast_types::execution::Outcome;

/// What an element costs beside its text.
const ELEMENT_BYTES: usize = 16;

/// Bytes of a request.
pub(crate) fn of_call(call: &Call) -> usize {
    match call {
        Call::Log { message: text, .. }
        | Call::MetricsQuery { expression: text }
        | Call::MetricsQueryRange { expression: text, .. }
        | Call::ApprovalRequest { reason: text, .. }
        | Call::IncidentNote { text }
        | Call::StateGet { key: text } => text.len(),
        Call::LogsSearch(query) => query.service.as_str().len() + query.contains.len(),
        Call::TracesSearch { service, .. }
        | Call::ServiceDescribe { service }
        | Call::ServiceInstances { service }
        | Call::ServiceDeployments { service }
        | Call::ServiceDependencies { service } => service.as_str().len(),
        Call::ServiceEffect(effect) => of_effect(effect),
        Call::ServiceBatch(effects) => effects.iter().map(of_effect).sum(),
        Call::DatabaseRead { service, view } => service.as_str().len() + view.len(),
        Call::DatabaseEffect { service, action, arguments } => {
            service.as_str().len() + action.len() + of_value(arguments)
        }
        Call::Http(request) => of_request(request),
        Call::StateSet { key, value } => key.len() + value.as_ref().map_or(0, Vec::len),
        Call::TimerNow | Call::TimerSleep { .. } | Call::IncidentRead => 0,
    }
}

/// Bytes of an answer.
pub(crate) fn of_output(output: &Output) -> usize {
    match output {
        Output::Done | Output::Time { .. } => 0,
        Output::Points(points) => {
            points.iter().map(|point| ELEMENT_BYTES + of_pairs(&point.labels) + point.value.len()).sum()
        }
        Output::LogLines(lines) => {
            lines.iter().map(|line| ELEMENT_BYTES + line.level.len() + line.message.len()).sum()
        }
        Output::Traces(traces) => {
            traces.iter().map(|trace| ELEMENT_BYTES + trace.trace_id.len() + trace.root.len()).sum()
        }
        Output::Service(info) => info.service.as_str().len() + info.version.len(),
        Output::Instances(instances) => instances
            .iter()
            .map(|one| ELEMENT_BYTES + one.id.len() + one.state.len() + one.version.len())
            .sum(),
        Output::Deployments(deployments) => {
            deployments.iter().map(|one| ELEMENT_BYTES + one.version.len() + one.by.len()).sum()
        }
        Output::Dependencies(dependencies) => {
            dependencies.iter().map(|one| ELEMENT_BYTES + one.service.as_str().len() + one.detail.len()).sum()
        }
        Output::Change(change) => change.detail.len(),
        Output::Changes(changes) => changes.iter().map(of_change).sum(),
        Output::Rows(rows) => rows.iter().map(of_value).sum(),
        Output::Http(response) => of_response(response),
        Output::Decision { by, .. } => by.len(),
        Output::Incident(incident) => incident.id.len() + incident.title.len() + incident.severity.len(),
        Output::Value(value) => value.as_ref().map_or(0, Vec::len),
    }
}

/// Bytes of an outcome.
pub(crate) fn of_outcome(outcome: &Outcome) -> usize {
    outcome.summary.len() + outcome.inverse.iter().map(of_effect).sum::<usize>()
}

fn of_effect(effect: &ServiceEffect) -> usize {
    ELEMENT_BYTES + effect.service.as_str().len() + of_value(&effect.arguments)
}

fn of_change(change: &Result<Change, CallError>) -> usize {
    ELEMENT_BYTES + change.as_ref().map_or_else(|error| error.message.len(), |change| change.detail.len())
}

fn of_pairs(pairs: &[(String, String)]) -> usize {
    pairs.iter().map(|(name, value)| ELEMENT_BYTES + name.len() + value.len()).sum()
}

fn of_request(request: &HttpRequest) -> usize {
    request.method.len() + request.url.len() + of_pairs(&request.headers) + request.body.len()
}

fn of_response(response: &HttpResponse) -> usize {
    of_pairs(&response.headers) + response.body.len()
}

/// serde_json bounds the depth when it reads, so this cannot run deep.
fn of_value(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::String(text) => ELEMENT_BYTES + text.len(),
        serde_json::Value::Array(values) => ELEMENT_BYTES + values.iter().map(of_value).sum::<usize>(),
        serde_json::Value::Object(fields) => {
            ELEMENT_BYTES + fields.iter().map(|(name, value)| name.len() + of_value(value)).sum::<usize>()
        }
        _ => ELEMENT_BYTES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_counts_wherever_it_hides() {
        let long = "x".repeat(1_000);
        let calls = [
            Call::MetricsQuery { expression: long.clone() },
            Call::IncidentNote { text: long.clone() },
            Call::StateSet { key: "k".into(), value: Some(vec![0; 1_000]) },
            Call::DatabaseEffect {
                service: ballast_types::ServiceName::new("db"),
                action: "act".into(),
                arguments: serde_json::json!({"deep": [{"er": long}]}),
            },
        ];
        for call in calls {
            assert!(of_call(&call) >= 1_000, "{call:?}");
        }
        let body = HttpResponse { status: 200, headers: vec![], body: vec![0; 2_000] };
        assert!(of_output(&Output::Http(body)) >= 2_000);
        assert_eq!(of_output(&Output::Done), 0);
    }
}
