//! Runs a script against a store and counts.

use super::{Command, Eval, ScriptError, ScriptStore, When, compare, read};
use crate::{Options, evaluate, evaluate_range, parse};

/// What became of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Evaluations that yielded what was expected.
    pub passed: usize,
    /// Evaluations that did not, although nothing about them is a native histogram.
    pub failed: Vec<Failure>,
    /// Evaluations that did not, where native histograms were loaded or expected.
    pub native: usize,
}

impl Report {
    /// All evaluations of the script.
    pub fn total(&self) -> usize {
        self.passed + self.failed.len() + self.native
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

/// Runs a script from its text.
pub fn run(text: &str, store: &mut dyn ScriptStore) -> Result<Report, ScriptError> {
    let mut report = Report::default();
    let mut native_loaded = false;
    for command in read(text)? {
        match command {
            Command::Clear => {
                store.clear();
                native_loaded = false;
            }
            Command::Load { series, native } => {
                store.load(&series);
                native_loaded |= native;
            }
            Command::Eval(eval) => match check(&eval, store) {
                Ok(()) => report.passed += 1,
                Err(reason) if (native_loaded || eval.expected.native) && !is_parse_error(&reason) => {
                    report.native += 1;
                }
                Err(reason) => report.failed.push(Failure { line: eval.line, query: eval.query, reason }),
            },
        }
    }
    Ok(report)
}

/// An expression that we cannot read is our lack, whatever was loaded.
fn is_parse_error(reason: &str) -> bool {
    reason.starts_with("parse the expression")
}

fn check(eval: &Eval, store: &dyn ScriptStore) -> Result<(), String> {
    let outcome = evaluate_once(eval, store);
    if !eval.expected.fail {
        return outcome?;
    }
    match (outcome, &eval.expected.fail_message) {
        (Ok(_), _) => Err("it did not fail".to_owned()),
        (Err(error), Some(message)) if !error.contains(message.as_str()) => {
            Err(format!("it failed otherwise: {error}"))
        }
        (Err(_), _) => Ok(()),
    }
}

/// The outer result is the evaluation's, the inner one the comparison's.
fn evaluate_once(eval: &Eval, store: &dyn ScriptStore) -> Result<Result<(), String>, String> {
    let expression = parse(&eval.query).map_err(|error| error.to_string())?;
    let options = Options::default();
    match eval.when {
        When::Instant(at) => {
            let value =
                evaluate(&expression, store.source(), at, &options).map_err(|error| error.to_string())?;
            Ok(compare::instant(&eval.expected, value))
        }
        When::Range { start, end, step } => {
            let series = evaluate_range(&expression, store.source(), start, end, step, &options)
                .map_err(|error| error.to_string())?;
            Ok(compare::range(&eval.expected, &series, start, step))
        }
    }
}
