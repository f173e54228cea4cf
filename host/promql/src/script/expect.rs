//! What must come out beside values: failures and annotations, by their texts.
//!
//! `expect fail|warn|info [msg: TEXT | regex: PATTERN]`, `expect no_warn|no_info`, `expect ordered`,
//! `expect string "TEXT"`, `expect range vector from T to T step D`; and what older scripts write instead of them.

use regex::Regex;

use super::Expected;
use super::notation::quoted;
use super::read::steps;

/// A text that is asked for.
#[derive(Clone, Debug)]
pub enum Wording {
    /// Any.
    Any,
    /// This.
    Text(String),
    /// One in which the pattern is found.
    Pattern(Regex),
}

impl Wording {
    /// Whether an annotation is so worded.
    fn is(&self, text: &str) -> bool {
        match self {
            Wording::Any => true,
            Wording::Text(wanted) => wanted == text,
            Wording::Pattern(pattern) => pattern.is_match(text),
        }
    }

    /// Whether a failure is so worded; our messages say as well what was attempted.
    pub(super) fn is_within(&self, text: &str) -> bool {
        match self {
            Wording::Text(wanted) => text.contains(wanted.as_str()),
            other => other.is(text),
        }
    }
}

/// The annotations of one kind that are asked for.
#[derive(Clone, Debug, Default)]
pub enum Annotations {
    /// They do not matter.
    #[default]
    Ignored,
    /// There must be none.
    None,
    /// There must be some, each worded as one of these, and one for each of these.
    Some(Vec<Wording>),
}

impl Annotations {
    fn add(&mut self, wording: Wording) -> Result<(), String> {
        match self {
            Annotations::None => return Err("annotations are expected, and none of them".to_owned()),
            Annotations::Ignored => *self = Annotations::Some(vec![wording]),
            Annotations::Some(wordings) => wordings.push(wording),
        }
        Ok(())
    }

    fn forbid(&mut self) -> Result<(), String> {
        match self {
            Annotations::Some(_) => Err("annotations are expected, and none of them".to_owned()),
            _ => {
                *self = Annotations::None;
                Ok(())
            }
        }
    }

    /// Compares; says what differs.
    pub(super) fn check(&self, kind: &str, found: &[&str]) -> Result<(), String> {
        let wordings = match self {
            Annotations::Ignored => return Ok(()),
            Annotations::None if found.is_empty() => return Ok(()),
            Annotations::None => return Err(format!("unexpected {kind}: {found:?}")),
            Annotations::Some(wordings) => wordings,
        };
        let missing = wordings.iter().find(|wording| !found.iter().any(|text| wording.is(text)));
        let strange = found.iter().find(|text| !wordings.iter().any(|wording| wording.is(text)));
        match (missing, strange) {
            (Some(wording), _) => Err(format!("no {kind} is {wording:?}; found {found:?}")),
            (None, Some(text)) => Err(format!("unexpected {kind}: {text}")),
            (None, None) => Ok(()),
        }
    }
}

/// What the command itself says: `eval_fail`, `eval_warn`, `eval_info`, `eval_ordered`.
pub(super) fn of_command(word: &str) -> Result<Expected, String> {
    let mut expected = Expected::default();
    match word.strip_prefix("eval").map(|modifier| modifier.trim_start_matches('_')) {
        Some("") => {}
        Some("fail") => expected.fail = Some(Wording::Any),
        Some("ordered") => expected.ordered = true,
        Some("warn") => expected.warnings.add(Wording::Any)?,
        Some("info") => expected.infos.add(Wording::Any)?,
        _ => return Err(format!("unknown command `{word}`")),
    }
    Ok(expected)
}

