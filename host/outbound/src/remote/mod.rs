//! Queries over a Prometheus-compatible API: sent whole, several of one instant together, again after a failure that may
//! pass, and refused where the answer leaves something out.
//!
//! Invariant: an answer is complete or it is an error. A store that answers from the part of it that is up would make a
//! condition look as if it were over.

mod answer;
mod batch;

use std::time::Duration;

use async_trait::async_trait;
use ballast_ports::{RemoteError, RemoteQueries, RemoteValue};
use ballast_types::Timestamp;
use futures::{StreamExt, stream};
use reqwest::{Client, StatusCode, Url};

use crate::client::{self, BuildClientError, ReadError};

/// Most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Requests at the same time.
const REQUESTS_MAX: usize = 4;
/// How often a request is tried.
const ATTEMPTS_MAX: u32 = 3;
/// The longest pause that a server may ask for.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Where the samples are and how they are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteConfig {
    /// Address up to and without `/api/v1`, such as `https://mimir/prometheus`.
    pub url: String,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// Headers of every request, such as `X-Scope-OrgID`; the values are secrets.
    pub headers: Vec<(String, ballast_ports::http_client::Secret)>,
    /// The pause before the second attempt; it doubles.
    pub retry_pause: Duration,
    /// Most queries that are sent as one request.
    pub batch_max: usize,
}

/// A client of such an API. Connections are kept.
pub struct HttpRemote {
    client: Client,
    config: RemoteConfig,
    base: String,
    /// The address as errors name it, without the password that it may hold.
    shown: String,
}

impl HttpRemote {
    /// Fails where the address is none or the client cannot be made.
    pub fn new(config: RemoteConfig) -> Result<Self, BuildClientError> {
        let client = client::build(config.timeout, |builder| builder.timeout(config.timeout))?;
        let base = config.url.trim_end_matches('/').to_owned();
        let shown = without_password(&base);
        Ok(HttpRemote { client, config, base, shown })
    }

    /// Asks, and asks again after a failure that may pass.
    async fn ask(&self, path: &str, form: &[(&str, String)]) -> Result<RemoteValue, RemoteError> {
        let mut pause = self.config.retry_pause;
        for attempt in 1.. {
            match self.attempt(path, form).await {
                Ok(value) => return Ok(value),
                Err(Failure { error, wait }) => {
                    let Some(asked) = wait.filter(|_| attempt < ATTEMPTS_MAX) else { return Err(error) };
                    tracing::debug!(%error, attempt, "asking again");
                    tokio::time::sleep(pause.max(asked).min(PAUSE_MAX)).await;
                    pause *= 2;
                }
            }
        }
        Err(self.unavailable("no attempt was made".to_owned()))
    }

    async fn attempt(&self, path: &str, form: &[(&str, String)]) -> Result<RemoteValue, Failure> {
        let url = Url::parse(&format!("{}/api/v1/{path}", self.base))
            .map_err(|error| Failure::last(self.refused(error.to_string())))?;
        let mut request = self.client.post(url).form(form);
        for (name, value) in &self.config.headers {
            request = request.header(name, value.reveal());
        }
        let sent = request.send().await;
        let mut response =
            sent.map_err(|error| Failure::passing(self.unavailable(client::reason(&error))))?;
        let status = response.status();
        let wait = retry_after(response.headers());
        let body = client::read_body(&mut response, ANSWER_BYTES_MAX).await.map_err(|error| match error {
            ReadError::TooLarge => {
                Failure::last(self.refused(format!("the answer is larger than {ANSWER_BYTES_MAX} bytes")))
            }
            ReadError::Lost(error) => Failure::passing(self.unavailable(client::reason(&error))),
        })?;
        self.judge(status, wait, &body)
    }

