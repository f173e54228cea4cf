//! From the text of a script to its commands. A block ends at an empty line or a comment, or after a scalar.

use std::time::Duration;

use ballast_types::{Sample, Series, Timestamp, parse_duration};

use super::notation::{self, number};
use super::{Command, Eval, Expected, Row, ScriptError, Steps, When, expect, native};

/// Most values that one script may load and expect, so that a few letters cannot fill the memory.
const SAMPLES_MAX: usize = 10_000_000;

/// Reads a whole script.
pub fn read(text: &str) -> Result<Vec<Command>, ScriptError> {
    let bare = |line: &str| if line.starts_with('#') { String::new() } else { line.to_owned() };
    let lines: Vec<String> = text.lines().map(|line| bare(line.trim())).collect();
    let mut script = Script { lines: &lines, next: 0, samples: 0 };
    let mut commands = Vec::new();
    while let Some(head) = script.advance() {
        if head.is_empty() {
            continue;
        }
        let line = script.next;
        let word = head.split_whitespace().next().unwrap_or_default().to_lowercase();
        let command = match word.as_str() {
            "clear" => Ok(Command::Clear),
            "load" | "load_with_nhcb" => script.load(head, word == "load_with_nhcb"),
            _ if word.starts_with("eval") => script.eval(head, &word).map(|e| Command::Eval(Box::new(e))),
            _ => Err(ScriptError { line, message: format!("unknown command `{word}`") }),
        };
        commands.push(command?);
    }
    Ok(commands)
}

/// The lines, and how many of them were read.
struct Script<'t> {
    lines: &'t [String],
    next: usize,
    samples: usize,
}

impl<'t> Script<'t> {
    fn advance(&mut self) -> Option<&'t str> {
        let line = self.lines.get(self.next)?;
        self.next += 1;
        Some(line)
    }

    /// The next line of a block.
    fn within(&mut self) -> Option<&'t str> {
        self.advance().filter(|line| !line.is_empty())
    }

    fn at_line(&self, message: String) -> ScriptError {
        ScriptError { line: self.next, message }
    }

    fn charge(&mut self, values: usize) -> Result<(), ScriptError> {
        self.samples += values;
        if self.samples > SAMPLES_MAX {
            return Err(self.at_line(format!("more than {SAMPLES_MAX} samples")));
        }
        Ok(())
    }

    fn load(&mut self, head: &str, with_custom_buckets: bool) -> Result<Command, ScriptError> {
        let line = self.next;
        let (_, step) = head.split_once(char::is_whitespace).unwrap_or((head, ""));
        let step_ms = duration(step.trim()).map(millis).map_err(|message| self.at_line(message))?;
        let (mut series, mut native) = (Vec::new(), Vec::new());
        while let Some(text) = self.within() {
            // When series began (`name@st 0s`) is told by later scripts; no store here keeps it.
            if text.split_whitespace().next().is_some_and(|first| first.ends_with("@st")) {
                continue;
            }
            let written = notation::series(text).map_err(|message| self.at_line(message))?;
            self.charge(written.values.len())?;
            let samples = (0i64..).zip(written.values).filter_map(|(index, value)| {
                let at = Timestamp::from_millis(index.saturating_mul(step_ms));
                value.map(|value| Sample { at, value })
            });
            native.extend(written.native.then(|| written.labels.clone()));
            native.extend(with_custom_buckets.then(|| native::made_of(&written.labels)).flatten());
            series.push(Series { samples: samples.collect(), labels: written.labels });
        }
        Ok(Command::Load { line, series, native })
    }

    fn eval(&mut self, head: &str, word: &str) -> Result<Eval, ScriptError> {
        let line = self.next;
        let (_, rest) = head.split_once(char::is_whitespace).unwrap_or((head, ""));
        let (when, query) = when(rest.trim()).map_err(|message| self.at_line(message))?;
        let mut expected = expect::of_command(word).map_err(|message| self.at_line(message))?;
        while let Some(text) = self.within() {
            let rows_before = expected.rows.len();
            let more = outcome(&mut expected, text).map_err(|message| self.at_line(message))?;
            self.charge(expected.rows.iter().skip(rows_before).map(|row| row.values.len()).sum())?;
            if !more {
                break;
            }
        }
        Ok(Eval { line, query: query.to_owned(), when, expected })
    }
}

/// Reads what must come out; `false` after a scalar, which ends the block.
fn outcome(expected: &mut Expected, text: &str) -> Result<bool, String> {
    if expect::line(expected, text)? {
        return Ok(true);
    }
    if let Ok(scalar) = number(text) {
        expected.scalar = Some(scalar);
        return Ok(false);
    }
    let written = notation::series(text)?;
    expected.native |= written.native;
    expected.rows.push(Row { labels: written.labels, values: written.values });
    Ok(true)
}

