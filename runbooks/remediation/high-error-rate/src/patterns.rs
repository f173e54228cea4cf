//! Step 1: what the error log says, in a few patterns instead of a thousand lines.
//!
//! It only informs: without logs the run goes on.

use std::collections::BTreeMap;

use ballast_sdk::prelude::*;

use crate::note;
use crate::words::{shortened, span};

const LOOKBACK_MS: i64 = 600_000;
const LINES_MAX: u32 = 500;
const PATTERNS_MAX: usize = 3;
const PATTERN_CHARS_MAX: usize = 120;
const ERROR_LEVELS: [&str; 9] =
    ["error", "err", "fatal", "critical", "crit", "alert", "emerg", "emergency", "panic"];

/// Puts the most frequent patterns of the service's error lines on the timeline.
pub(crate) fn report(service: &str, now_ms: i64) {
    let lines = match logs::search(service, "", now_ms - LOOKBACK_MS, LINES_MAX) {
        Ok(lines) => lines,
        Err(error) => return note(format!("logs: going on without them ({error})")),
    };
    let is_error = |line: &&logs::Line| ERROR_LEVELS.contains(&line.level.to_ascii_lowercase().as_str());
    let errors: Vec<&str> = lines.iter().filter(is_error).map(|line| line.message.as_str()).collect();
    note(sentence(&errors, lines.len()));
}

fn sentence(errors: &[&str], lines: usize) -> String {
    let lookback = span(LOOKBACK_MS);
    if errors.is_empty() {
        return format!("logs: no error among the last {lines} lines of {lookback}");
    }
    let patterns = group(errors);
    let top: Vec<String> = patterns
        .iter()
        .take(PATTERNS_MAX)
        .map(|(pattern, count)| format!("{count}x \"{}\"", shortened(pattern, PATTERN_CHARS_MAX)))
        .collect();
    let rest = patterns.len().saturating_sub(PATTERNS_MAX);
    let more = if rest == 0 { String::new() } else { format!("; {rest} more") };
    format!("logs: {} errors in the last {lookback}: {}{more}", errors.len(), top.join("; "))
}

/// The patterns with their counts, the most frequent first.
fn group(messages: &[&str]) -> Vec<(String, usize)> {
    let mut counts = BTreeMap::<String, usize>::new();
    for message in messages {
        *counts.entry(normalised(message)).or_default() += 1;
    }
    let mut patterns: Vec<_> = counts.into_iter().collect();
    patterns.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    patterns
}

/// The message with `#` for whatever differs from one occurrence to the next: numbers, ids, addresses, instants.
fn normalised(message: &str) -> String {
    let mut pattern = String::with_capacity(message.len());
    let mut rest = message.trim();
    while let Some(first) = rest.chars().next() {
        let inside = |c: char| c.is_alphanumeric() == first.is_alphanumeric();
        let end = rest.find(|c: char| !inside(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        push_word(&mut pattern, word);
        rest = after;
    }
    pattern
}

/// Adds a word, so that `10.0.0.1:80` and a UUID become one `#`.
fn push_word(pattern: &mut String, word: &str) {
    let word = variable(word);
    let joint = pattern.strip_suffix(['-', '.', ':', '_']).is_some_and(|before| before.ends_with('#'));
    match word.strip_prefix('#') {
        Some(unit) if joint => {
            pattern.pop();
            pattern.push_str(unit);
        }
        _ => pattern.push_str(&word),
    }
}

/// A word of letters and digits, with `#` for the part that varies. `utf8` and `v2` stay as they are.
fn variable(word: &str) -> String {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let is_hex = digits > 0 && word.chars().all(|c| c.is_ascii_hexdigit());
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_quantity = unit.len() < word.len() && unit.chars().all(char::is_alphabetic);
    if is_quantity && (!is_hex || unit.is_empty()) {
        format!("#{unit}")
    } else if is_hex || (digits >= 2 && word.len() >= 5) {
        "#".to_owned()
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_varies_is_left_out_and_what_is_said_stays() {
        let cases = [
            ("upstream timed out after 503 ms", "upstream timed out after # ms"),
            ("upstream timed out after 1503ms", "upstream timed out after #ms"),
            ("dial 10.0.0.17:5432: refused", "dial #: refused"),
            ("document 5f0c2d3e-8a11-4c6f-9d2b-0a1b2c3d4e5f lost", "document # lost"),
            ("request k3j9x2q: panic in utf8 decoder v2", "request #: panic in utf8 decoder v2"),
            ("at 2026-01-31T03:12:07Z out of memory", "at #Z out of memory"),
            ("  kaputt: größe 7 ", "kaputt: größe #"),
            ("", ""),
        ];
        for (message, pattern) in cases {
            assert_eq!(normalised(message), pattern, "{message}");
        }
    }

    #[test]
    fn the_most_frequent_pattern_comes_first() {
        let messages = ["b 1", "a 1", "a 2", "c 1", "d 1", "a 3"];
        assert_eq!(
            sentence(&messages, 9),
            r##"logs: 6 errors in the last 10 min 0 s: 3x "a #"; 1x "b #"; 1x "c #"; 1 more"##
        );
        assert_eq!(sentence(&[], 9), "logs: no error among the last 9 lines of 10 min 0 s");
    }
}
