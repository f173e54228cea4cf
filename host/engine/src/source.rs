//! Where expressions are evaluated: over this host's own series, or at the Prometheus-compatible API that holds the samples.
//!
//! An expression on such an API is sent there whole, as the rulers of such stores do. What only this host has (what its
//! rules record, and `ALERTS`) is read here; an expression that speaks of both is evaluated here, over the samples that
//! the API holds of it. Invariant: an answer is whole or it is an error; what is missing never counts as "nothing there".

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use ballast_ports::{RemoteError, RemoteQueries, RemoteValue, SeriesStore};
use ballast_promql::syntax::Features;
use ballast_promql::{
    EvalError, Expression, Options, ParseError, Selector, Tick, Value, ValueType, VectorSample,
};
use ballast_types::labels::METRIC_NAME;
use ballast_types::{MatchOp, Matcher, QueryError, Queryable, Series, TimeRange, Timestamp};

use crate::rulebook::RuleBook;

/// What alerts write about themselves.
const SYNTHETIC: [&str; 2] = ["ALERTS", "ALERTS_FOR_STATE"];

/// Why an expression has no value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// It cannot be evaluated.
    #[error(transparent)]
    Evaluate(#[from] EvalError),
    /// The API that holds the samples gave no whole answer.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The evaluation broke off.
    #[error("evaluate the expression: {0}")]
    Broken(String),
}

/// Where an expression is evaluated.
enum Place {
    /// Everything that it reads is here.
    Here,
    /// Everything is there.
    There,
    /// Some is here and some is there.
    Both,
}

/// Evaluates expressions wherever their samples are. A clone asks the same.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) local: Arc<dyn SeriesStore>,
    pub(crate) remote: Option<Arc<dyn RemoteQueries>>,
    pub(crate) rulebook: Arc<RuleBook>,
    /// The experimental parts of PromQL that queries may use.
    pub(crate) features: Features,
}

impl Source {
    /// Reads an expression.
    pub(crate) fn parse(&self, expression: &str) -> Result<Expression, ParseError> {
        ballast_promql::syntax::parse(expression, self.features)
    }

    /// Evaluates at an instant.
    pub(crate) async fn instant(
        &self,
        expression: &Expression,
        at: Timestamp,
        options: Options,
    ) -> Result<Value, SourceError> {
        let (expression, place) = (expression.clone(), self.place(expression));
        match (&self.remote, place) {
            (Some(remote), Place::There) => Ok(value(remote.instant(&expression.to_string(), at).await?, at)),
            (Some(remote), Place::Both) => {
                let joined = self.fetch(&**remote, &expression, at, at, options.lookback).await?;
                blocking(move || ballast_promql::evaluate(&expression, &joined, at, &options)).await
            }
            _ => {
                let local = self.local.clone();
                blocking(move || ballast_promql::evaluate(&expression, &*local, at, &options)).await
            }
        }
    }

    /// Evaluates at the instant of a tick, which knows what other rules have computed there.
    pub(crate) async fn in_tick(
        &self,
        tick: &Arc<Tick>,
        expression: &Expression,
        at: Timestamp,
    ) -> Result<Value, SourceError> {
        match self.place(expression) {
            Place::Here => {
                let (tick, expression) = (tick.clone(), expression.clone());
                blocking(move || tick.evaluate(&expression).map(|answer| answer.value)).await
            }
            Place::There | Place::Both => self.instant(expression, at, Options::default()).await,
        }
    }

    /// Evaluates at each step of a range.
    pub(crate) async fn range(
        &self,
        expression: &Expression,
        (start, end): (Timestamp, Timestamp),
        step: Duration,
        options: Options,
    ) -> Result<Vec<Series>, SourceError> {
        let (expression, place) = (expression.clone(), self.place(expression));
        match (&self.remote, place) {
            (Some(remote), Place::There) => {
                let answer = remote.range(&expression.to_string(), start, end, step).await?;
                Ok(match answer {
                    RemoteValue::Matrix(series) => series,
                    RemoteValue::Scalar(_) | RemoteValue::Vector(_) | RemoteValue::Text(_) => Vec::new(),
                })
            }
            (Some(remote), Place::Both) => {
                let joined = self.fetch(&**remote, &expression, start, end, options.lookback).await?;
                blocking(move || {
                    ballast_promql::evaluate_range(&expression, &joined, start, end, step, &options)
                })
                .await
            }
            _ => {
                let local = self.local.clone();
                blocking(move || {
                    ballast_promql::evaluate_range(&expression, &*local, start, end, step, &options)
                })
                .await
            }
        }
    }

    /// The values of those expressions that are answered there as a whole, asked for together; `None` for the others.
    pub(crate) async fn together(
        &self,
        expressions: &[Expression],
        at: Timestamp,
    ) -> Vec<Option<Result<Value, SourceError>>> {
        let Some(remote) = &self.remote else { return expressions.iter().map(|_| None).collect() };
        let is_there = |expression: &Expression| {
            expression.value_type() == ValueType::Vector && matches!(self.place(expression), Place::There)
        };
        let there: Vec<bool> = expressions.iter().map(is_there).collect();
        let asked = expressions.iter().zip(&there).filter(|(_, there)| **there);
        let queries: Vec<String> = asked.map(|(expression, _)| expression.to_string()).collect();
        let mut answers = remote.instants(&queries, at).await.into_iter();
        let answer = |there: bool| {
            let answer = if there { answers.next() } else { None };
            answer.map(|answer| answer.map(|answer| value(answer, at)).map_err(SourceError::from))
        };
        there.into_iter().map(answer).collect()
    }

