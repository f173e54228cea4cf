//! A scrape job as data: what Prometheus's `scrape_config` says, checked.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ballast_ports::ScrapeOptions;
use ballast_ports::http_client::HttpClientSettings;
use ballast_types::relabel::RelabelRule;

use super::group::TargetGroup;
use super::kubernetes::KubernetesDiscovery;

/// A scrape job.
#[derive(Clone, Debug, PartialEq)]
pub struct ScrapeJob {
    /// The label `job` of its targets, unless relabelling says otherwise.
    pub name: String,
    /// How often.
    pub interval: Duration,
    /// How long an answer may take; at most the interval.
    pub timeout: Duration,
    /// `/metrics`.
    pub metrics_path: String,
    /// `http` or `https`.
    pub scheme: String,
    /// Parameters of the request, each with its values.
    pub params: Vec<(String, Vec<String>)>,
    /// What is done to targets.
    pub relabelling: Vec<RelabelRule>,
    /// How they are scraped.
    pub options: Arc<ScrapeOptions>,
    /// Most targets after relabelling; none where 0. With more, every scrape of the job fails.
    pub target_limit: usize,
    /// How many dropped targets are remembered for people; all where 0.
    pub keep_dropped_targets: usize,
    /// Where its targets are found.
    pub discoveries: Vec<Discovery>,
}

/// Where targets are found.
#[derive(Clone, Debug, PartialEq)]
pub enum Discovery {
    /// Given as they are.
    Static(Vec<TargetGroup>),
    /// In files.
    Files(FileDiscovery),
    /// From an HTTP server.
    Http(HttpDiscovery),
    /// From the API of a Kubernetes cluster.
    Kubernetes(KubernetesDiscovery),
}

/// Files of target groups.
#[derive(Clone, Debug, PartialEq)]
pub struct FileDiscovery {
    /// Paths that end in `.json`, `.yml` or `.yaml`; the last part may have `*`, `?` and `[…]`.
    pub files: Vec<PathBuf>,
    /// How often they are read even though nothing is seen to change.
    pub refresh_interval: Duration,
}

/// A server of target groups.
#[derive(Clone, PartialEq)]
pub struct HttpDiscovery {
    /// Its address.
    pub url: String,
    /// How often it is asked.
    pub refresh_interval: Duration,
    /// How it is reached.
    pub client: HttpClientSettings,
}

impl fmt::Debug for HttpDiscovery {
    /// The address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = shown(&self.url);
        f.debug_struct("HttpDiscovery")
            .field("url", &url)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// An address without the password that it may hold.
pub(super) fn shown(url: &str) -> String {
    match reqwest::Url::parse(url) {
        Ok(mut url) if url.password().is_some() => {
            let _ = url.set_password(Some("xxxxx"));
            url.to_string()
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        let url = "https://me:s3cret@sd.local/targets".to_owned();
        let refresh_interval = Duration::from_secs(60);
        let http = HttpDiscovery { url, refresh_interval, client: HttpClientSettings::default() };
        let text = format!("{http:?}");
        assert!(text.contains("me:xxxxx@sd.local") && !text.contains("s3cret"), "{text}");
    }
}
