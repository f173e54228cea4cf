//! What a bench found, as a table for people and as one line of JSON for machines.
//!
//! A ratio is ours divided by the peer's; without a peer, or with a peer of zero, there is none.

use std::fmt::Write;

use serde::Serialize;

use super::spread::Spread;

/// What a measure should reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Aim {
    /// In words, such as "at most 10 µs".
    pub(crate) text: String,
    /// Whether it was reached.
    pub(crate) met: bool,
}

/// One measure.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) measure: String,
    /// Its unit.
    pub(crate) unit: String,
    /// Our readings.
    pub(crate) ours: Spread,
    /// The peer's name and readings.
    pub(crate) peer: Option<(String, Spread)>,
    /// What it should reach.
    pub(crate) aim: Option<Aim>,
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        let (_, peer) = self.peer.as_ref()?;
        (peer.median != 0.0).then(|| self.ours.median / peer.median)
    }
}

/// All rows of one bench.
pub(crate) struct Report {
    /// Which bench.
    pub(crate) bench: &'static str,
    /// What it found.
    pub(crate) rows: Vec<Row>,
}

/// The line of JSON. Field order and names are read by others: they stay.
#[derive(Serialize)]
struct Line<'a> {
    bench: &'a str,
    rows: Vec<LineRow<'a>>,
}

#[derive(Serialize)]
struct LineRow<'a> {
    measure: &'a str,
    unit: &'a str,
    ours: f64,
    peer: Option<f64>,
    peer_name: Option<&'a str>,
    ratio: Option<f64>,
    aim: Option<&'a str>,
    met: Option<bool>,
}

impl<'a> From<&'a Row> for LineRow<'a> {
    fn from(row: &'a Row) -> Self {
        Self {
            measure: &row.measure,
            unit: &row.unit,
            ours: row.ours.median,
            peer: row.peer.as_ref().map(|(_, spread)| spread.median),
            peer_name: row.peer.as_ref().map(|(name, _)| name.as_str()),
            ratio: row.ratio(),
            aim: row.aim.as_ref().map(|aim| aim.text.as_str()),
            met: row.aim.as_ref().map(|aim| aim.met),
        }
    }
}

const HEADER: [&str; 7] =
    ["measure", "unit", "ours (min .. max)", "peer (min .. max)", "ratio", "aim", "met"];

impl Report {
    /// The result on one line.
    pub(crate) fn json(&self) -> String {
        let line = Line { bench: self.bench, rows: self.rows.iter().map(LineRow::from).collect() };
        // Strings and finite numbers always serialise; anything else would be an empty line, which no reader takes.
        serde_json::to_string(&line).unwrap_or_default()
    }

    /// The result as aligned columns, medians with their spread.
    pub(crate) fn table(&self) -> String {
        let mut lines = vec![HEADER.map(str::to_owned)];
        lines.extend(self.rows.iter().map(cells));
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..HEADER.len()).map(width).collect();
        let mut table = String::new();
        for line in &lines {
            let padded = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            let _ = writeln!(table, "{}", padded.collect::<Vec<_>>().join("  ").trim_end());
        }
        table
    }
}

fn cells(row: &Row) -> [String; 7] {
    let dash = || "-".to_owned();
    let peer =
        row.peer.as_ref().map_or_else(dash, |(name, spread)| format!("{name}: {}", with_spread(spread)));
    let met = |aim: &Aim| if aim.met { "yes".to_owned() } else { "NO".to_owned() };
    [
        row.measure.clone(),
        row.unit.clone(),
        with_spread(&row.ours),
        peer,
        row.ratio().map_or_else(dash, |ratio| format!("{ratio:.2}")),
        row.aim.as_ref().map_or_else(dash, |aim| aim.text.clone()),
        row.aim.as_ref().map_or_else(dash, met),
    ]
}

fn with_spread(spread: &Spread) -> String {
    format!("{} ({} .. {})", short(spread.median), short(spread.min), short(spread.max))
}

/// Three digits that matter, never an exponent.
fn short(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 || size == 0.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.4}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    fn report() -> Report {
        let ours = Spread { min: 3.5, median: 4.0, max: 4.5 };
        let alone = Row {
            measure: "call".into(),
            unit: "us".into(),
            ours,
            peer: None,
            aim: Some(Aim { text: "at most 10 us".into(), met: true }),
        };
        let peer = Some(("prometheus".into(), Spread { min: 7.0, median: 8.0, max: 123.0 }));
        let beside = Row { measure: "CPU".into(), unit: "s".into(), ours, peer, aim: None };
        Report { bench: "plugin", rows: vec![alone, beside] }
    }

    #[test]
    fn the_line_of_json_has_every_field_and_null_without_a_peer() {
        let expected = concat!(
            r#"{"bench":"plugin","rows":[{"measure":"call","unit":"us","ours":4.0,"peer":null,"peer_name":null,"#,
            r#""ratio":null,"aim":"at most 10 us","met":true},{"measure":"CPU","unit":"s","ours":4.0,"peer":8.0,"#,
            r#""peer_name":"prometheus","ratio":0.5,"aim":null,"met":null}]}"#
        );
        assert_eq!(report().json(), expected);
    }

    #[test]
    fn the_table_shows_medians_with_their_spread() {
        let table = report().table();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].contains("4.00 (3.50 .. 4.50)") && lines[1].ends_with("yes"), "{table}");
        assert!(lines[2].contains("prometheus: 8.00 (7.00 .. 123)  0.50"), "{table}");
    }
}
