//! Silences on disk.

use ballast_types::silence::Silence;
use ballast_types::{MatchOp, Matcher, SilenceId, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Coded, coded, list, one};

#[derive(Serialize, Deserialize)]
#[serde(remote = "MatchOp")]
enum MatchOpMirror {
    #[serde(rename = "=")]
    Equal,
    #[serde(rename = "!=")]
    NotEqual,
    #[serde(rename = "=~")]
    Regex,
    #[serde(rename = "!~")]
    NotRegex,
}

/// A matcher's parts; reading it compiles its pattern again.
#[derive(Serialize, Deserialize)]
struct MatcherMirror {
    name: String,
    #[serde(with = "one")]
    op: MatchOp,
    value: String,
}

impl Coded for Matcher {
    fn code<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, value) = (self.name().to_owned(), self.value().to_owned());
        MatcherMirror { name, op: self.op(), value }.serialize(serializer)
    }
    fn uncode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mirror = MatcherMirror::deserialize(deserializer)?;
        Matcher::new(mirror.name, mirror.op, mirror.value).map_err(D::Error::custom)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Silence")]
struct SilenceMirror {
    id: SilenceId,
    #[serde(with = "list")]
    matchers: Vec<Matcher>,
    #[serde(with = "one")]
    starts_at: Timestamp,
    #[serde(with = "one")]
    ends_at: Timestamp,
    created_by: String,
    comment: String,
}

coded! {
    MatchOp => MatchOpMirror,
    Silence => SilenceMirror,
}
