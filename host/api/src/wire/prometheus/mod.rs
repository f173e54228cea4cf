//! The shapes of Prometheus's own API, so that what already speaks it can ask Ballast: the envelope here, results of
//! queries, rules and the rest in files of their own. Values of series travel as strings there.

pub(crate) mod exposition;
pub(crate) mod ingest;
pub(crate) mod metadata;
pub(crate) mod number;
pub(crate) mod result;
pub(crate) mod rules;
pub(crate) mod status;
pub(crate) mod targets;
pub(crate) mod tree;

use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

/// What is said of an answer that holds less than there is.
pub(crate) const TRUNCATED: &str = "results truncated due to limit";

/// An answer, as Prometheus wraps it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Envelope {
    /// `success`.
    status: &'static str,
    #[schema(value_type = Object)]
    data: Json,
    /// Why the answer may be wrong or short.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    /// Why the question may not be what was meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    infos: Vec<String>,
}

impl Envelope {
    /// A success.
    pub(crate) fn of(data: Json) -> Self {
        Envelope { status: "success", data, warnings: Vec::new(), infos: Vec::new() }
    }
}

/// A refusal, as Prometheus wraps it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorEnvelope {
    /// `error`.
    status: &'static str,
    /// `bad_data`, `execution`, `timeout`, `unavailable`, `internal` or `not_found`.
    error_type: &'static str,
    error: String,
}

impl ErrorEnvelope {
    /// A refusal.
    pub(crate) fn new(error_type: &'static str, error: String) -> Self {
        ErrorEnvelope { status: "error", error_type, error }
    }
}

/// A name that may be written with `U__` and `_hex_` for the characters that do not fit into an address. One that is
/// not written so is what it is.
pub(crate) fn utf8_name(name: &str) -> String {
    name.strip_prefix("U__").and_then(unescape).unwrap_or_else(|| name.to_owned())
}

fn unescape(mut rest: &str) -> Option<String> {
    let mut name = String::with_capacity(rest.len());
    while let Some((plain, after)) = rest.split_once('_') {
        name.push_str(plain);
        let (code, after) = after.split_once('_')?;
        match code {
            "" => name.push('_'),
            _ if code.len() <= 6 => name.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?),
            _ => return None,
        }
        rest = after;
    }
    name.push_str(rest);
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("job", "job")]
    #[case("U__http_2e_status", "http.status")]
    #[case("U__a__b", "a_b")]
    #[case("U___1F600_", "😀")]
    #[case("U__broken_zz_", "U__broken_zz_")]
    #[case("U__open_2e", "U__open_2e")]
    #[case("U___d800_", "U___d800_")]
    fn names_are_unescaped_where_they_can_be(#[case] given: &str, #[case] name: &str) {
        assert_eq!(utf8_name(given), name);
    }
}
