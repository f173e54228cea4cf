//! From the text of a script to its commands. A block ends at an empty line or a comment.

use std::time::Duration;

use ballast_types::{Sample, Series, Timestamp, parse_duration};

use super::notation::{self, number};
use super::{Command, Eval, Expected, Row, ScriptError, When};

/// Reads a whole script.
pub fn read(text: &str) -> Result<Vec<Command>, ScriptError> {
    let mut commands = Vec::new();
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .map(|(number, line)| (number, if line.starts_with('#') { "" } else { line }));
    while let Some((line, head)) = lines.next() {
        if head.is_empty() {
            continue;
        }
        let word = head.split_whitespace().next().unwrap_or_default();
        let at_line = |message: String| ScriptError { line, message };
        if word == "clear" {
            commands.push(Command::Clear);
            continue;
        }
        let block: Vec<(usize, &str)> = lines.by_ref().take_while(|(_, line)| !line.is_empty()).collect();
        commands.push(match word {
            "load" | "load_with_nhcb" => load(head, &block)?,
            _ if word.starts_with("eval") => Command::Eval(Box::new(eval(line, head, &block)?)),
            _ => return Err(at_line(format!("unknown command `{word}`"))),
        });
    }
    Ok(commands)
}

fn load(head: &str, block: &[(usize, &str)]) -> Result<Command, ScriptError> {
    let first = block.first().map_or(1, |(line, _)| line.saturating_sub(1));
    let (word, step) = head.split_once(char::is_whitespace).unwrap_or((head, ""));
    let step = duration(step.trim()).map_err(|message| ScriptError { line: first, message })?;
    let mut native = word == "load_with_nhcb";
    let mut all = Vec::new();
    for (line, text) in block {
        let written = notation::series(text).map_err(|message| ScriptError { line: *line, message })?;
        native |= written.native;
        let samples = (0i64..).zip(written.values).filter_map(|(index, value)| {
            let at = Timestamp::from_millis(index.saturating_mul(millis(step)));
            value.map(|value| Sample { at, value })
        });
        all.push(Series { labels: written.labels, samples: samples.collect() });
    }
    Ok(Command::Load { series: all, native })
}

fn eval(line: usize, head: &str, block: &[(usize, &str)]) -> Result<Eval, ScriptError> {
    let at_line = |message: String| ScriptError { line, message };
    let (word, rest) = head.split_once(char::is_whitespace).unwrap_or((head, ""));
    let (when, query) = when(rest.trim()).map_err(at_line)?;
    let mut expected =
        Expected { fail: word == "eval_fail", ordered: word == "eval_ordered", ..Expected::default() };
    for (line, text) in block {
        expect(&mut expected, text).map_err(|message| ScriptError { line: *line, message })?;
    }
    Ok(Eval { line, query: query.to_owned(), when, expected })
}

/// `instant at T QUERY` or `range from T to T step D QUERY`.
fn when(text: &str) -> Result<(When, &str), String> {
    let word = |text: &str| -> Result<(String, String), String> {
        let (word, rest) = text.split_once(char::is_whitespace).ok_or("the command ends too early")?;
        Ok((word.to_owned(), rest.trim_start().to_owned()))
    };
    let mut rest = text.to_owned();
    let mut next = || -> Result<String, String> {
        let (first, left) = word(&rest)?;
        rest = left;
        Ok(first)
    };
    let when = match next()?.as_str() {
        "instant" => {
            next()?;
            When::Instant(instant(&next()?)?)
        }
        "range" => {
            next()?;
            let start = instant(&next()?)?;
            next()?;
            let end = instant(&next()?)?;
            next()?;
            When::Range { start, end, step: duration(&next()?)? }
        }
        other => return Err(format!("neither `instant` nor `range` but `{other}`")),
    };
    let query_at = text.len() - rest.len();
    Ok((when, text.get(query_at..).unwrap_or_default()))
}

fn expect(expected: &mut Expected, text: &str) -> Result<(), String> {
    if let Some(rest) = text.strip_prefix("expect ") {
        return directive(expected, rest.trim());
    }
    if let Some(message) = text.strip_prefix("expected_fail_message ") {
        expected.fail_message = Some(message.trim().to_owned());
        return Ok(());
    }
    if text.starts_with("expected_fail_regexp ") {
        return Ok(());
    }
    if let Ok(scalar) = number(text) {
        expected.scalar = Some(scalar);
        return Ok(());
    }
    expected.native |= text.contains("{{");
    let written = notation::series(text)?;
    expected.rows.push(Row { labels: written.labels, values: written.values });
    Ok(())
}

/// Annotations (`warn`, `info` and their opposites) are not compared: evaluation yields none yet.
fn directive(expected: &mut Expected, rest: &str) -> Result<(), String> {
    let (word, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    match word {
        "fail" => {
            expected.fail = true;
            expected.fail_message = rest.trim().strip_prefix("msg:").map(|message| message.trim().to_owned());
        }
        "ordered" => expected.ordered = true,
        "string" => expected.text = Some(unquote(rest.trim())),
        "range" => {
            let words: Vec<&str> = rest.split_whitespace().collect();
            let ["vector", "from", start, "to", _, "step", step] = words.as_slice() else {
                return Err("`expect range vector from T to T step D`".to_owned());
            };
            expected.window = Some((instant(start)?, duration(step)?));
        }
        "warn" | "info" | "no_warn" | "no_info" => {}
        other => return Err(format!("unknown expectation `{other}`")),
    }
    Ok(())
}

fn unquote(text: &str) -> String {
    let inner = text.strip_prefix(['"', '`', '\'']).and_then(|t| t.strip_suffix(['"', '`', '\'']));
    inner.unwrap_or(text).replace("\\\"", "\"").replace("\\\\", "\\")
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Ok(Timestamp::from_millis(millis(duration(text)?)))
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
