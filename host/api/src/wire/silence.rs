//! Silences, in the shape that Alertmanager gave them.

use ballast_engine::core::NewSilence as NewSilenceCommand;
use ballast_types::silence::Silence as DomainSilence;
use ballast_types::{MatchOp, Matcher as DomainMatcher, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::parse::{self, Fields, Invalid};
use super::problem::ProblemError;
use super::scalar::Instant;

/// Most matchers of one silence.
const MATCHERS_MAX: usize = 100;

/// One condition on one label.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Matcher {
    /// The label.
    name: String,
    /// What it is compared with.
    value: String,
    /// Whether `value` is a regular expression, anchored at both ends.
    #[serde(default)]
    is_regex: bool,
    /// False where the label must not match.
    #[serde(default = "yes")]
    is_equal: bool,
}

fn yes() -> bool {
    true
}

impl From<&DomainMatcher> for Matcher {
    fn from(matcher: &DomainMatcher) -> Self {
        Matcher {
            name: matcher.name().to_owned(),
            value: matcher.value().to_owned(),
            is_regex: matches!(matcher.op(), MatchOp::Regex | MatchOp::NotRegex),
            is_equal: matches!(matcher.op(), MatchOp::Equal | MatchOp::Regex),
        }
    }
}

impl TryFrom<Matcher> for DomainMatcher {
    type Error = String;

    fn try_from(wire: Matcher) -> Result<Self, String> {
        if wire.name.is_empty() {
            return Err("its name is empty".to_owned());
        }
        let op = match (wire.is_regex, wire.is_equal) {
            (false, true) => MatchOp::Equal,
            (false, false) => MatchOp::NotEqual,
            (true, true) => MatchOp::Regex,
            (true, false) => MatchOp::NotRegex,
        };
        DomainMatcher::new(wire.name, op, wire.value).map_err(|error| error.to_string())
    }
}

/// What mutes alerts for a time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Silence {
    /// `SIL-42`.
    pub(crate) id: String,
    /// All must match.
    matchers: Vec<Matcher>,
    starts_at: Instant,
    /// From then on it mutes no more.
    ends_at: Instant,
    created_by: String,
    comment: String,
    /// `pending`, `active` or `expired`.
    state: &'static str,
}

impl Silence {
    /// A silence as it is at `now`.
    pub(crate) fn of(silence: &DomainSilence, now: Timestamp) -> Self {
        let state = match silence.active(now) {
            true => "active",
            false if now < silence.starts_at => "pending",
            false => "expired",
        };
        Silence {
            id: silence.id.to_string(),
            matchers: silence.matchers.iter().map(Matcher::from).collect(),
            starts_at: Instant(silence.starts_at),
            ends_at: Instant(silence.ends_at),
            created_by: silence.created_by.clone(),
            comment: silence.comment.clone(),
            state,
        }
    }
}

/// All silences; those that are over are kept for five days.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SilenceList {
    /// In the order of their ids.
    pub(crate) silences: Vec<Silence>,
}

/// A silence that a person makes. One of `endsAt`, `durationMs` and `duration` says when it is over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewSilence {
    /// All must match; at least one.
    matchers: Vec<Matcher>,
    /// RFC 3339; the present where nothing is said.
    starts_at: Option<String>,
    /// RFC 3339.
    ends_at: Option<String>,
    /// How long from its start.
    duration_ms: Option<u64>,
    /// How long from its start, like `2h30m`.
    duration: Option<String>,
    /// Who makes it.
    created_by: String,
    /// Why.
    comment: String,
}

impl NewSilence {
    /// The command, where `now` stands for a start that was left out.
    pub(crate) fn command(self, now: Timestamp) -> Result<NewSilenceCommand, Invalid> {
        let mut fields = Fields::default();
        let starts_at = self.starts_at.as_deref().map_or(Ok(now), |text| parse::instant("startsAt", text));
        let starts_at = fields.take(starts_at);
        let ends_at = fields.take(self.end(starts_at.unwrap_or(now)));
        let created_by = fields.take(parse::text("createdBy", self.created_by));
        let comment = fields.take(parse::text("comment", self.comment));
        let matchers = fields.take(matchers(self.matchers));
        let parts = starts_at.zip(ends_at).zip(created_by).zip(comment).zip(matchers);
        fields.finish(parts.map(|((((starts_at, ends_at), created_by), comment), matchers)| {
            NewSilenceCommand { matchers, starts_at, ends_at, created_by, comment }
        }))
    }

    fn end(&self, starts_at: Timestamp) -> Result<Timestamp, ProblemError> {
        match (&self.ends_at, self.duration_ms, &self.duration) {
            (Some(text), None, None) => parse::instant("endsAt", text),
            (None, Some(millis), None) => Ok(starts_at + std::time::Duration::from_millis(millis)),
            (None, None, Some(text)) => {
                parse::duration("duration", text).map(|duration| starts_at + duration)
            }
            _ => Err(ProblemError::field("endsAt", "give one of endsAt, durationMs and duration")),
        }
    }
}

fn matchers(wire: Vec<Matcher>) -> Result<Vec<DomainMatcher>, ProblemError> {
    if wire.len() > MATCHERS_MAX {
        return Err(ProblemError::field("matchers", format!("more than {MATCHERS_MAX}")));
    }
    let read = wire.into_iter().enumerate().map(|(index, matcher)| {
        DomainMatcher::try_from(matcher)
            .map_err(|message| ProblemError::field(format!("matchers[{index}]"), message))
    });
    read.collect()
}
