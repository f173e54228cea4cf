//! Targets from an HTTP server, asked every now and then. An answer that cannot be had or read leaves what was known.

use async_trait::async_trait;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};

use super::group::{self, GROUPS_BYTES_MAX};
use super::job::{HttpDiscovery, shown};
use super::{Found, Provider, TargetGroup};
use crate::client::{self, ReadError};
use crate::settings_client::SettingsClient;

/// The most that one question may take, whatever the interval.
const TIMEOUT_MAX: std::time::Duration = std::time::Duration::from_secs(30);

/// The server of a job.
pub(super) struct Http {
    settings: HttpDiscovery,
    client: SettingsClient,
    last: Option<Found>,
}

impl Http {
    pub(super) fn new(settings: HttpDiscovery) -> Self {
        let client = SettingsClient::new(settings.client.clone(), true);
        Http { settings, client, last: None }
    }

    async fn ask(&self) -> Result<Vec<TargetGroup>, String> {
        let (url, refresh) = (&self.settings.url, self.settings.refresh_interval);
        let request =
            self.client.get(url)?.timeout(refresh.clamp(std::time::Duration::from_secs(1), TIMEOUT_MAX));
        let request = request
            .header(ACCEPT, "application/json")
            .header("X-Prometheus-Refresh-Interval-Seconds", refresh.as_secs_f64().to_string());
        let mut response = request.send().await.map_err(|error| client::reason(&error))?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(format!("answered {}", response.status()));
        }
        check_type(response.headers())?;
        let body = client::read_body(&mut response, GROUPS_BYTES_MAX).await.map_err(|error| match error {
            ReadError::TooLarge => format!("the answer is larger than {GROUPS_BYTES_MAX} bytes"),
            ReadError::Lost(error) => client::reason(&error),
        })?;
        group::from_json(&body, ("__meta_url", &shown(url)))
    }

    async fn look(&self) -> Found {
        match self.ask().await {
            Ok(groups) => Found { groups, problem: None },
            Err(reason) => {
                let groups = self.last.as_ref().map(|found| found.groups.clone()).unwrap_or_default();
                Found { groups, problem: Some(format!("ask {}: {reason}", shown(&self.settings.url))) }
            }
        }
    }
}

#[async_trait]
impl Provider for Http {
    async fn changed(&mut self) -> Found {
        loop {
            if self.last.is_some() {
                tokio::time::sleep(self.settings.refresh_interval).await;
            }
            let found = self.look().await;
            if self.last.as_ref() != Some(&found) {
                self.last = Some(found.clone());
                return found;
            }
        }
    }
}

fn check_type(headers: &HeaderMap) -> Result<(), String> {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = text.split(';').next().unwrap_or_default().trim();
    match kind.eq_ignore_ascii_case("application/json") {
        true => Ok(()),
        false => Err(format!("the answer's content type is `{text}`, not application/json")),
    }
}
