//! Asking the series store: PromQL at an instant or over a range, which series there are, their labels, exemplars and
//! metadata. What is asked for is parsed here; who asks, and in which shape the answer travels, is the caller's.
//!
//! Invariants: questions take turns, and those about one instant never queue behind ranges; each has a time in all, the
//! queue included; one that nobody waits for any more stops.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ballast_ports::{Clock, RemoteError, SeriesStore};
use ballast_promql::syntax::{Features, ast::Expr};
use ballast_promql::{EvalError, Expression, Interrupt, Options, Value};
use ballast_types::series::{Want, is_stale};
use ballast_types::{Found, Labels, Matcher, QueryError, Sample, Selection, Series, TimeRange, Timestamp};
use tokio::sync::Semaphore;

use crate::source::{Source, SourceError};

/// Most questions about one instant that are answered at the same time.
const INSTANTS_MAX: usize = 2;
/// Most ranges that are evaluated at the same time: each may hold millions of samples.
const RANGES_MAX: usize = 2;
/// Most instants that one range may have.
pub const STEPS_MAX: i64 = 11_000;
/// Longest time that a question may take, the queue included.
pub const TIMEOUT_MAX: Duration = Duration::from_secs(120);

/// Why a text is no expression, and where; line and column count characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parse the expression at {line}:{column}: {message}")]
pub struct BadExpression {
    /// Line within the text.
    pub line: usize,
    /// Column within the line.
    pub column: usize,
    /// What is wrong, in words.
    pub message: String,
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The text is no PromQL.
    #[error(transparent)]
    Parse(#[from] BadExpression),
    /// It cannot be evaluated.
    #[error(transparent)]
    Evaluate(#[from] EvalError),
    /// The series could not be read.
    #[error(transparent)]
    Read(#[from] QueryError),
    /// It took too long; in which of its stages.
    #[error("query timed out in {0}")]
    TimedOut(&'static str),
    /// The API that holds the samples gave no whole answer.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The evaluation broke off.
    #[error("evaluate the expression: {0}")]
    Broken(String),
}

impl From<SourceError> for AskError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Evaluate(error) => AskError::Evaluate(error),
            SourceError::Remote(error) => AskError::Remote(error),
            SourceError::Broken(reason) => AskError::Broken(reason),
        }
    }
}

/// What an error of a question means to the one who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskErrorKind {
    /// The question makes no sense.
    BadData,
    /// It touches more samples than allowed.
    TooManySamples,
    /// It cannot be evaluated on these data.
    Execution,
    /// It took too long.
    Timeout,
    /// Nobody waits for it any more.
    Canceled,
    /// The data cannot be had now.
    Unavailable,
    /// A defect.
    Internal,
}

impl AskError {
    /// What it means to the one who asked.
    pub fn kind(&self) -> AskErrorKind {
        match self {
            AskError::Parse(_) => AskErrorKind::BadData,
            AskError::Evaluate(EvalError::TooManySamples(_)) => AskErrorKind::TooManySamples,
            AskError::Evaluate(EvalError::Read(error)) | AskError::Read(error) => match error {
                QueryError::TooManySamples { .. } => AskErrorKind::TooManySamples,
                QueryError::Unavailable(_) => AskErrorKind::Unavailable,
            },
            AskError::Evaluate(EvalError::Range(_)) => AskErrorKind::BadData,
            AskError::Evaluate(EvalError::TimedOut) => AskErrorKind::Timeout,
            AskError::Evaluate(EvalError::Cancelled) => AskErrorKind::Canceled,
            AskError::Evaluate(_) => AskErrorKind::Execution,
            AskError::TimedOut(_) => AskErrorKind::Timeout,
            AskError::Remote(RemoteError::Refused { .. }) => AskErrorKind::Execution,
            AskError::Remote(_) => AskErrorKind::Unavailable,
            AskError::Broken(_) => AskErrorKind::Internal,
        }
    }
}

/// When a query is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At one instant.
    At(Timestamp),
    /// At the start and every step up to the end.
    Range {
        /// The first instant.
        start: Timestamp,
        /// No instant lies after it.
        end: Timestamp,
        /// More than nothing.
        step: Duration,
    },
}

/// A query.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// PromQL.
    pub expression: String,
    /// When.
    pub when: When,
    /// How long it may take, at most [`TIMEOUT_MAX`].
    pub timeout: Duration,
    /// How old the latest sample of a series may be; `None` is the default.
    pub lookback: Option<Duration>,
}

/// What a query comes to. A range yields a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The result.
    pub value: Value,
    /// Why the result may be wrong.
    pub warnings: Vec<String>,
    /// Why the query may not be what was meant.
    pub infos: Vec<String>,
}

/// Series that satisfy a selector and have a sample in a range. No selector means every series.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// One of them must be satisfied.
    pub selectors: Vec<Vec<Matcher>>,
    /// Both ends included.
    pub range: TimeRange,
}

fn parse(expression: &str) -> Result<ballast_promql::Expression, BadExpression> {
    let parsed = ballast_promql::syntax::parse(expression, Features::all());
    parsed.map_err(|e| bad(e.line, e.column, e.message))
}

fn bad(line: usize, column: usize, message: String) -> BadExpression {
    BadExpression { line, column, message }
}

/// Reads one selector: `name{label="value"}`, without a range, an offset or an instant.
pub fn parse_selector(text: &str) -> Result<Vec<Matcher>, BadExpression> {
    ballast_promql::syntax::parse_selector(text).map_err(|e| bad(e.line, e.column, e.message))
}

