//! Alerts.

use ballast_types::alert::{Alert as DomainAlert, AlertState};
use ballast_types::{Matcher, SilenceId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::parse::{self, Fields, Invalid};
use super::scalar::{Instant, LabelMap, SampleValue, labels};

/// One labelled condition and where it stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alert {
    /// With `ruleId` its identity.
    fingerprint: String,
    rule_id: String,
    name: String,
    /// `pending`, `firing` or `resolved`.
    state: &'static str,
    /// Since when the condition holds, or had held.
    since: Instant,
    /// Since when it fires.
    firing_since: Option<Instant>,
    /// When it was over.
    resolved_at: Option<Instant>,
    /// The expression's value when the condition last held.
    value: SampleValue,
    labels: LabelMap,
    annotations: LabelMap,
    /// The silence that mutes it.
    silenced_by: Option<String>,
    /// When the rule was last evaluated for it.
    evaluated_at: Instant,
}

impl Alert {
    /// An alert with the silence that mutes it.
    pub(crate) fn of(alert: &DomainAlert, silenced_by: Option<SilenceId>) -> Self {
        let (firing_since, resolved_at) = match alert.state {
            AlertState::Pending { .. } => (None, None),
            AlertState::Firing { since, .. } => (Some(Instant(since)), None),
            AlertState::Resolved { at, .. } => (None, Some(Instant(at))),
        };
        Alert {
            fingerprint: alert.key.fingerprint.to_string(),
            rule_id: alert.key.rule.to_string(),
            name: alert.name.clone(),
            state: alert.state.name(),
            since: Instant(alert.state.active_at()),
            firing_since,
            resolved_at,
            value: SampleValue(alert.value),
            labels: labels(&alert.labels),
            annotations: labels(&alert.annotations),
            silenced_by: silenced_by.map(|id| id.to_string()),
            evaluated_at: Instant(alert.evaluated_at),
        }
    }
}

/// All alerts that are not inactive.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertList {
    /// By rule and labels.
    pub(crate) alerts: Vec<Alert>,
}

/// Which alerts are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AlertParameters {
    /// `pending`, `firing` or `resolved`.
    state: Option<String>,
    /// Label matchers as PromQL writes them: `severity="critical",service=~"a.*"`.
    filter: Option<String>,
    /// Only those that a silence mutes, or only those that none does.
    silenced: Option<bool>,
}

/// The same, understood.
#[derive(Debug)]
pub(crate) struct AlertFilter {
    state: Option<&'static str>,
    matchers: Vec<Matcher>,
    silenced: Option<bool>,
}

impl AlertFilter {
    /// Whether an alert is wanted.
    pub(crate) fn wants(&self, alert: &DomainAlert, silenced: bool) -> bool {
        self.state.is_none_or(|name| alert.state.name() == name)
            && self.silenced.is_none_or(|wanted| wanted == silenced)
            && self.matchers.iter().all(|matcher| matcher.matches(&alert.labels))
    }
}

impl TryFrom<AlertParameters> for AlertFilter {
    type Error = Invalid;

    fn try_from(wire: AlertParameters) -> Result<Self, Invalid> {
        const STATES: [&str; 3] = ["pending", "firing", "resolved"];
        let mut fields = Fields::default();
        let state = wire.state.map(|text| parse::one_of("state", &text, STATES.map(|name| (name, name))));
        let matchers = wire.filter.map(|text| parse::matchers("filter", &text));
        let (state, matchers) = (fields.take(state.transpose()), fields.take(matchers.transpose()));
        fields.finish(state.zip(matchers).map(|(state, matchers)| AlertFilter {
            state,
            matchers: matchers.unwrap_or_default(),
            silenced: wire.silenced,
        }))
    }
}
