//! Measures that a program of ours printed: one JSON object a line.

use serde::Deserialize;

use super::report::{Aim, Row};
use super::spread::Spread;
use crate::error::{Error, Result};

/// One line.
#[derive(Deserialize)]
struct Line {
    measure: String,
    unit: String,
    value: f64,
    min: Option<f64>,
    max: Option<f64>,
    peer: Option<PeerLine>,
    aim: Option<String>,
    met: Option<bool>,
}

#[derive(Deserialize)]
struct PeerLine {
    name: String,
    value: f64,
    min: f64,
    max: f64,
}

/// The rows in `output`; lines that are no JSON object are for people and are skipped.
pub(super) fn parse(program: &str, output: &str) -> Result<Vec<Row>> {
    let lines = output.lines().filter(|line| line.trim_start().starts_with('{'));
    let read = |line: &str| {
        let unreadable = |error| Error::Said(format!("understand {program}'s line {line}: {error}"));
        serde_json::from_str(line).map(row).map_err(unreadable)
    };
    let rows = lines.map(read).collect::<Result<Vec<_>>>()?;
    if rows.is_empty() {
        Err(Error::Said(format!("find a measure in what {program} printed")))
    } else {
        Ok(rows)
    }
}

fn row(line: Line) -> Row {
    let Line { measure, unit, value, min, max, peer, aim, met } = line;
    let ours = Spread { min: min.unwrap_or(value), median: value, max: max.unwrap_or(value) };
    let peer = peer.map(|peer| (peer.name, Spread { min: peer.min, median: peer.value, max: peer.max }));
    let aim = aim.zip(met).map(|(text, met)| Aim { text, met });
    Row { measure, unit, ours, peer, aim }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn lines_become_rows_and_spread_and_peer_may_be_missing() {
        let output = "warming up\n\
            {\"measure\":\"call\",\"unit\":\"us\",\"value\":4.0,\"min\":3.0,\"max\":9.5,\"aim\":\"at most 10 us\",\"met\":true}\n\
            {\"measure\":\"memory\",\"unit\":\"KiB\",\"value\":20.0,\"peer\":{\"name\":\"p\",\"value\":2,\"min\":1,\"max\":3},\"aim\":null}\n";
        let rows = parse("bench-x", output).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].ours, Spread { min: 3.0, median: 4.0, max: 9.5 });
        assert_eq!(rows[0].aim, Some(Aim { text: "at most 10 us".into(), met: true }));
        assert_eq!((rows[1].ours, &rows[1].aim), (Spread { min: 20.0, median: 20.0, max: 20.0 }, &None));
        assert_eq!(rows[1].peer, Some(("p".into(), Spread { min: 1.0, median: 2.0, max: 3.0 })));
    }

    #[test]
    fn output_without_a_measure_is_an_error() {
        assert!(parse("bench-x", "nothing\n").is_err());
        let text = parse("bench-x", "{\"measure\":1}\n").unwrap_err().to_string();
        assert!(text.starts_with("understand bench-x's line"), "{text}");
    }
}
