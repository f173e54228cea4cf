//! Entries for the fuzzers: any bytes as an expression or as a script. Nothing here knows which values are right; it asks that
//! nothing panics, that what is written reads as the same, and that little work is done where little is allowed.
//!
//! The fuzzers are in tests/fuzz; tests/corpus.rs replays their kept inputs.

use std::sync::LazyLock;
use std::time::Duration;

use ballast_types::{Series, Timestamp};

use crate::script::{self, Command, MemorySource};
use crate::syntax::{self, EXPRESSION_BYTES_MAX, Features};
use crate::{Options, evaluate, evaluate_range};

/// A few series of each kind that functions tell apart.
const SERIES: &str = r#"
load 1m
  a{job="x",code="200"} 0+7x10
  a{job="x",code="500"} 5 4 9 _ _ 1 stale 3 NaN Inf -Inf
  a{job="y",code="200"} 0+0.1x10
  b{job="x"} 1 _x3 -2.5 0x5
  {"c.d","e f"="é"} 3x10
  h_bucket{job="x",le="0.1"} 0+1x10
  h_bucket{job="x",le="1"} 0+3x10
  h_bucket{job="x",le="+Inf"} 0+4x10
  target_info{job="x",instance="i",version="1"} 1x10
"#;

static SOURCE: LazyLock<MemorySource> = LazyLock::new(|| {
    let series = |command: Command| match command {
        Command::Load { series, .. } => series,
        Command::Clear | Command::Eval(_) => Vec::new(),
    };
    let all: Vec<Series> = script::read(SERIES).into_iter().flatten().flat_map(series).collect();
    assert_eq!(all.len(), 9, "the series can be read");
    MemorySource::of(&all)
});

/// An expression: its canonical and its pretty text parse to the same, and it is evaluated with little to spend.
pub fn promql(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(expression) = syntax::parse(text, Features::all()) else { return };
    for again in [expression.to_string(), expression.pretty()] {
        // A character that is escaped is longer.
        if again.len() <= EXPRESSION_BYTES_MAX {
            let found = syntax::parse(&again, Features::all());
            assert_eq!(found.as_ref(), Ok(&expression), "{again:?} reads as the same");
        }
    }
    let options = Options { samples_max: 10_000, ..Options::default() };
    let minute = |minutes: i64| Timestamp::from_secs(60 * minutes);
    for at in [minute(7), Timestamp::from_millis(-1)] {
        let _answer = evaluate(&expression, &*SOURCE, at, &options);
    }
    let _answer =
        evaluate_range(&expression, &*SOURCE, minute(3), minute(9), Duration::from_secs(45), &options);
}

/// A script: it is read and not run.
pub fn promql_script(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _commands = script::read(text);
}
