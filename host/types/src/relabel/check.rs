//! Whether a rule makes sense: what Prometheus refuses when it reads its configuration is refused here, in words.

use regex::Regex;

use super::{DEFAULT_REGEX, RelabelAction, RelabelRule};

/// Most bytes of a compiled pattern: what a hostile one may take.
const PATTERN_BYTES_MAX: usize = 4 << 20;

/// Which key of a rule is wrong, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct InvalidRule {
    /// The key of the configuration.
    pub key: &'static str,
    /// Why.
    pub reason: String,
}

fn invalid<T>(key: &'static str, reason: impl Into<String>) -> Result<T, InvalidRule> {
    Err(InvalidRule { key, reason: reason.into() })
}

/// A pattern that must match the whole text; `.` matches line feeds, too.
///
/// # Errors
/// When it is no pattern, or one of unreasonable size.
pub fn anchored(pattern: &str) -> Result<Regex, InvalidRule> {
    let limited = |text: &str| regex::RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build();
    // Read alone first, so that `a)|(b` cannot break out of the anchors.
    match limited(pattern).and_then(|_| limited(&format!("^(?s:{pattern})$"))) {
        Ok(regex) => Ok(regex),
        Err(error) => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            invalid("regex", format!("`{pattern}` is no pattern: {last}"))
        }
    }
}

impl RelabelRule {
    /// Whether the rule can do what it says.
    ///
    /// # Errors
    /// The first key that is missing, wrong, or of no use to the action.
    pub fn check(&self) -> Result<(), InvalidRule> {
        let name = self.action.as_str();
        match self.action {
            RelabelAction::Keep | RelabelAction::Drop => Ok(()),
            RelabelAction::LabelDrop | RelabelAction::LabelKeep => self.check_only_regex(name),
            RelabelAction::LabelMap if self.replacement.is_empty() => {
                invalid("replacement", "`replacement` cannot be empty for the action `labelmap`")
            }
            RelabelAction::LabelMap => Ok(()),
            _ if self.target_label.is_empty() => {
                invalid("target_label", format!("the action `{name}` needs a `target_label`"))
            }
            RelabelAction::Replace => Ok(()),
            RelabelAction::HashMod if self.modulus == 0 => {
                invalid("modulus", "the action `hashmod` needs a `modulus` of at least 1")
            }
            RelabelAction::HashMod => Ok(()),
            RelabelAction::Lowercase | RelabelAction::Uppercase => match self.replacement == "$1" {
                true => Ok(()),
                false => invalid("replacement", format!("the action `{name}` takes no `replacement`")),
            },
            RelabelAction::KeepEqual | RelabelAction::DropEqual => self.check_only_labels(name),
        }
    }

    fn check_only_regex(&self, name: &str) -> Result<(), InvalidRule> {
        let needless = [
            ("source_labels", !self.source_labels.is_empty()),
            ("target_label", !self.target_label.is_empty()),
            ("modulus", self.modulus != 0),
            ("separator", self.separator != ";"),
            ("replacement", self.replacement != "$1"),
        ];
        match needless.into_iter().find(|(_, given)| *given) {
            Some((key, _)) => invalid(key, format!("the action `{name}` takes only `regex`, and no `{key}`")),
            None => Ok(()),
        }
    }

    fn check_only_labels(&self, name: &str) -> Result<(), InvalidRule> {
        let needless = [
            ("regex", self.regex.as_str() != DEFAULT_REGEX),
            ("modulus", self.modulus != 0),
            ("separator", self.separator != ";"),
            ("replacement", self.replacement != "$1"),
        ];
        match needless.into_iter().find(|(_, given)| *given) {
            Some((key, _)) => invalid(
                key,
                format!("the action `{name}` takes only `source_labels` and `target_label`, and no `{key}`"),
            ),
            None => Ok(()),
        }
    }
}
