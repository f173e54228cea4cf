//! Rules and groups as they run: expressions and templates are parsed, labels merged, identities given. How they are
//! written in files is `rule_file`'s business, what an evaluation makes of them `alert_rule`'s and `recording_rule`'s.
//!
//! Invariant: a rule's id comes from what it asks (kind, name, expression, labels), never from where it stands or from
//! what it says about the answer, so an edit of annotations, `for` or place keeps what its alerts have learned.

use std::sync::Arc;
use std::time::Duration;

use ballast_promql::Expression;
use ballast_types::RuleId;
use ballast_types::hash::sha256_hex;

use crate::{AlertTiming, Position, Template};

/// How many characters of the hash make a rule's id.
const ID_CHARS: usize = 16;

/// Where a rule or group is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as the caller named it.
    pub file: Arc<str>,
    /// Line and column of its first character.
    pub position: Position,
}

/// A rule that yields alerts.
#[derive(Clone, Debug)]
pub struct AlertRule {
    /// Identity by content.
    pub id: RuleId,
    /// The alert's name.
    pub name: String,
    /// Each element of its result is an alert.
    pub expression: Expression,
    /// How long the condition must hold, and be clear.
    pub timing: AlertTiming,
    /// Labels that are set, the group's among them; one that expands to nothing removes the label.
    pub labels: Vec<(String, Template)>,
    /// What people read.
    pub annotations: Vec<(String, Template)>,
    /// Most alerts that it may have (the group's `limit`); `None` leaves only the host's own bound.
    pub limit: Option<usize>,
    /// Where it is written.
    pub place: Place,
}

/// A rule that records its result as a series.
#[derive(Clone, Debug)]
pub struct RecordingRule {
    /// Identity by content.
    pub id: RuleId,
    /// The name of the series.
    pub metric: String,
    /// What is recorded.
    pub expression: Expression,
    /// Labels that are set, the group's among them; an empty value removes the label.
    pub labels: Vec<(String, String)>,
    /// Most series that it may yield (the group's `limit`).
    pub limit: Option<usize>,
    /// Where it is written.
    pub place: Place,
}

/// A rule of either kind.
#[derive(Clone, Debug)]
pub enum Rule {
    /// It yields alerts.
    Alert(Arc<AlertRule>),
    /// It records series.
    Record(Arc<RecordingRule>),
}

impl Rule {
    /// Identity by content.
    pub fn id(&self) -> &RuleId {
        match self {
            Rule::Alert(rule) => &rule.id,
            Rule::Record(rule) => &rule.id,
        }
    }

    /// The alert's or the series' name.
    pub fn name(&self) -> &str {
        match self {
            Rule::Alert(rule) => &rule.name,
            Rule::Record(rule) => &rule.metric,
        }
    }

    /// What it asks.
    pub fn expression(&self) -> &Expression {
        match self {
            Rule::Alert(rule) => &rule.expression,
            Rule::Record(rule) => &rule.expression,
        }
    }

    /// Where it is written.
    pub fn place(&self) -> &Place {
        match self {
            Rule::Alert(rule) => &rule.place,
            Rule::Record(rule) => &rule.place,
        }
    }

    /// The labels that it sets, as they are written, by name.
    pub fn labels_as_written(&self) -> Vec<(&str, &str)> {
        let mut labels: Vec<(&str, &str)> = match self {
            Rule::Alert(rule) => {
                rule.labels.iter().map(|(name, text)| (name.as_str(), text.source())).collect()
            }
            Rule::Record(rule) => {
                rule.labels.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
            }
        };
        labels.sort_unstable();
        labels
    }

    /// What identifies the rule; equal for rules that ask the same.
    pub(crate) fn content_id(&self) -> RuleId {
        let kind = if matches!(self, Rule::Alert(_)) { "alert" } else { "record" };
        let expression = self.expression().to_string();
        let labels = self.labels_as_written();
        let words =
            [kind, self.name(), &expression].into_iter().chain(labels.into_iter().flat_map(|(n, v)| [n, v]));
        // A length before each part, so that neighbours cannot be confused.
        let text: String = words.map(|word| format!("{}:{word}", word.len())).collect();
        RuleId::new(sha256_hex(text.as_bytes()).chars().take(ID_CHARS).collect::<String>())
    }

    /// The same rule under another id.
    pub(crate) fn with_id(self, id: RuleId) -> Rule {
        match self {
            Rule::Alert(rule) => Rule::Alert(Arc::new(AlertRule { id, ..Arc::unwrap_or_clone(rule) })),
            Rule::Record(rule) => Rule::Record(Arc::new(RecordingRule { id, ..Arc::unwrap_or_clone(rule) })),
        }
    }
}

/// Rules that are evaluated together, in order, at one instant.
#[derive(Clone, Debug)]
pub struct RuleGroup {
    /// Unique within its file.
    pub name: String,
    /// How often; `None` is the host's interval.
    pub interval: Option<Duration>,
    /// How far in the past its expressions are evaluated; `None` is the host's offset.
    pub query_offset: Option<Duration>,
    /// Most alerts or series of one rule.
    pub limit: Option<usize>,
    /// In the order of evaluation.
    pub rules: Vec<Rule>,
    /// Where it is written.
    pub place: Place,
}