    /// Whether everything that an expression reads is in this host's own store.
    pub(crate) fn is_here(&self, expression: &Expression) -> bool {
        matches!(self.place(expression), Place::Here)
    }

    fn place(&self, expression: &Expression) -> Place {
        if self.remote.is_none() {
            return Place::Here;
        }
        let recorded = self.recorded();
        let here = |selector: Selector<'_>| is_recorded(&recorded, selector.matchers);
        match (expression.selectors().all(here), expression.selectors().any(here)) {
            (true, _) => Place::Here,
            (false, true) => Place::Both,
            (false, false) => Place::There,
        }
    }

    /// The names of the series that only this host writes.
    fn recorded(&self) -> HashSet<String> {
        let rules = self.rulebook.rules();
        let records = rules.rules().filter_map(|rule| match rule {
            ballast_alerting::Rule::Record(rule) => Some(rule.metric.clone()),
            ballast_alerting::Rule::Alert(_) => None,
        });
        records.chain(SYNTHETIC.map(str::to_owned)).collect()
    }

    /// The samples that an expression reads there, beside those here.
    async fn fetch(
        &self,
        remote: &dyn RemoteQueries,
        expression: &Expression,
        start: Timestamp,
        end: Timestamp,
        lookback: Duration,
    ) -> Result<Joined, SourceError> {
        let recorded = self.recorded();
        let text = expression.to_string();
        if text.contains(" @ ") || text.contains("offset -") {
            let reason = "`@` and negative offsets cannot be evaluated over samples of two places".to_owned();
            return Err(SourceError::Evaluate(QueryError::Unavailable(reason).into()));
        }
        // A selector that stands there twice is read once, as far back as it ever reaches.
        let mut reaches: Vec<(&[Matcher], Duration)> = Vec::new();
        for selector in expression.selectors().filter(|s| !is_recorded(&recorded, s.matchers)) {
            match reaches.iter_mut().find(|(matchers, _)| *matchers == selector.matchers) {
                Some((_, reach)) => *reach = selector.reach.max(*reach),
                None => reaches.push((selector.matchers, selector.reach)),
            }
        }
        let mut fetched = Vec::new();
        for (matchers, reach) in reaches {
            let span = end.since(start) + reach + lookback;
            let query = format!("{}[{}ms]", selector_text(matchers), span.as_millis().max(1));
            let series = match remote.instant(&query, end).await? {
                RemoteValue::Matrix(series) => series,
                RemoteValue::Scalar(_) | RemoteValue::Vector(_) | RemoteValue::Text(_) => Vec::new(),
            };
            fetched.push((matchers.to_vec(), series));
        }
        Ok(Joined { local: self.local.clone(), recorded, fetched })
    }
}

fn is_recorded(recorded: &HashSet<String>, matchers: &[Matcher]) -> bool {
    let names = |matcher: &Matcher| matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal;
    matchers.iter().any(|matcher| names(matcher) && recorded.contains(matcher.value()))
}

/// `{__name__="x", "a.b"=~"c"}`, every text quoted as JSON is, which PromQL reads the same.
fn selector_text(matchers: &[Matcher]) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let is_plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let matcher = |m: &Matcher| {
        let name = if is_plain(m.name()) { m.name().to_owned() } else { quoted(m.name()) };
        format!("{name}{}{}", m.op().as_str(), quoted(m.value()))
    };
    format!("{{{}}}", matchers.iter().map(matcher).collect::<Vec<_>>().join(","))
}

fn value(answer: RemoteValue, at: Timestamp) -> Value {
    match answer {
        RemoteValue::Scalar(sample) => Value::Scalar(sample),
        RemoteValue::Text(text) => Value::String(text),
        RemoteValue::Matrix(series) => Value::Matrix(series),
        RemoteValue::Vector(elements) => Value::Vector(
            elements.into_iter().map(|(labels, s)| VectorSample { labels, at, value: s.value }).collect(),
        ),
    }
}

/// Evaluation keeps a processor busy; it runs where that disturbs no task.
async fn blocking<T: Send + 'static>(
    evaluate: impl FnOnce() -> Result<T, EvalError> + Send + 'static,
) -> Result<T, SourceError> {
    let evaluated = tokio::task::spawn_blocking(evaluate).await;
    Ok(evaluated.map_err(|error| SourceError::Broken(error.to_string()))??)
}

/// What is here and what was fetched from there, as one.
struct Joined {
    local: Arc<dyn SeriesStore>,
    recorded: HashSet<String>,
    fetched: Vec<(Vec<Matcher>, Vec<Series>)>,
}

impl Queryable for Joined {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<Series>, QueryError> {
        if is_recorded(&self.recorded, matchers) {
            return self.local.select(matchers, range);
        }
        let fetched = self.fetched.iter().find(|(asked, _)| asked == matchers);
        let (_, series) =
            fetched.ok_or_else(|| QueryError::Unavailable("a selector was not fetched".to_owned()))?;
        let cut = series.iter().map(|series| Series {
            labels: series.labels.clone(),
            samples: series.samples.iter().filter(|sample| range.contains(sample.at)).copied().collect(),
        });
        let mut cut: Vec<Series> = cut.filter(|series| !series.samples.is_empty()).collect();
        cut.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(cut)
    }
}
