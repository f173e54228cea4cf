//! The scrapes of one target: asks, reads, compares with the scrape before.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use ballast_formats::text::{self, BodyEnd, Format, Options, ReadError, Scraped, SeriesCache};
use ballast_ports::{Scrape, ScrapeError, ScrapeSession, ScrapeTarget, ScrapedSample};
use ballast_types::{Interner, Labels, Timestamp};
use reqwest::header::{ACCEPT, HeaderValue};

use super::answer::{self, WEB_PAGE};
use super::naming::Naming;
use crate::client;
use crate::settings_client::SettingsClient;

/// Most different lines of one target: as many as the largest answer can have.
const LINES_MAX: usize = 4 << 20;

/// The scrapes of one target.
pub(super) struct HttpSession {
    target: ScrapeTarget,
    client: Arc<SettingsClient>,
    interner: Interner,
    accept: String,
    cache: SeriesCache,
    /// Series that a scrape which broke a limit was the last to have.
    lost: Vec<Labels>,
    /// Bytes of the last answer: most likely those of the next one.
    bytes: usize,
}

/// An answer as it came.
struct Body {
    bytes: Vec<u8>,
    format: Format,
    end: BodyEnd,
}

impl HttpSession {
    pub(super) fn new(target: ScrapeTarget, client: Arc<SettingsClient>, interner: Interner) -> Self {
        let accept = answer::accept(&target.options.protocols);
        let cache = SeriesCache::new(LINES_MAX);
        HttpSession { target, client, interner, accept, cache, lost: Vec::new(), bytes: 0 }
    }

    async fn fetch(&self) -> Result<Body, ScrapeError> {
        let (target, options) = (&self.target, &self.target.options);
        let seconds = target.timeout.as_secs_f64().to_string();
        let request = self.client.get(&target.url).map_err(|reason| self.unreachable(reason))?;
        let request = request
            .timeout(target.timeout)
            .header(ACCEPT, HeaderValue::from_str(&self.accept).unwrap_or(HeaderValue::from_static("*/*")))
            .header("X-Prometheus-Scrape-Timeout-Seconds", seconds);
        let response = request.send().await.map_err(|error| self.unreachable(self.reason(&error)))?;
        if !response.status().is_success() {
            return Err(self.unreachable(format!("answered {}", response.status())));
        }
        let format = answer::format(response.headers(), options.fallback_protocol)
            .map_err(|reason| self.not_metrics(reason))?;
        let end = answer::end(&response);
        let bytes = self.read_body(response).await?;
        if client::is_html_body(&bytes) {
            return Err(self.not_metrics(WEB_PAGE.to_owned()));
        }
        Ok(Body { bytes, format, end })
    }

    async fn read_body(&self, mut response: reqwest::Response) -> Result<Vec<u8>, ScrapeError> {
        let limit = self.target.options.body_bytes_max;
        let too_large = || ScrapeError::TooLarge { url: self.target.url.clone(), limit };
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        if announced.is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(announced.unwrap_or(self.bytes + self.bytes / 16).min(limit));
        let lost = |error| self.unreachable(format!("read the answer: {}", self.reason(&error)));
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn read(&mut self, body: &Body, at: Timestamp) -> Result<Scrape, ScrapeError> {
        let options = &self.target.options;
        // A torn answer would end the series that it lacks, while the target looks well.
        if body.format == Format::OpenMetrics && !body.bytes.trim_ascii_end().ends_with(b"# EOF") {
            return Err(
                self.not_metrics("the answer ends without `# EOF`: a part of it is missing".to_owned())
            );
        }
        let reading = Options {
            format: body.format,
            end: body.end,
            at,
            honor_timestamps: options.honor_timestamps,
            track_timestamps_staleness: options.track_timestamps_staleness,
        };
        let mut naming = Naming { target: &self.target, interner: &self.interner, broken: None };
        let read = text::read(&body.bytes, &reading, &mut self.cache, |labels| naming.name(labels));
        let (broken, limit) = (naming.broken, options.sample_limit);
        let scraped = read.map_err(|error: ReadError| self.not_metrics(error.to_string()))?;
        let samples = scraped.parsed.samples.len();
        let over_limit = (limit > 0 && samples > limit)
            .then(|| format!("{samples} samples, more than the sample_limit of {limit}"));
        match broken.or(over_limit) {
            None => Ok(scrape_of(scraped, at, body.bytes.len())),
            Some(reason) => {
                self.give_up(scraped);
                Err(ScrapeError::OverLimit { url: self.target.url.clone(), reason })
            }
        }
    }

    /// Nothing of a scrape is kept: the series of those before end, and the new ones never were.
    fn give_up(&mut self, scraped: Scraped) {
        let new: HashSet<Labels> = scraped.new.into_iter().collect();
        self.lost.extend(scraped.gone);
        self.lost.extend(self.cache.clear().into_iter().filter(|labels| !new.contains(labels)));
    }

    fn unreachable(&self, reason: String) -> ScrapeError {
        ScrapeError::Unreachable { url: self.target.url.clone(), reason }
    }

    fn not_metrics(&self, reason: String) -> ScrapeError {
        ScrapeError::NotMetrics { url: self.target.url.clone(), reason }
    }

    fn reason(&self, error: &reqwest::Error) -> String {
        match error.is_timeout() {
            true => format!("no answer within {}", ballast_types::format_duration(self.target.timeout)),
            false => client::reason(error),
        }
    }
}

#[async_trait]
impl ScrapeSession for HttpSession {
    async fn scrape(&mut self, at: Timestamp) -> Result<Scrape, ScrapeError> {
        if let Some(reason) = self.target.options.refused.clone() {
            return Err(ScrapeError::OverLimit { url: self.target.url.clone(), reason });
        }
        let body = self.fetch().await?;
        self.bytes = body.bytes.len();
        self.read(&body, at)
    }

    fn abandon(&mut self) -> Vec<Labels> {
        let mut ended = std::mem::take(&mut self.lost);
        ended.extend(self.cache.clear());
        ended
    }
}

fn scrape_of(scraped: Scraped, at: Timestamp, body_bytes: usize) -> Scrape {
    let Scraped { parsed, new, gone, dropped } = scraped;
    let sample = |(labels, sample): (Labels, ballast_types::Sample)| ScrapedSample {
        labels,
        value: sample.value,
        // One that says the very time of the scrape says nothing else than one that says none.
        at: Some(sample.at).filter(|own| *own != at),
    };
    Scrape {
        samples_scraped: parsed.samples.len() + dropped,
        samples: parsed.samples.into_iter().map(sample).collect(),
        gone,
        series_added: new.len(),
        exemplars: parsed.exemplars,
        created: parsed.created,
        metadata: parsed.metadata,
        body_bytes,
        problems: parsed.refused.problems().to_vec(),
        lines_refused: parsed.refused.total(),
    }
}
