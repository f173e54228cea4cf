//! Runs a script against a store and counts.
//!
//! Each instant is evaluated as the middle of a range as well, and at other instants with all that is read pinned to it,
//! as the originals do; all must yield the same.

use std::time::Duration;

use ballast_types::{Labels, Series, Timestamp};

use super::{Command, Eval, Expected, ScriptError, ScriptStore, Steps, When, compare, native, pinned, read};
use crate::syntax::{Features, parse};
use crate::{Answer, Expression, Notes, Options, Value, VectorSample, answer, answer_range};

/// What a range would resolve to other instants than an instant does.
const OF_THE_QUERY: [&str; 4] = ["start()", "end()", "range()", "step()"];

/// What became of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Evaluations that yielded what was expected.
    pub passed: usize,
    /// Evaluations that did not, although no native histogram has a part in them.
    pub failed: Vec<Failure>,
    /// Evaluations that did not, and that select series with native histograms or must yield some.
    pub skipped_native: Vec<Failure>,
}

impl Report {
    /// All evaluations of the script.
    pub fn total(&self) -> usize {
        self.passed + self.failed.len() + self.skipped_native.len()
    }
}

/// An evaluation that did not yield what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The line, from 1.
    pub line: usize,
    /// The expression.
    pub query: String,
    /// What differs.
    pub reason: String,
}

/// Runs several scripts, each by its name and text, each on an empty store. Who calls reads the files.
pub fn run_all<'t>(
    scripts: impl IntoIterator<Item = (&'t str, &'t str)>,
    store: &mut dyn ScriptStore,
) -> Vec<(String, Result<Report, ScriptError>)> {
    scripts.into_iter().map(|(name, text)| (name.to_owned(), run(text, store))).collect()
}

/// Runs a script from its text, on a store that it clears first.
pub fn run(text: &str, store: &mut dyn ScriptStore) -> Result<Report, ScriptError> {
    let mut report = Report::default();
    let mut native: Vec<Labels> = Vec::new();
    let in_store = |line: usize, done: Result<(), String>| {
        done.map_err(|message| ScriptError { line, message: format!("the store: {message}") })
    };
    in_store(1, store.clear())?;
    let mut line = 1;
    for command in read(text)? {
        match command {
            Command::Clear => {
                in_store(line, store.clear())?;
                native.clear();
            }
            Command::Load { line: at, series, native: more } => {
                line = at;
                in_store(line, store.load(&series))?;
                native.extend(more);
            }
            Command::Eval(eval) => {
                line = eval.line;
                in_store(line, store.before_eval())?;
                count(&mut report, *eval, store, &native);
            }
        }
    }
    Ok(report)
}

fn count(report: &mut Report, eval: Eval, store: &dyn ScriptStore, native: &[Labels]) {
    let Err(reason) = check(&eval, store) else {
        report.passed += 1;
        return;
    };
    let list = if native::is_needed(&eval, native) { &mut report.skipped_native } else { &mut report.failed };
    list.push(Failure { line: eval.line, query: eval.query, reason });
}

fn check(eval: &Eval, store: &dyn ScriptStore) -> Result<(), String> {
    let outcome = expression(eval)
        .and_then(|expression| once(&expression, eval, store).map(|found| (expression, found)));
    match (outcome, &eval.expected.fail) {
        (Ok(_), Some(_)) => Err("it did not fail".to_owned()),
        (Err(error), Some(wording)) if wording.is_within(&error) => Ok(()),
        (Err(error), Some(_)) => Err(format!("it failed otherwise: {error}")),
        (Err(error), None) => Err(error),
        (Ok((expression, (found, notes))), None) => {
            annotations(eval, &notes)?;
            match found {
                Found::Range(series, steps) => compare::range(&eval.expected, &series, steps),
                Found::Instant(value, at) => {
                    compare::instant(&eval.expected, &value)?;
                    in_a_range(&expression, eval, store, &value, at)?;
                    pinned_elsewhere(eval, store, at)
                }
            }
        }
    }
}

fn expression(eval: &Eval) -> Result<Expression, String> {
    parse(&eval.query, Features::all()).map_err(|error| error.to_string())
}

fn annotations(eval: &Eval, notes: &Notes) -> Result<(), String> {
    eval.expected.warnings.check("warning", &notes.warnings().collect::<Vec<_>>())?;
    eval.expected.infos.check("info", &notes.infos().collect::<Vec<_>>())
}

enum Found {
    Instant(Value, Timestamp),
    Range(Vec<Series>, Steps),
}

fn once(expression: &Expression, eval: &Eval, store: &dyn ScriptStore) -> Result<(Found, Notes), String> {
    match eval.when {
        When::Instant(at) => {
            let found = answer(expression, store.source(), at, &Options::default());
            let Answer { value, notes } = found.map_err(|error| error.to_string())?;
            Ok((Found::Instant(value, at), notes))
        }
        When::Range(steps) => {
            let (series, notes) = over(expression, store, steps)?;
            Ok((Found::Range(series, steps), notes))
        }
    }
}

fn over(
    expression: &Expression,
    store: &dyn ScriptStore,
    steps: Steps,
) -> Result<(Vec<Series>, Notes), String> {
    let Steps { start, end, step } = steps;
    let found = answer_range(expression, store.source(), start, end, step, &Options::default());
    let Answer { value, notes } = found.map_err(|error| error.to_string())?;
    match value {
        Value::Matrix(series) => Ok((series, notes)),
        _ => Ok((Vec::new(), notes)),
    }
}

