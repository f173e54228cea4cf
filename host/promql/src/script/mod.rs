//! The small language in which PromQL's behaviour is written down: `load` series, `eval` expressions, compare.
//!
//! It is the format of Prometheus's own test scripts, so that those can be run unchanged. Pure: the text and the store
//! come in as parameters. Native histograms are read over (their places stay empty); an evaluation that they keep from its
//! result is counted apart.
//!
//! ```text
//! load 1m
//!   requests{job="a"} 0+10x5 _ stale
//!
//! eval instant at 5m rate(requests[5m])
//!   expect info
//!   {job="a"} 0.16666666666666666
//! ```

mod compare;
mod expect;
mod memory;
mod native;
mod notation;
mod pinned;
mod read;
mod run;

use std::time::Duration;

use ballast_types::{Labels, Queryable, Series, Timestamp};

pub use expect::{Annotations, Wording};
pub use memory::MemorySource;
pub use read::read;
pub use run::{Failure, Report, run, run_all};

/// Why a text is no script, or could not be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("run the script at line {line}: {message}")]
pub struct ScriptError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

/// One command of a script.
#[derive(Clone, Debug)]
pub enum Command {
    /// Forget all series.
    Clear,
    /// Add series.
    Load {
        /// The line, from 1.
        line: usize,
        /// The series, the first sample of each at the epoch.
        series: Vec<Series>,
        /// Series of which native histograms were left out, written as such or to be made of classic ones.
        native: Vec<Labels>,
    },
    /// Evaluate and compare.
    Eval(Box<Eval>),
}

/// An evaluation and what it must yield.
#[derive(Clone, Debug)]
pub struct Eval {
    /// The line, from 1.
    pub line: usize,
    /// The expression.
    pub query: String,
    /// At which instants.
    pub when: When,
    /// What must come out.
    pub expected: Expected,
}

/// The instants of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// One instant.
    Instant(Timestamp),
    /// Several.
    Range(Steps),
}

/// Instants at one distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// The first.
    pub start: Timestamp,
    /// The last at most.
    pub end: Timestamp,
    /// From one to the next.
    pub step: Duration,
}

/// What an evaluation must yield.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// It must fail, with such a message.
    pub fail: Option<Wording>,
    /// The warnings.
    pub warnings: Annotations,
    /// The infos.
    pub infos: Annotations,
    /// The order counts.
    pub ordered: bool,
    /// A string.
    pub text: Option<String>,
    /// The rows are windows over these instants.
    pub window: Option<Steps>,
    /// A scalar.
    pub scalar: Option<f64>,
    /// The series, with a value or a gap at each instant.
    pub rows: Vec<Row>,
    /// Something expected is a native histogram.
    pub native: bool,
}

/// One expected series.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its labels.
    pub labels: Labels,
    /// A value at each instant, `None` for a gap.
    pub values: Vec<Option<f64>>,
}

/// Where a script keeps its series; a store under test can stand in for the memory. An error ends the script.
pub trait ScriptStore {
    /// Forgets everything.
    fn clear(&mut self) -> Result<(), String>;
    /// Adds samples to what is there.
    fn load(&mut self, series: &[Series]) -> Result<(), String>;
    /// Comes before each evaluation: a store on disk may write what it has and open again.
    fn before_eval(&mut self) -> Result<(), String> {
        Ok(())
    }
    /// What expressions read.
    fn source(&self) -> &dyn Queryable;
}