    fn judge(&self, status: StatusCode, wait: Option<Duration>, body: &[u8]) -> Result<RemoteValue, Failure> {
        let parsed = answer::read(body);
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            let reason = parsed.err().unwrap_or_else(|| status.to_string());
            let error = self.unavailable(format!("{status}: {reason}"));
            return Err(Failure { error, wait: Some(wait.unwrap_or_default()) });
        }
        match parsed {
            Ok(answer::Answer { partial: Some(reason), .. }) => {
                // The part that is missing may be back at once: a restart of one replica is the usual cause.
                Err(Failure::passing(RemoteError::Partial { url: self.shown.clone(), reason }))
            }
            Ok(answer) if status.is_success() => Ok(answer.value),
            Ok(_) => Err(Failure::last(self.refused(status.to_string()))),
            Err(reason) => Err(Failure::last(self.refused(format!("{status}: {reason}")))),
        }
    }

    fn refused(&self, reason: String) -> RemoteError {
        RemoteError::Refused { url: self.shown.clone(), reason }
    }

    fn unavailable(&self, reason: String) -> RemoteError {
        RemoteError::Unavailable { url: self.shown.clone(), reason }
    }

    async fn together(&self, queries: &[String], at: Timestamp) -> Vec<Result<RemoteValue, RemoteError>> {
        if let [query] = queries {
            return vec![self.instant(query, at).await];
        }
        match self.instant(&batch::join(queries), at).await {
            Ok(value) => batch::split(value, queries.len()).into_iter().map(Ok).collect(),
            // One of them is to blame, or all together are too much: each for itself.
            Err(RemoteError::Refused { .. }) => {
                stream::iter(queries).then(|query| self.instant(query, at)).collect().await
            }
            Err(error) => queries.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}

/// A failed attempt; `wait` where another may succeed, and how long the server asks to wait.
struct Failure {
    error: RemoteError,
    wait: Option<Duration>,
}

impl Failure {
    fn last(error: RemoteError) -> Self {
        Failure { error, wait: None }
    }

    fn passing(error: RemoteError) -> Self {
        Failure { error, wait: Some(Duration::ZERO) }
    }
}

fn without_password(base: &str) -> String {
    let Ok(mut url) = Url::parse(base) else { return base.to_owned() };
    match url.password().is_some() && url.set_password(Some("xxxxx")).is_ok() {
        true => url.to_string(),
        false => base.to_owned(),
    }
}

fn retry_after(headers: &reqwest::header::HeaderMap) -> Option<Duration> {
    let text = headers.get(reqwest::header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// What makes a store refuse rather than answer in part: Thanos's word and VictoriaMetrics's. Others ignore both.
const WHOLE_OR_NOTHING: [(&str, &str); 2] = [("partial_response", "false"), ("deny_partial_response", "1")];

fn form<'f>(query: &str, more: impl IntoIterator<Item = (&'f str, String)>) -> Vec<(&'f str, String)> {
    let whole = WHOLE_OR_NOTHING.map(|(name, value)| (name, value.to_owned()));
    [("query", query.to_owned())].into_iter().chain(whole).chain(more).collect()
}

/// Seconds with milliseconds, as the API takes them.
fn seconds(at: Timestamp) -> String {
    format!("{:.3}", at.as_millis() as f64 / 1000.0)
}

#[async_trait]
impl RemoteQueries for HttpRemote {
    async fn instant(&self, query: &str, at: Timestamp) -> Result<RemoteValue, RemoteError> {
        self.ask("query", &form(query, [("time", seconds(at))])).await
    }

    async fn range(
        &self,
        query: &str,
        start: Timestamp,
        end: Timestamp,
        step: Duration,
    ) -> Result<RemoteValue, RemoteError> {
        let range = [
            ("start", seconds(start)),
            ("end", seconds(end)),
            ("step", format!("{:.3}", step.as_secs_f64())),
        ];
        self.ask("query_range", &form(query, range)).await
    }

    async fn instants(&self, queries: &[String], at: Timestamp) -> Vec<Result<RemoteValue, RemoteError>> {
        let batches = batch::plan(queries, self.config.batch_max);
        let owned: Vec<Vec<String>> = batches.into_iter().map(<[String]>::to_vec).collect();
        let answers = stream::iter(owned).map(|batch| async move { self.together(&batch, at).await });
        answers.buffered(REQUESTS_MAX).flat_map(stream::iter).collect().await
    }
}

#[cfg(test)]
mod tests;
