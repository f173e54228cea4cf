//! Bench `plugin`: what a plugin costs to start, call and drop. The sandbox's own program measures, in its own process.
//!
//! This side builds it with the release profile, runs it on the smallest guest there is, and reads a line of JSON a measure.

use serde::Deserialize;

use super::report::{Aim, Row};
use super::spread::Spread;
use super::{Bench, Context};
use crate::error::{Error, Result};
use crate::{process, setup};

/// The guest that is measured, in target/test-guests.
const GUEST: &str = "minimal.wasm";

/// Instantiate, call and drop a plugin.
pub(crate) struct Plugin;

/// One line of the sandbox's program.
#[derive(Deserialize)]
struct Line {
    measure: String,
    unit: String,
    value: f64,
    min: Option<f64>,
    max: Option<f64>,
    aim: Option<String>,
    met: Option<bool>,
}

impl Bench for Plugin {
    fn name(&self) -> &'static str {
        "plugin"
    }

    fn description(&self) -> &'static str {
        "instantiate, call and drop a Rust plugin: latency, throughput, memory an instance"
    }

    fn measure(&self, context: &Context<'_>) -> Result<Vec<Row>> {
        let workspace = context.workspace;
        setup::guests(workspace)?;
        let guest = workspace.test_guests().join(GUEST);
        let mut run = process::cargo(workspace.root());
        run.args(["run", "--release", "-p", "ballast-tests", "--bin", "bench-plugin", "--", "--guest"])
            .arg(guest);
        parse(&process::read(run.envs(workspace.environment()))?)
    }
}

/// The rows in `output`; lines that are no JSON object are for people and are skipped.
fn parse(output: &str) -> Result<Vec<Row>> {
    let lines = output.lines().filter(|line| line.trim_start().starts_with('{'));
    let rows =
        lines.map(|line| serde_json::from_str(line).map(row).map_err(|error| unreadable(line, &error)));
    let rows = rows.collect::<Result<Vec<_>>>()?;
    if rows.is_empty() {
        Err(Error::Said("find a measure in what bench-plugin printed".into()))
    } else {
        Ok(rows)
    }
}

fn unreadable(line: &str, error: &serde_json::Error) -> Error {
    Error::Said(format!("understand bench-plugin's line {line}: {error}"))
}

fn row(line: Line) -> Row {
    let Line { measure, unit, value, min, max, aim, met } = line;
    let ours = Spread { min: min.unwrap_or(value), median: value, max: max.unwrap_or(value) };
    let aim = aim.zip(met).map(|(text, met)| Aim { text, met });
    Row { measure, unit, ours, peer: None, aim }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn lines_become_rows_and_the_spread_may_be_missing() {
        let output = "warming up\n\
            {\"measure\":\"call\",\"unit\":\"us\",\"value\":4.0,\"min\":3.0,\"max\":9.5,\"aim\":\"at most 10 us\",\"met\":true}\n\
            {\"measure\":\"memory\",\"unit\":\"KiB\",\"value\":20.0}\n";
        let rows = parse(output).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].ours, Spread { min: 3.0, median: 4.0, max: 9.5 });
        assert_eq!(rows[0].aim, Some(Aim { text: "at most 10 us".into(), met: true }));
        assert_eq!((rows[1].ours, &rows[1].aim), (Spread { min: 20.0, median: 20.0, max: 20.0 }, &None));
    }

    #[test]
    fn output_without_a_measure_is_an_error() {
        assert!(parse("nothing\n").is_err());
        let text = parse("{\"measure\":1}\n").unwrap_err().to_string();
        assert!(text.starts_with("understand bench-plugin's line"), "{text}");
    }
}
