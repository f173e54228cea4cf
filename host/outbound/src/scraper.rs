//! Scraping over HTTP: one request, one limit on time, one on size, and an answer that says plainly when it is not
//! metrics. What the lines mean is [`crate::exposition`]'s.

use std::collections::HashSet;

use async_trait::async_trait;
use ballast_ports::{Scrape, ScrapeError, ScrapeSession, ScrapeTarget, Scraper};
use ballast_types::Labels;
use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, TRANSFER_ENCODING};
use reqwest::{Client, Response, Version};
use std::time::Duration;

use crate::client::{self, BuildClientError, ReadError};
use crate::exposition::{self, BodyEnd};

/// What is understood. A target that speaks only something else is told apart by its content type.
const ACCEPTED: &str = "text/plain;version=0.0.4;q=1,*/*;q=0.1";
/// Prometheus follows them too; a login page at the end is found out by what it is.
const REDIRECTS_MAX: usize = 5;
/// Bounds connecting only; the whole of a scrape is bounded by its target.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Fetches metrics in the Prometheus text format. Connections are kept between scrapes.
pub struct HttpScraper {
    client: Client,
}

impl HttpScraper {
    /// A scraper with a client of its own.
    pub fn new() -> Result<Self, BuildClientError> {
        let redirects = || reqwest::redirect::Policy::limited(REDIRECTS_MAX);
        let client = client::build(CONNECT_WITHIN, |builder| builder.redirect(redirects()))?;
        Ok(HttpScraper { client })
    }
}

impl Scraper for HttpScraper {
    fn open(&self, target: &ScrapeTarget) -> Result<Box<dyn ScrapeSession>, ScrapeError> {
        let session =
            HttpSession { client: self.client.clone(), target: target.clone(), present: HashSet::new() };
        Ok(Box::new(session))
    }
}

/// The scrapes of one target.
struct HttpSession {
    client: Client,
    target: ScrapeTarget,
    /// The series of the last scrape.
    present: HashSet<Labels>,
}

#[async_trait]
impl ScrapeSession for HttpSession {
    async fn scrape(&mut self) -> Result<Scrape, ScrapeError> {
        let mut scrape = self.fetch().await?;
        let untimed = scrape.samples.iter().filter(|sample| sample.at.is_none());
        let present: HashSet<Labels> = untimed.map(|sample| sample.labels.clone()).collect();
        scrape.gone = self.present.difference(&present).cloned().collect();
        scrape.series_added = present.difference(&self.present).count();
        scrape.samples_scraped = scrape.samples.len();
        self.present = present;
        Ok(scrape)
    }

    fn abandon(&mut self) -> Vec<Labels> {
        self.present.drain().collect()
    }
}

impl HttpSession {
    async fn fetch(&self) -> Result<Scrape, ScrapeError> {
        let target = &self.target;
        let unreachable = |reason: String| ScrapeError::Unreachable { url: target.url.clone(), reason };
        let request = self.client.get(&target.url).timeout(target.timeout).header(ACCEPT, ACCEPTED);
        let seconds = target.timeout.as_secs_f64().to_string();
        let sent = request.header("X-Prometheus-Scrape-Timeout-Seconds", seconds).send().await;
        let mut response = sent.map_err(|error| unreachable(reason(&error, target)))?;
        if !response.status().is_success() {
            return Err(unreachable(format!("answered {}", response.status())));
        }
        check_headers(response.headers()).map_err(|reason| not_metrics(target, reason))?;
        let end = body_end(&response);
        let body = client::read_body(&mut response, target.options.body_bytes_max).await.map_err(
            |error| match error {
                ReadError::TooLarge => {
                    ScrapeError::TooLarge { url: target.url.clone(), limit: target.options.body_bytes_max }
                }
                ReadError::Lost(error) => unreachable(format!("read the answer: {}", reason(&error, target))),
            },
        )?;
        read(&body, target, end)
    }
}

fn read(body: &[u8], target: &ScrapeTarget, end: BodyEnd) -> Result<Scrape, ScrapeError> {
    if client::is_html_body(body) {
        return Err(not_metrics(target, WEB_PAGE.to_owned()));
    }
    let scrape = exposition::parse(body, &target.labels, end);
    match scrape.problems.first() {
        Some(problem) if scrape.samples.is_empty() => {
            let lines = scrape.lines_refused;
            Err(not_metrics(
                target,
                format!("no line of the answer is a metric ({lines} refused); {problem}"),
            ))
        }
        _ => Ok(scrape),
    }
}

const WEB_PAGE: &str =
    "the answer is a web page (HTML), not metrics; check path and port, and whether it asks for a login";

fn not_metrics(target: &ScrapeTarget, reason: String) -> ScrapeError {
    ScrapeError::NotMetrics { url: target.url.clone(), reason }
}

/// Refuses what is surely not the text format before reading it.
fn check_headers(headers: &HeaderMap) -> Result<(), String> {
    if client::is_html_type(headers) {
        return Err(WEB_PAGE.to_owned());
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let encoding = text(CONTENT_ENCODING);
    if !matches!(encoding, "" | "identity") {
        return Err(format!("the answer is compressed with {encoding}, which was not asked for"));
    }
    let content_type = text(CONTENT_TYPE);
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let other_protocol = kind.ends_with("/json") || kind.contains("protobuf") || kind.contains("openmetrics");
    if other_protocol { Err(format!("the answer is {kind}, but text/plain was asked for")) } else { Ok(()) }
}

/// HTTP/2, an announced length or chunks make a lost end an error; a bare close does not.
fn body_end(response: &Response) -> BodyEnd {
    let is_framed = response.version() >= Version::HTTP_2
        || response.content_length().is_some()
        || response.headers().contains_key(TRANSFER_ENCODING);
    if is_framed { BodyEnd::Known } else { BodyEnd::Unknown }
}

fn reason(error: &reqwest::Error, target: &ScrapeTarget) -> String {
    match error.is_timeout() {
        true => format!("no answer within {}", ballast_types::format_duration(target.timeout)),
        false => client::reason(error),
    }
}

#[cfg(test)]
mod tests;