/// The same instant as the middle of a range, where that means the same.
fn in_a_range(
    expression: &Expression,
    eval: &Eval,
    store: &dyn ScriptStore,
    value: &Value,
    at: Timestamp,
) -> Result<(), String> {
    let is_window = matches!(value, Value::Matrix(_) | Value::String(_));
    if is_window || eval.expected.ordered || OF_THE_QUERY.iter().any(|name| eval.query.contains(name)) {
        return Ok(());
    }
    let minute = |minutes: i64| Timestamp::from_millis(at.as_millis().saturating_add(minutes * 60_000));
    let steps = Steps { start: minute(-1), end: minute(1), step: Duration::from_secs(60) };
    let in_range = |error: String| format!("within a range: {error}");
    let (series, _) = over(expression, store, steps).map_err(in_range)?;
    let elements = series.into_iter().filter_map(|series| {
        let sample = *series.samples.iter().find(|sample| sample.at == at)?;
        Some(VectorSample { labels: series.labels, at, value: sample.value })
    });
    let mut elements: Vec<VectorSample> = elements.collect();
    let again = match (value, elements.pop()) {
        (Value::Scalar(_), Some(only)) => Value::Scalar(ballast_types::Sample { at, value: only.value }),
        (_, last) => {
            elements.extend(last);
            Value::Vector(elements)
        }
    };
    compare::instant(&eval.expected, &again).map_err(in_range)
}

/// The same at other instants, with all that is read pinned to this one.
fn pinned_elsewhere(eval: &Eval, store: &dyn ScriptStore, at: Timestamp) -> Result<(), String> {
    let Some(query) = pinned::query(&eval.query, at) else { return Ok(()) };
    for instant in pinned::instants(at) {
        let expected = Expected { fail: None, ..eval.expected.clone() };
        let again = Eval { query: query.clone(), when: When::Instant(instant), expected, line: eval.line };
        let pinned = |error: String| format!("pinned by `{query}`, at {} ms: {error}", instant.as_millis());
        let found = expression(&again).and_then(|expression| once(&expression, &again, store));
        let (found, notes) = found.map_err(pinned)?;
        annotations(&again, &notes).map_err(pinned)?;
        if let Found::Instant(value, _) = found {
            compare::instant(&again.expected, &value).map_err(pinned)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::MemorySource;

    fn report(text: &str) -> Report {
        run(text, &mut MemorySource::default()).unwrap()
    }

    #[test]
    fn values_annotations_and_failures_are_compared() {
        let text = "load 1m\n a 0+60x10\n\neval instant at 5m rate(a[5m])\n expect info\n {} 1\n\n";
        assert_eq!(report(text).passed, 1);
        for wrong in [
            text.replace("{} 1", "{} 2"),
            text.replace("expect info", "expect no_info"),
            text.replace("expect info", "expect warn"),
            text.replace("expect info", "expect fail"),
            text.replace("{} 1", "5"),
        ] {
            let failed = report(&wrong).failed;
            assert_eq!((failed.len(), failed[0].line), (1, 4), "{wrong}");
        }
    }

    #[test]
    fn only_what_touches_histograms_is_skipped() {
        let load = "load 1m\n a 1\n b {{count:1}}\n\n";
        let outcome = |eval: &str| {
            let report = report(&format!("{load}eval instant at 0 {eval}\n"));
            (report.passed, report.failed.len(), report.skipped_native.len())
        };
        assert_eq!(outcome("a\n a 1"), (1, 0, 0));
        assert_eq!(outcome("a\n a 2"), (0, 1, 0));
        assert_eq!(outcome("histogram_count(b)\n {} 1"), (0, 0, 1));
        assert_eq!(outcome("a\n a {{count:1}}"), (0, 0, 1));
        assert_eq!(outcome("surely not("), (0, 1, 0));
    }

    #[test]
    fn a_store_may_reopen_before_each_evaluation() {
        #[derive(Default)]
        struct OnDisk {
            written: Vec<Series>,
            open: MemorySource,
        }
        impl ScriptStore for OnDisk {
            fn clear(&mut self) -> Result<(), String> {
                self.written.clear();
                self.open.clear()
            }
            fn load(&mut self, series: &[Series]) -> Result<(), String> {
                self.written.extend_from_slice(series);
                Ok(())
            }
            fn before_eval(&mut self) -> Result<(), String> {
                self.open = MemorySource::of(&self.written);
                Ok(())
            }
            fn source(&self) -> &dyn ballast_types::Queryable {
                &self.open
            }
        }
        let text = "load 1m\n a 1\n\neval instant at 0 a\n a 1\n\nclear\n\neval instant at 0 a\n";
        let reports = run_all([("one", text), ("two", text)], &mut OnDisk::default());
        assert!(reports.iter().all(|(_, report)| report.as_ref().unwrap().passed == 2));
    }

    #[test]
    fn a_store_that_fails_ends_the_script() {
        struct Full(MemorySource);
        impl ScriptStore for Full {
            fn clear(&mut self) -> Result<(), String> {
                self.0.clear()
            }
            fn load(&mut self, _: &[Series]) -> Result<(), String> {
                Err("no room".to_owned())
            }
            fn source(&self) -> &dyn ballast_types::Queryable {
                self.0.source()
            }
        }
        let error = run("\nload 1m\n a 1\n", &mut Full(MemorySource::default())).unwrap_err();
        assert_eq!(error.to_string(), "run the script at line 2: the store: no room");
    }
}
