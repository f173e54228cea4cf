//! What an operator can set. The schema beside the manifest says the same; a test compares the two.

use ballast_sdk::prelude::*;

/// What an operator can set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Parameters {
    /// PromQL that yields the share of failed requests as one value; `$service` stands for the service's name.
    pub(crate) error_ratio_query: String,
    /// A deployment older than this is not suspected.
    pub(crate) recent_minutes: u32,
    /// How long to wait after the rollback before looking once.
    pub(crate) settle_ms: u64,
    /// At and above this share of failed requests the errors count as begun.
    pub(crate) min_error_ratio: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        // Where nothing fails there may be no series of failures at all: `or vector(0)` tells that from no data.
        let failed = r#"sum(rate(http_requests_total{service="$service",code=~"5.."}[30s])) or vector(0)"#;
        let all = r#"sum(rate(http_requests_total{service="$service"}[30s]))"#;
        Parameters {
            error_ratio_query: format!("({failed}) / {all}"),
            recent_minutes: 60,
            settle_ms: 5_000,
            min_error_ratio: 0.01,
        }
    }
}

impl Parameters {
    /// The expression for a service.
    pub(crate) fn error_ratio(&self, service: &str) -> String {
        self.error_ratio_query.replace("$service", &metrics::escape(service))
    }

    /// How old a deployment may be, milliseconds.
    pub(crate) fn recent_ms(&self) -> i64 {
        i64::from(self.recent_minutes) * 60_000
    }
}