/// `instant at T QUERY` or `range from T to T step D QUERY`.
fn when(text: &str) -> Result<(When, &str), String> {
    match word(text) {
        ("instant", rest) => match word(rest) {
            ("at", rest) => {
                let (at, query) = word(rest);
                Ok((When::Instant(instant(at)?), query))
            }
            // Without an instant it is the epoch.
            _ => Ok((When::Instant(Timestamp::from_millis(0)), rest)),
        },
        ("range", rest) => {
            let (steps, query) = steps(rest)?;
            Ok((When::Range(steps), query))
        }
        (other, _) => Err(format!("neither `instant` nor `range` but `{other}`")),
    }
}

/// `from T to T step D`, and the rest.
pub(super) fn steps(text: &str) -> Result<(Steps, &str), String> {
    let mut rest = text;
    let mut after = |name: &str| -> Result<&str, String> {
        let (found, left) = word(rest);
        if found != name {
            return Err(format!("`{name}` is missing in `from T to T step D`"));
        }
        let (value, left) = word(left);
        rest = left;
        Ok(value)
    };
    let (start, end) = (instant(after("from")?)?, instant(after("to")?)?);
    let step = duration(after("step")?)?;
    if end < start {
        return Err("the end lies before the start".to_owned());
    }
    Ok((Steps { start, end, step }, rest))
}

/// The first word, and the rest without the blanks between.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

fn instant(text: &str) -> Result<Timestamp, String> {
    match text.strip_prefix('-') {
        Some(before) => Ok(Timestamp::from_millis(-millis(duration(before)?))),
        None => Ok(Timestamp::from_millis(millis(duration(text)?))),
    }
}

/// A duration, or seconds.
fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).or_else(|error| {
        let secs: f64 = text.parse().map_err(|_| error.to_string())?;
        Duration::try_from_secs_f64(secs).map_err(|_| error.to_string())
    })
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(
            words in proptest::collection::vec(
                prop_oneof![
                    Just("load 1m\n".to_owned()),
                    Just("eval instant at 1m ".to_owned()),
                    Just("eval range from 0 to 5m step ".to_owned()),
                    Just("\n expect ".to_owned()),
                    Just("msg:".to_owned()),
                    "[a-z{}\"'=,_x+0-9 .-]{0,8}",
                    "\\PC{0,4}",
                    Just("\n".to_owned()),
                ],
                0..12,
            )
        ) {
            let _ = read(&words.concat());
        }
    }

    #[test]
    fn commands_are_read_with_their_lines() {
        let text = "load 10s53ms\n a@st 0s _\n a 1 2\n{\"b c\"} 3\n\n# x\nCLEAR\nEVAL instant 1 + 1\n 2\neval_info range from 0 to 1m step 30 a\n";
        let commands = read(text).unwrap();
        let [Command::Load { series, .. }, Command::Clear, Command::Eval(scalar), Command::Eval(range)] =
            commands.as_slice()
        else {
            panic!("{commands:?}")
        };
        assert_eq!(series[0].samples[1].at, Timestamp::from_millis(10_053));
        assert_eq!(series[1].labels.metric_name(), Some("b c"));
        assert_eq!((scalar.query.as_str(), scalar.expected.scalar, scalar.line), ("1 + 1", Some(2.0), 8));
        assert_eq!((range.query.as_str(), range.line), ("a", 10));
        let end = Timestamp::from_secs(60);
        let start = Timestamp::from_secs(0);
        assert_eq!(range.when, When::Range(Steps { start, end, step: Duration::from_secs(30) }));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        let expects_too_many = format!("eval range from 0 to 1m step 1s a\n{}", "  a _x1000000\n".repeat(20));
        for (text, line) in [
            (expects_too_many.as_str(), 12),
            ("load 5m\n  a 1 x2y\n", 2),
            ("\nlaod 5m\n", 2),
            ("load x\n", 1),
            ("eval sometimes 1\n", 1),
            ("eval instant at 5m a\n  expect luck\n", 2),
            ("eval range from 5m to 1m step 1m a\n", 1),
            ("load 1s\n a 1x1000000000\n", 2),
        ] {
            assert_eq!(read(text).unwrap_err().line, line, "{text}");
        }
    }

    #[test]
    fn series_that_hold_histograms_are_named() {
        let native = |text: &str| match read(text).unwrap().remove(0) {
            Command::Load { native, .. } => {
                native.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            }
            _ => String::new(),
        };
        assert_eq!(native("load 1m\n a 1\n b{c=\"d\"} {{sum:1 count:2}}x3\n"), "b{c=\"d\"}");
        assert_eq!(native("load_with_nhcb 1m\n a 1\n b_bucket{c=\"d\",le=\"1\"} 1\n"), "b{c=\"d\"}");
    }
}
