//! Label matchers, as PromQL, silences and routes share them. Regular expressions are anchored at both ends.

use std::fmt;

use regex::Regex;

use crate::Labels;

/// How a matcher compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Regex,
    /// `!~`
    NotRegex,
}

impl MatchOp {
    /// The operator as PromQL writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Regex => "=~",
            MatchOp::NotRegex => "!~",
        }
    }
}

/// Why a matcher could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("compile the pattern `{pattern}` of label `{name}`: {reason}")]
pub struct InvalidMatcher {
    /// The label that was to be matched.
    pub name: String,
    /// The pattern as given.
    pub pattern: String,
    /// What the regular expression engine said.
    pub reason: String,
}

/// One condition on one label. An absent label counts as the empty string.
#[derive(Clone, Debug)]
pub struct Matcher {
    name: String,
    op: MatchOp,
    value: String,
    regex: Option<Regex>,
}

impl Matcher {
    /// Makes a matcher; fails only on a pattern that is no regular expression.
    pub fn new(
        name: impl Into<String>,
        op: MatchOp,
        value: impl Into<String>,
    ) -> Result<Self, InvalidMatcher> {
        let value = value.into();
        let pattern = value.clone();
        Self::translated(name, op, value, &pattern)
    }

    /// As [`Matcher::new`], where the pattern comes from another dialect: `value` is what is shown and compared, `pattern`
    /// is what is compiled.
    pub fn translated(
        name: impl Into<String>,
        op: MatchOp,
        value: impl Into<String>,
        pattern: &str,
    ) -> Result<Self, InvalidMatcher> {
        let (name, value) = (name.into(), value.into());
        let regex = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            MatchOp::Regex | MatchOp::NotRegex => {
                // (?s): PromQL's dot matches a newline too.
                Some(Regex::new(&format!("^(?s:{pattern})$")).map_err(|error| InvalidMatcher {
                    name: name.clone(),
                    pattern: value.clone(),
                    reason: error.to_string(),
                })?)
            }
        };
        Ok(Matcher { name, op, value, regex })
    }

    /// `name="value"`, which cannot fail.
    pub fn equal(name: impl Into<String>, value: impl Into<String>) -> Self {
        Matcher { name: name.into(), op: MatchOp::Equal, value: value.into(), regex: None }
    }

    /// The label's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The operator.
    pub fn op(&self) -> MatchOp {
        self.op
    }

    /// The value or pattern as given.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether a label's value satisfies the condition.
    pub fn matches_value(&self, value: &str) -> bool {
        match (self.op, &self.regex) {
            (MatchOp::NotEqual, _) => value != self.value,
            (MatchOp::Regex, Some(regex)) => regex.is_match(value),
            (MatchOp::NotRegex, Some(regex)) => !regex.is_match(value),
            _ => value == self.value,
        }
    }

    /// Whether a label set satisfies the condition.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matches_value(labels.get(&self.name).unwrap_or_default())
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.op, &self.value) == (&other.name, other.op, &other.value)
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{:?}", self.name, self.op.as_str(), self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(MatchOp::Regex, "5..", "503", true)]
    #[case(MatchOp::Regex, "5..", "1503", false)]
    #[case(MatchOp::Regex, "a|b", "ab", false)]
    #[case(MatchOp::NotRegex, "5..", "200", true)]
    #[case(MatchOp::NotEqual, "", "x", true)]
    #[case(MatchOp::Equal, "", "", true)]
    #[case(MatchOp::Regex, ".*", "line\nbreak", true)]
    fn anchored(#[case] op: MatchOp, #[case] pattern: &str, #[case] value: &str, #[case] expected: bool) {
        assert_eq!(Matcher::new("l", op, pattern).unwrap().matches_value(value), expected);
    }

    #[test]
    fn a_broken_pattern_is_named() {
        let error = Matcher::new("code", MatchOp::Regex, "5(").unwrap_err();
        assert!(error.to_string().starts_with("compile the pattern `5(` of label `code`"));
    }
}