/// The tree of an expression as it is written, and its text over several lines.
pub fn tree_of(expression: &str) -> Result<(Expr, String), BadExpression> {
    let parsed = parse(expression)?;
    Ok((parsed.tree().clone(), parsed.pretty()))
}

/// What an expression reads: the matchers of each of its selectors.
pub fn selectors_of(expression: &str) -> Result<Vec<Vec<Matcher>>, BadExpression> {
    let parsed = parse(expression)?;
    Ok(parsed.selectors().map(|selector| selector.matchers.to_vec()).collect())
}

/// The latest sample of each series chosen, where that is no staleness marker; a series once, in the order of labels.
pub(crate) fn latest(series: &dyn SeriesStore, choice: &Choice) -> Result<Vec<(Labels, Sample)>, QueryError> {
    let want = |matchers| Selection { matchers, range: choice.range, want: Want::Latest };
    let selections: Vec<Selection<'_>> = choice.selectors.iter().map(|matchers| want(matchers)).collect();
    let mut all = BTreeMap::new();
    for found in series.read(&selections)? {
        let Found::Samples(found) = found else { continue };
        let last = |series: Series| series.samples.last().map(|sample| (series.labels, *sample));
        all.extend(found.into_iter().filter_map(last).filter(|(_, sample)| !is_stale(sample.value)));
    }
    Ok(all.into_iter().collect())
}

/// The series store as it is asked.
pub(crate) struct Asking {
    source: Source,
    clock: Arc<dyn Clock>,
    instants: Arc<Semaphore>,
    ranges: Arc<Semaphore>,
}

impl Asking {
    pub(crate) fn new(source: Source, clock: Arc<dyn Clock>) -> Self {
        let turns = |most| Arc::new(Semaphore::new(most));
        Asking { source, clock, instants: turns(INSTANTS_MAX), ranges: turns(RANGES_MAX) }
    }

    /// Evaluates a query; `shape` makes of the answer what is wanted, still within the turn.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: Question,
        shape: impl FnOnce(Answer) -> T + Send + 'static,
    ) -> Result<T, AskError> {
        let parsed = self.source.parse(&question.expression);
        let parsed = parsed.map_err(|e| bad(e.line, e.column, e.message))?;
        let lane = match question.when {
            When::At(_) => &self.instants,
            When::Range { .. } => &self.ranges,
        };
        let mut options = Options::default();
        options.lookback = question.lookback.unwrap_or(options.lookback);
        if !self.source.is_here(&parsed) {
            return self.ask_elsewhere(&parsed, &question, options).await.map(shape);
        }
        let evaluate = move |source: &dyn SeriesStore, interrupt: Interrupt| {
            let options = Options { interrupt: Some(interrupt), ..options };
            let answer = match question.when {
                When::At(at) => ballast_promql::answer(&parsed, source, at, &options)?,
                When::Range { start, end, step } => {
                    ballast_promql::answer_range(&parsed, source, start, end, step, &options)?
                }
            };
            let texts = |notes: &mut dyn Iterator<Item = &str>| notes.map(str::to_owned).collect();
            let (warnings, infos) = (texts(&mut answer.notes.warnings()), texts(&mut answer.notes.infos()));
            Ok(shape(Answer { value: answer.value, warnings, infos }))
        };
        self.in_turn(lane, question.timeout, evaluate).await
    }

    /// Asks where the samples are. What is to be said about the result is said there.
    async fn ask_elsewhere(
        &self,
        parsed: &Expression,
        question: &Question,
        options: Options,
    ) -> Result<Answer, AskError> {
        let late = self.clock.sleep_until(self.clock.now() + question.timeout.min(TIMEOUT_MAX));
        let asked = async {
            let lane = match question.when {
                When::At(_) => &self.instants,
                When::Range { .. } => &self.ranges,
            };
            // The semaphores are never closed.
            let _turn = lane.acquire().await;
            Ok::<Value, AskError>(match question.when {
                When::At(at) => self.source.instant(parsed, at, options).await?,
                When::Range { start, end, step } => {
                    Value::Matrix(self.source.range(parsed, (start, end), step, options).await?)
                }
            })
        };
        let value = tokio::select! {
            value = asked => value?,
            () = late => return Err(AskError::TimedOut("expression evaluation")),
        };
        Ok(Answer { value, warnings: Vec::new(), infos: Vec::new() })
    }

    /// Reads from the store in a turn of its own.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn SeriesStore) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, AskError> {
        self.in_turn(&self.instants, TIMEOUT_MAX, move |series, _| Ok(read(series)?)).await
    }

    /// Waits for a turn, then works; both within the time-out. The turn ends with the work, not with the waiting.
    async fn in_turn<T: Send + 'static>(
        &self,
        lane: &Arc<Semaphore>,
        timeout: Duration,
        work: impl FnOnce(&dyn SeriesStore, Interrupt) -> Result<T, AskError> + Send + 'static,
    ) -> Result<T, AskError> {
        let mut late = self.clock.sleep_until(self.clock.now() + timeout.min(TIMEOUT_MAX));
        let turn = tokio::select! {
            biased;
            () = &mut late => return Err(AskError::TimedOut("query queue")),
            turn = lane.clone().acquire_owned() => turn,
        };
        let (series, interrupt) = (self.source.local.clone(), Interrupt::default());
        let _given_up = GivenUp(interrupt.clone());
        let working = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&*series, interrupt)
        });
        tokio::select! {
            done = working => done.map_err(|error| AskError::Broken(error.to_string()))?,
            () = &mut late => Err(AskError::TimedOut("expression evaluation")),
        }
    }
}

/// Stops the evaluation once nobody waits for the answer.
struct GivenUp(Interrupt);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[cfg(test)]
mod tests;
