//! Rules, their groups, and the files that were refused.

use std::time::Duration;

use ballast_engine::{Rule as DomainRule, RuleGroup as DomainGroup, RuleStatus};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::ProblemError;
use super::scalar::{Instant, LabelMap, millis};

/// One rule and how its last evaluation went.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    /// By its content, not its place.
    id: String,
    /// `alerting` or `recording`.
    kind: &'static str,
    name: String,
    expression: String,
    /// How long the condition must hold; null for a recording rule.
    for_ms: Option<u64>,
    /// How long an alert goes on after the condition is clear; null for a recording rule.
    keep_firing_for_ms: Option<u64>,
    /// As written.
    labels: LabelMap,
    /// As written.
    annotations: LabelMap,
    line: usize,
    column: usize,
    /// `unknown` before the first evaluation, then `ok` or `err`.
    health: &'static str,
    evaluated_at: Option<Instant>,
    /// How long the last evaluation took.
    took_ms: f64,
    /// How many series its expression yielded.
    series: usize,
    /// Why the last evaluation failed.
    error: Option<String>,
}

impl Rule {
    /// A rule with its status.
    pub(crate) fn of(rule: &DomainRule, status: RuleStatus) -> Self {
        let (for_ms, keep_firing_for_ms) = match rule {
            DomainRule::Alert(rule) => {
                (Some(millis(rule.timing.for_)), Some(millis(rule.timing.keep_firing_for)))
            }
            DomainRule::Record(_) => (None, None),
        };
        Rule {
            id: rule.id().to_string(),
            kind: kind(rule),
            name: rule.name().to_owned(),
            expression: rule.expression().to_string(),
            for_ms,
            keep_firing_for_ms,
            labels: labels(rule),
            annotations: annotations(rule),
            line: rule.place().position.line,
            column: rule.place().position.column,
            health: health(&status),
            evaluated_at: status.evaluated_at.map(Instant),
            took_ms: status.took.as_secs_f64() * 1000.0,
            series: status.series,
            error: status.error,
        }
    }
}

/// `alerting` or `recording`, as Prometheus calls them.
pub(crate) fn kind(rule: &DomainRule) -> &'static str {
    match rule {
        DomainRule::Alert(_) => "alerting",
        DomainRule::Record(_) => "recording",
    }
}

/// The labels that it sets, as written.
pub(crate) fn labels(rule: &DomainRule) -> LabelMap {
    rule.labels_as_written().into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// Its annotations, as written.
pub(crate) fn annotations(rule: &DomainRule) -> LabelMap {
    match rule {
        DomainRule::Alert(rule) => {
            rule.annotations.iter().map(|(name, text)| (name.clone(), text.source().to_owned())).collect()
        }
        DomainRule::Record(_) => LabelMap::new(),
    }
}

/// `unknown`, `ok` or `err`, as Prometheus calls them.
pub(crate) fn health(status: &RuleStatus) -> &'static str {
    match (status.evaluated_at, &status.error) {
        (_, Some(_)) => "err",
        (None, None) => "unknown",
        (Some(_), None) => "ok",
    }
}

/// Rules that are evaluated together, in order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleGroup {
    name: String,
    file: String,
    /// How often.
    interval_ms: u64,
    rules: Vec<Rule>,
}

impl RuleGroup {
    /// A group, where `interval` stands for one that it does not set itself.
    pub(crate) fn of(
        group: &DomainGroup,
        interval: Duration,
        status: impl Fn(&DomainRule) -> RuleStatus,
    ) -> Self {
        RuleGroup {
            name: group.name.clone(),
            file: group.place.file.to_string(),
            interval_ms: millis(group.interval.unwrap_or(interval)),
            rules: group.rules.iter().map(|rule| Rule::of(rule, status(rule))).collect(),
        }
    }
}

/// The rules in force, and what is wrong with those that are not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleList {
    /// By file and then as written.
    pub(crate) groups: Vec<RuleGroup>,
    /// Why files were refused; what they said before goes on.
    pub(crate) problems: Vec<ProblemError>,
    /// What is allowed but hardly meant.
    pub(crate) warnings: Vec<ProblemError>,
}

/// What a reload left in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reloaded {
    /// How many rules are in force.
    pub(crate) rules: usize,
    /// How many plugins are in force.
    pub(crate) plugins: usize,
}
