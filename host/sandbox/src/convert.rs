//! Between the contract's types as wasmtime generates them and the host's own: errors, effects, contexts, outcomes.
//!
//! What a guest says is parsed here, once: an unknown verb or arguments that are no JSON object are `invalid`.

use ballast_ports::plugin_runtime::RunRequest;
use ballast_types::ServiceName;
use ballast_types::call::{CallError, CallErrorKind, Change, ServiceEffect, Verb};
use ballast_types::execution::{Outcome, OutcomeKind, RunMode};
use serde_json::Value;

use crate::bindings::interfaces::{shapes, types};

/// A failure for the guest.
pub(crate) fn error(error: CallError) -> types::Error {
    let CallError { kind, message } = error;
    match kind {
        CallErrorKind::Denied => types::Error::Denied(message),
        CallErrorKind::NotFound => types::Error::NotFound(message),
        CallErrorKind::Invalid => types::Error::Invalid(message),
        CallErrorKind::Unavailable => types::Error::Unavailable(message),
        CallErrorKind::TimedOut => types::Error::TimedOut(message),
        CallErrorKind::Conflict => types::Error::Conflict(message),
        CallErrorKind::Refused => types::Error::Refused(message),
        CallErrorKind::Uncertain => types::Error::Uncertain(message),
    }
}

/// A failure from the guest.
pub(crate) fn call_error(error: types::Error) -> CallError {
    let (kind, message) = match error {
        types::Error::Denied(message) => (CallErrorKind::Denied, message),
        types::Error::NotFound(message) => (CallErrorKind::NotFound, message),
        types::Error::Invalid(message) => (CallErrorKind::Invalid, message),
        types::Error::Unavailable(message) => (CallErrorKind::Unavailable, message),
        types::Error::TimedOut(message) => (CallErrorKind::TimedOut, message),
        types::Error::Conflict(message) => (CallErrorKind::Conflict, message),
        types::Error::Refused(message) => (CallErrorKind::Refused, message),
        types::Error::Uncertain(message) => (CallErrorKind::Uncertain, message),
    };
    CallError { kind, message }
}

/// What an effect did, for the guest.
pub(crate) fn change(change: Change) -> types::Change {
    types::Change { detail: change.detail, preview: change.preview }
}

/// Names and values, for the guest.
pub(crate) fn labels(pairs: impl IntoIterator<Item = (String, String)>) -> Vec<types::Label> {
    pairs.into_iter().map(|(name, value)| types::Label { name, value }).collect()
}

/// Names and values, from the guest.
pub(crate) fn pairs(labels: Vec<types::Label>) -> Vec<(String, String)> {
    labels.into_iter().map(|label| (label.name, label.value)).collect()
}

/// An effect from the guest.
pub(crate) fn effect(effect: types::Effect) -> Result<ServiceEffect, CallError> {
    let Some(verb) = Verb::parse(&effect.verb) else {
        let known = Verb::ALL.map(Verb::name).join(", ");
        return Err(invalid(format!("there is no verb `{}`; there are {known}", effect.verb)));
    };
    let arguments = arguments(&effect.arguments_json)?;
    Ok(ServiceEffect { service: ServiceName::new(effect.service), verb, arguments })
}

/// Arguments from the guest: an object, or nothing at all.
pub(crate) fn arguments(json: &str) -> Result<Value, CallError> {
    if json.trim().is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    match serde_json::from_str(json) {
        Ok(object @ Value::Object(_)) => Ok(object),
        Ok(_) => Err(invalid(format!("the arguments are no JSON object: {json}"))),
        Err(error) => Err(invalid(format!("the arguments are no JSON object: {error}"))),
    }
}

/// What a runbook is told when it starts.
pub(crate) fn context(request: &RunRequest) -> shapes::Context {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    shapes::Context {
        incident: request.incident.as_str().to_owned(),
        execution: request.execution.as_str().to_owned(),
        service: request.service.as_str().to_owned(),
        alert: request.alert_name.clone(),
        alert_labels: labels(request.alert_labels.iter().map(owned)),
        parameters_json: request.parameters.clone(),
        dry_run: request.mode == RunMode::DryRun,
        started_at_ms: request.started_at.as_millis(),
    }
}

/// What a runbook says when it is done.
pub(crate) fn outcome(outcome: shapes::Outcome) -> Result<Outcome, CallError> {
    let kind = match outcome.kind {
        shapes::OutcomeKind::Acted => OutcomeKind::Acted,
        shapes::OutcomeKind::Declined => OutcomeKind::Declined,
        shapes::OutcomeKind::NeedsPerson => OutcomeKind::NeedsPerson,
    };
    let inverse = outcome.inverse.into_iter().map(effect).collect::<Result<_, _>>();
    let inverse =
        inverse.map_err(|error| invalid(format!("the outcome's inverse is unusable: {}", error.message)))?;
    Ok(Outcome { kind, summary: outcome.summary, inverse })
}

/// The guest asked for something that makes no sense.
pub(crate) fn invalid(message: String) -> CallError {
    CallError::new(CallErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_survive_the_way_there_and_back() {
        use CallErrorKind::*;
        for kind in [Denied, NotFound, Invalid, Unavailable, TimedOut, Conflict, Refused, Uncertain] {
            let before = CallError::new(kind, "why");
            assert_eq!(call_error(error(before.clone())), before);
        }
    }

    #[test]
    fn arguments_are_an_object_or_invalid() {
        assert_eq!(arguments(" ").unwrap(), serde_json::json!({}));
        assert_eq!(arguments(r#"{"to":"v1"}"#).unwrap(), serde_json::json!({"to": "v1"}));
        for wrong in ["[]", "{", "1", "null"] {
            let error = arguments(wrong).unwrap_err();
            assert_eq!(error.kind, CallErrorKind::Invalid);
            assert!(error.message.starts_with("the arguments are no JSON object: "), "{error}");
        }
    }
}
