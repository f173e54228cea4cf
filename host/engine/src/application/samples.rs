//! The engine as others ask it for series, and hand it samples: thin methods over `query`, `ingest` and `push`.

use std::sync::Arc;

use ballast_promql::Value;
use ballast_types::ingest::{Appended, Exemplar, Metadata, SeriesStatistics};
use ballast_types::{Interner, Labels, Sample, Timestamp};

use super::Engine;
use crate::ingest::{Admission, IngestError, Received};
use crate::push::PushMode;
use crate::query::{self, Answer, AskError, Choice, Question, TIMEOUT_MAX, When};

impl Engine {
    /// Evaluates PromQL at an instant.
    pub async fn query(&self, expression: &str, at: Timestamp) -> Result<Value, AskError> {
        let (expression, when) = (expression.to_owned(), When::At(at));
        let question = Question { expression, when, timeout: TIMEOUT_MAX, lookback: None };
        self.ask(question, |answer| answer.value).await
    }

    /// Evaluates a query; `shape` makes of the answer what is wanted, away from what else goes on.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: Question,
        shape: impl FnOnce(Answer) -> T + Send + 'static,
    ) -> Result<T, AskError> {
        self.asking.ask(question, shape).await
    }

    /// The labels of the series chosen, in order.
    pub async fn find_series(&self, choice: Choice) -> Result<Vec<Labels>, AskError> {
        self.asking.read(move |series| series.find(&choice.selectors, choice.range)).await
    }

    /// The label names of the series chosen, in order.
    pub async fn label_names(&self, choice: Choice) -> Result<Vec<Arc<str>>, AskError> {
        self.asking.read(move |series| series.label_names(&choice.selectors, choice.range)).await
    }

    /// The values of a label in the series chosen, in order.
    pub async fn label_values(&self, name: String, choice: Choice) -> Result<Vec<Arc<str>>, AskError> {
        self.asking.read(move |series| series.label_values(&name, &choice.selectors, choice.range)).await
    }

    /// The latest sample of each of the series chosen, where that is no staleness marker; in the order of their labels.
    pub async fn latest(&self, choice: Choice) -> Result<Vec<(Labels, Sample)>, AskError> {
        self.asking.read(move |series| query::latest(series, &choice)).await
    }

    /// The exemplars of the series chosen, by series and in order of time.
    pub async fn exemplars(&self, choice: Choice) -> Result<Vec<(Labels, Vec<Exemplar>)>, AskError> {
        self.asking.read(move |series| Ok(series.exemplars(&choice.selectors, choice.range))).await
    }

    /// What is known of metrics, by name.
    pub async fn metadata(&self) -> Result<Vec<(Arc<str>, Vec<Metadata>)>, AskError> {
        self.asking.read(|series| Ok(series.metadata())).await
    }

    /// What the series store holds, for people; lists are at most `limit` long.
    pub async fn series_statistics(&self, limit: usize) -> Result<SeriesStatistics, AskError> {
        self.asking.read(move |series| Ok(series.statistics(limit))).await
    }

    /// Room for a body of samples of so many bytes; `None` where there is none now.
    pub fn admit(&self, bytes: usize) -> Option<Admission> {
        self.ingest.admit(bytes)
    }

    /// Decodes a body that was admitted, away from what else goes on, and keeps what may be kept.
    pub async fn take_in<X: Send + 'static, E: Send + 'static>(
        &self,
        admission: Admission,
        decode: impl FnOnce() -> Result<(Received, X), E> + Send + 'static,
    ) -> Result<(Appended, X), IngestError<E>> {
        self.ingest.take_in(admission, decode).await
    }

    /// Decodes what a job pushed and keeps it in the group of these labels, until it is replaced or deleted.
    pub async fn push<E: Send + 'static>(
        &self,
        admission: Admission,
        of: Labels,
        mode: PushMode,
        decode: impl FnOnce() -> Result<Received, E> + Send + 'static,
    ) -> Result<(), IngestError<E>> {
        let pushes = self.pushes.clone();
        let push = move || match decode() {
            Ok(received) => Ok(pushes.push(&of, mode, received)?),
            Err(error) => {
                pushes.failed(&of);
                Err(IngestError::Unreadable(error))
            }
        };
        self.ingest.take_push(admission, push).await
    }

    /// Forgets what was pushed to a group; its series end.
    pub async fn delete_pushed<E>(&self, of: Labels) -> Result<(), IngestError<E>> {
        let pushes = self.pushes.clone();
        let deleted = tokio::task::spawn_blocking(move || pushes.delete(&of)).await;
        Ok(deleted.map_err(|error| IngestError::Broken(error.to_string()))??)
    }

    /// The texts of labels that decoders share.
    pub fn label_texts(&self) -> &Interner {
        self.ingest.texts()
    }
}
