//! Events as `/ws/events` tells them.

use ballast_types::event::{Event as DomainEvent, EventRecord};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use utoipa::{IntoParams, ToSchema};

use super::parse::Invalid;
use super::problem::ProblemError;
use super::scalar::{Instant, SampleValue, labels};

/// All types of events. `noted` is not told: it marks a change of what plugins keep for themselves.
const TYPES: [&str; 13] = [
    "host.started",
    "target.health",
    "rules.loaded",
    "rules.rejected",
    "plugin.loaded",
    "plugin.rejected",
    "alert.changed",
    "rule.health",
    "silence.changed",
    "incident.opened",
    "incident.changed",
    "execution.changed",
    "execution.effect",
];

/// One event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Event {
    /// Position in the log. Rises; where a number is left out, nothing was to be told.
    sequence: u64,
    at: Instant,
    /// `alert.changed`, `incident.opened`, …
    #[serde(rename = "type")]
    kind: &'static str,
    /// What the type tells.
    #[schema(value_type = Object)]
    data: Json,
}

impl From<&EventRecord> for Event {
    fn from(record: &EventRecord) -> Self {
        Event {
            sequence: record.sequence.0,
            at: Instant(record.at),
            kind: record.event.name(),
            data: data(&record.event),
        }
    }
}

fn data(event: &DomainEvent) -> Json {
    match event {
        DomainEvent::HostStarted { version } => json!({ "version": version }),
        DomainEvent::TargetHealth { target, service, up, detail } => {
            json!({ "target": target, "service": service.as_str(), "up": up, "detail": detail })
        }
        DomainEvent::RulesLoaded { rules, files } => json!({ "rules": rules, "files": files }),
        DomainEvent::RulesRejected { problems } => json!({ "problems": problems }),
        DomainEvent::PluginLoaded { name, version, digest } => {
            json!({ "name": name.as_str(), "version": version, "digest": digest.as_str() })
        }
        DomainEvent::PluginRejected { file, reason } => json!({ "file": file, "reason": reason }),
        DomainEvent::AlertChanged { .. } => alert(event),
        DomainEvent::RuleHealth { rule, name, error } => {
            json!({ "ruleId": rule.as_str(), "name": name, "error": error })
        }
        DomainEvent::SilenceChanged { id, expired } => json!({ "id": id.as_str(), "expired": expired }),
        DomainEvent::IncidentOpened { id } => json!({ "id": id.as_str() }),
        DomainEvent::IncidentChanged { id, kind, actor, text } => {
            json!({ "id": id.as_str(), "kind": kind.name(), "actor": actor, "text": text })
        }
        DomainEvent::ExecutionChanged { id, incident, state, text } => {
            json!({ "id": id.as_str(), "incident": incident.as_str(), "state": state, "text": text })
        }
        DomainEvent::EffectPerformed { execution, incident, service, text } => json!({
            "execution": execution.as_str(), "incident": incident.as_str(), "service": service.as_str(), "text": text,
        }),
        DomainEvent::Noted => Json::Null,
    }
}

fn alert(event: &DomainEvent) -> Json {
    let DomainEvent::AlertChanged { key, name, labels: set, transition, value, silenced_by } = event else {
        return Json::Null;
    };
    json!({
        "ruleId": key.rule.as_str(),
        "fingerprint": key.fingerprint.to_string(),
        "name": name,
        "labels": labels(set),
        "transition": transition.name(),
        "value": SampleValue(*value),
        "silencedBy": silenced_by.as_ref().map(|id| id.as_str()),
    })
}

/// Which events are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventParameters {
    /// Position of the first event that is wanted: one more than the last that was seen. Left out: from now on.
    pub(crate) from: Option<u64>,
    /// Types, separated by commas; `incident.*` stands for all of a family. Left out: all.
    types: Option<String>,
}

/// Types that are wanted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TypeFilter(Vec<&'static str>);

impl TypeFilter {
    /// Whether an event is told.
    pub(crate) fn wants(&self, event: &DomainEvent) -> bool {
        self.0.contains(&event.name())
    }
}

impl TryFrom<&EventParameters> for TypeFilter {
    type Error = Invalid;

    fn try_from(wire: &EventParameters) -> Result<Self, Invalid> {
        let Some(text) = &wire.types else { return Ok(TypeFilter(TYPES.to_vec())) };
        let (mut wanted, mut unknown) = (Vec::new(), Vec::new());
        for pattern in text.split(',').map(str::trim) {
            let before = wanted.len();
            wanted.extend(TYPES.into_iter().filter(|name| matches(pattern, name)));
            if wanted.len() == before {
                unknown.push(ProblemError::field("types", format!("`{pattern}` is no type of event")));
            }
        }
        if unknown.is_empty() { Ok(TypeFilter(wanted)) } else { Err(unknown) }
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix(".*") {
        Some(family) => name.strip_prefix(family).is_some_and(|rest| rest.starts_with('.')),
        None => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(types: &str) -> Result<TypeFilter, String> {
        let parameters = EventParameters { from: None, types: Some(types.to_owned()) };
        TypeFilter::try_from(&parameters).map_err(|errors| errors[0].message.clone())
    }

    #[test]
    fn families_and_single_types_are_wanted_and_unknown_ones_refused() {
        let wanted = filter("incident.*, alert.changed").unwrap();
        assert_eq!(wanted.0, ["incident.opened", "incident.changed", "alert.changed"]);
        assert_eq!(filter("alert"), Err("`alert` is no type of event".into()));
        assert_eq!(filter("inc.*"), Err("`inc.*` is no type of event".into()));
        assert_eq!(filter(""), Err("`` is no type of event".into()));
    }

    #[test]
    fn what_nobody_can_act_on_is_not_told() {
        let all = TypeFilter::try_from(&EventParameters { from: None, types: None }).unwrap();
        assert!(!all.wants(&DomainEvent::Noted));
        assert!(all.wants(&DomainEvent::HostStarted { version: String::new() }));
    }
}
