//! What a version does differently: real switches in the code that serves requests, chosen once at process start.
//! The history of versions is the supervisor's; this only knows how one of them behaves.

use serde_json::Value;

/// The field that a `-bad` release cannot read. About 60 % of the load carries it.
pub(crate) const OPTIONAL_FIELD: &str = "clause_index";

/// The running version and its behaviour.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    version: String,
    rejects: Option<&'static str>,
}

impl Release {
    /// A version that ends in `-bad` has a parser that knows nothing of [`OPTIONAL_FIELD`].
    pub(crate) fn new(version: &str) -> Self {
        let rejects = version.ends_with("-bad").then_some(OPTIONAL_FIELD);
        Self { version: version.to_owned(), rejects }
    }

    /// Its name in the deployment history.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Reads a request's body as this release does.
    ///
    /// # Errors
    /// The message for the error log when this release cannot read what it got.
    pub(crate) fn read(&self, document: &Value) -> Result<(), String> {
        match self.rejects {
            Some(field) if document.get(field).is_some() => {
                Err(format!("cannot parse field '{field}' (release {})", self.version))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a text may name a version: 1 to 64 of letters, digits, `.`, `-`, `+` and `_`.
pub(crate) fn is_version(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_');
    !text.is_empty()
        && text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(allowed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_bad_release_fails_only_on_the_field_that_it_does_not_know() {
        let with = serde_json::json!({"text": "x", "clause_index": 3});
        let without = serde_json::json!({"text": "x"});
        assert!(Release::new("1.4.2").read(&with).is_ok());
        assert!(Release::new("1.5.0-bad").read(&without).is_ok());
        let said = Release::new("1.5.0-bad").read(&with).unwrap_err();
        assert_eq!(said, "cannot parse field 'clause_index' (release 1.5.0-bad)");
    }

    #[test]
    fn versions_are_words_that_are_safe_on_a_command_line() {
        assert!(is_version("1.5.0-bad"));
        for wrong in ["", "--help", "a b", "1/2", &"9".repeat(65)] {
            assert!(!is_version(wrong), "{wrong}");
        }
    }
}