/// Reads a line that begins with `expect` or is of the older `expected_fail_..`; `false` where it is none of them.
pub(super) fn line(expected: &mut Expected, text: &str) -> Result<bool, String> {
    if let Some(message) = text.strip_prefix("expected_fail_message") {
        expected.fail = Some(Wording::Text(message.trim().to_owned()));
    } else if let Some(pattern) = text.strip_prefix("expected_fail_regexp") {
        expected.fail = Some(Wording::Pattern(regex(pattern)?));
    } else if let Some(rest) = text.strip_prefix("expect").filter(|rest| rest.starts_with([' ', '\t'])) {
        directive(expected, rest.trim())?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

fn directive(expected: &mut Expected, text: &str) -> Result<(), String> {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    match word {
        "fail" => expected.fail = Some(wording(rest)?),
        "warn" => expected.warnings.add(wording(rest)?)?,
        "info" => expected.infos.add(wording(rest)?)?,
        "no_warn" => expected.warnings.forbid()?,
        "no_info" => expected.infos.forbid()?,
        "ordered" => expected.ordered = true,
        "string" => expected.text = Some(quoted(rest)?),
        "range" => {
            let rest = rest.strip_prefix("vector").ok_or("`expect range vector from T to T step D`")?;
            let (window, rest) = steps(rest.trim())?;
            if !rest.is_empty() {
                return Err(format!("`{rest}` after the step"));
            }
            expected.window = Some(window);
        }
        other => return Err(format!("unknown expectation `{other}`")),
    }
    Ok(())
}

fn wording(text: &str) -> Result<Wording, String> {
    if text.is_empty() {
        return Ok(Wording::Any);
    }
    if let Some(message) = text.strip_prefix("msg:") {
        return Ok(Wording::Text(message.trim().to_owned()));
    }
    match text.strip_prefix("regex:") {
        Some(pattern) => regex(pattern).map(Wording::Pattern),
        None => Err(format!("neither `msg:` nor `regex:` but `{text}`")),
    }
}

fn regex(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern.trim()).map_err(|error| format!("`{}` is no pattern: {error}", pattern.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn annotations(lines: &[&str]) -> Expected {
        let mut expected = Expected::default();
        lines.iter().for_each(|text| assert!(line(&mut expected, text).unwrap()));
        expected
    }

    #[rstest]
    #[case(&[], &["a"], true)]
    #[case(&["expect warn"], &["a", "b"], true)]
    #[case(&["expect warn"], &[], false)]
    #[case(&["expect warn msg: a"], &["a"], true)]
    #[case(&["expect warn msg: a"], &["a b"], false)]
    #[case(&["expect warn msg: a"], &["a", "b"], false)]
    #[case(&["expect warn msg: a", "expect warn regex: ^b+$"], &["a", "bb"], true)]
    #[case(&["expect warn msg: a", "expect warn regex: ^b+$"], &["a"], false)]
    #[case(&["expect no_warn"], &[], true)]
    #[case(&["expect no_warn"], &["a"], false)]
    fn annotations_are_compared(#[case] lines: &[&str], #[case] found: &[&str], #[case] same: bool) {
        assert_eq!(annotations(lines).warnings.check("warning", found).is_ok(), same);
    }

    #[rstest]
    #[case("expect fail", true)]
    #[case("expect fail msg: no such thing", true)]
    #[case("expected_fail_message no such thing", true)]
    #[case("expect fail regex:no .* thing$", true)]
    #[case("expected_fail_regexp ^no", false)]
    fn failures_are_compared(#[case] text: &str, #[case] same: bool) {
        assert_eq!(annotations(&[text]).fail.unwrap().is_within("find it: no such thing"), same);
    }

    #[test]
    fn contradictions_and_nonsense_are_refused() {
        let refused = |lines: &[&str]| {
            let mut expected = Expected::default();
            lines.iter().try_for_each(|text| line(&mut expected, text).map(drop)).is_err()
        };
        assert!(refused(&["expect info", "expect no_info"]) && refused(&["expect no_warn", "expect warn"]));
        assert!(
            refused(&["expect warn regex:("]) && refused(&["expect luck"]) && refused(&["expect warn a"])
        );
        assert!(!line(&mut Expected::default(), "expect{} 5").unwrap());
    }
}
