//! Looks at the pure rooms: they decide on what they are given, and neither read a clock nor reach out of their arguments.
//!
//! It reads lines, not syntax, and leaves tests and comments alone. What is a value only may be named although it lives
//! next to I/O, such as `std::net::IpAddr`.

use std::fs;
use std::path::Path;

use super::files::sources;
use crate::error::{Error, Result};

/// The rooms that decide only. Time comes to them as a parameter.
const PURE: [&str; 6] = ["types", "promql", "alerting", "response", "automation", "tsdb"];
/// The pure room that keeps a log of its own on disk.
const WITH_FILES: &str = "tsdb";
const FILES: &str = "std::fs";
/// What reaches out of a room, and what it would do.
const REACHES: [(&str, &str); 9] = [
    ("SystemTime", "reads the clock"),
    ("Instant::now", "reads the clock"),
    ("thread::sleep", "waits"),
    ("thread::spawn", "starts a thread"),
    ("std::env", "reads the environment"),
    ("std::net", "opens the network"),
    (FILES, "opens files"),
    ("tokio::", "waits on a runtime"),
    ("rand::", "draws random numbers"),
];
/// Values without an effect.
const HARMLESS: [&str; 3] = ["std::net::IpAddr", "std::net::Ipv4Addr", "std::net::Ipv6Addr"];

/// Every line of a pure room that reaches out, a line each.
pub(crate) fn violations(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for room in PURE {
        for path in sources(&root.join("host").join(room).join("src"))? {
            let name = path.strip_prefix(root).unwrap_or(&path);
            if is_test(name) {
                continue;
            }
            let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
            found.extend(in_source(room, &name.display().to_string(), &text));
        }
    }
    Ok(found)
}

fn is_test(name: &Path) -> bool {
    name.ends_with("tests.rs") || name.components().any(|part| part.as_os_str() == "tests")
}

fn in_source(room: &str, name: &str, text: &str) -> Vec<String> {
    let lines = code(text).flat_map(|(at, line)| reaches(room, line).map(move |found| (at, found)));
    lines
        .map(|(at, (word, does))| {
            format!(
                "{name}:{at}: `{word}` {does}; {room} is pure: take it as a parameter or go through a port"
            )
        })
        .collect()
}

fn reaches(room: &str, line: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let line = HARMLESS.iter().fold(line.to_owned(), |line, value| line.replace(value, ""));
    let kept = move |word: &str| word == FILES && room == WITH_FILES;
    let kept: Vec<_> = REACHES.into_iter().filter(|(word, _)| !kept(word) && names(&line, word)).collect();
    kept.into_iter()
}

/// Whether the word stands there on its own, and not as the end of a longer one such as `operand::`.
fn names(line: &str, word: &str) -> bool {
    let ends_a_name =
        |before: &str| before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
    line.match_indices(word).any(|(at, _)| !line.get(..at).is_some_and(ends_a_name))
}

/// The lines that are neither comment nor test, with their numbers. A test's item ends where its indentation says so.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut test: Option<usize> = None;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let line = line.split("//").next().unwrap_or_default().trim_end();
        let indent = line.len() - line.trim_start().len();
        if test.is_none() && line.trim_start().starts_with("#[cfg(test)]") {
            test = Some(indent);
        }
        let Some(of_test) = test else { return Some((at + 1, line)) };
        if indent == of_test && line.ends_with(['}', ';']) {
            test = None;
        }
        None
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    /// The line and the word of each finding.
    fn found(room: &str, text: &str) -> Vec<(String, String)> {
        let place = |line: String| {
            let mut parts = line.splitn(3, ':').map(str::to_owned);
            let (_, at, rest) = (parts.next(), parts.next().unwrap(), parts.next().unwrap());
            (at, rest.split('`').nth(1).unwrap().to_owned())
        };
        in_source(room, "host/a.rs", text).into_iter().map(place).collect()
    }

    fn line(at: &str, word: &str) -> (String, String) {
        (at.to_owned(), word.to_owned())
    }

    #[test]
    fn each_way_out_is_named_at_its_line() {
        for (word, _) in REACHES {
            let text = format!("//! P.\n\nfn a() {{ let _ = {word}x(); }}\n");
            assert_eq!(found("promql", &text), [line("3", word)]);
        }
        let whole = in_source("types", "host/types/src/a.rs", "let now = Instant::now();\n");
        assert_eq!(
            whole,
            [
                "host/types/src/a.rs:1: `Instant::now` reads the clock; types is pure: take it as a parameter or go through a port"
            ]
        );
    }

    #[test]
    fn only_the_series_store_opens_files() {
        let text = "use std::fs::{self, File};\nuse std::env;\n";
        assert_eq!(found("tsdb", text), [line("2", "std::env")]);
        assert_eq!(found("alerting", text), [line("1", "std::fs"), line("2", "std::env")]);
    }

    #[test]
    fn values_comments_and_longer_names_are_no_way_out() {
        let text =
            "/// Not from SystemTime.\nlet a: std::net::IpAddr = b; // tokio::spawn\noperand::of(a);\n";
        assert_eq!(found("promql", text), []);
        assert_eq!(found("promql", "use std::net::{IpAddr, TcpStream};\n"), [line("1", "std::net")]);
    }

    #[test]
    fn tests_may_and_the_code_after_them_may_not() {
        let text =
            "#[cfg(test)]\nmod tests {\n    fn a() {\n        std::env::vars();\n    }\n}\nuse rand::Rng;\n";
        assert_eq!(found("response", text), [line("7", "rand::")]);
        let text = "#[cfg(test)]\nuse rand::Rng;\nuse tokio::time;\n";
        assert_eq!(found("response", text), [line("3", "tokio::")]);
        assert!(
            is_test(Path::new("host/tsdb/src/log/tests.rs")) && is_test(Path::new("host/a/src/tests/b.rs"))
        );
        assert!(!is_test(Path::new("host/a/src/contests.rs")));
    }
}
