//! The configuration with which the host watches the real platform in these tests: fast, with the runbook bound to its
//! alert. No test lives here.

use ballast_tests::{Platform, Site, binaries};

/// The services of the platform, with what they need.
const SERVICES: [(&str, &str); 4] = [
    ("api-gateway", "document-processing, model-management"),
    ("document-processing", "document-store, model-management"),
    ("document-store", ""),
    ("model-management", ""),
];

/// Over how much of the past an error ratio is taken.
const WINDOW: &str = "4s";

const RULES: &str = r#"
groups:
  - name: errors
    rules:
      - alert: HighErrorRate
        expr: |
          sum by (service) (rate(http_requests_total{code=~"5..",service="document-processing"}[4s]))
          / sum by (service) (rate(http_requests_total{service="document-processing"}[4s])) > 0.1
        for: 500ms
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.service }} fails {{ $value | humanizePercentage }}"}
"#;

/// A site that watches the platform, and repairs document-processing by its runbook.
pub fn site(platform: &Platform) -> Site {
    let site = Site::new(&config(platform));
    site.write("rules/errors.yaml", RULES);
    site.plugin("high-error-rate.wasm", &binaries::plugin("high-error-rate"));
    site
}

fn config(platform: &Platform) -> String {
    let services: String = SERVICES.iter().map(|(name, needs)| service(platform, name, needs)).collect();
    format!(
        r#"
storage: {{path: data}}
rules: {{path: rules}}
plugins: {{path: plugins}}
slo: {{errorRateTarget: 0.05}}
monitoring:
  scrapeInterval: 250ms
  evaluationInterval: 250ms
  services:
{services}
automation:
  resolveHold: 1s
  runbooks:
    - runbook: high-error-rate
      match: {{alertname: HighErrorRate}}
      parameters:
        error_ratio_query: '(sum(rate(http_requests_total{{service="$service",code=~"5.."}}[{WINDOW}])) or vector(0)) / sum(rate(http_requests_total{{service="$service"}}[{WINDOW}]))'
        settle_ms: 500
      grant: {{capabilities: [metrics, logs, services, incident, state, log, timer], read: all, act: subject, verbs: [rollback]}}
      verify: {{objective: errorRate, hold: 1s, within: 6s}}
"#
    )
}

fn service(platform: &Platform, name: &str, needs: &str) -> String {
    let (metrics, admin) = (platform.address(name, "metrics"), platform.address(name, "admin"));
    format!(
        r#"    - name: {name}
      criticality: critical
      dependencies: [{needs}]
      targets: ["{metrics}"]
      indicatorWindow: {WINDOW}
      connector: {{http: {{baseUrl: "{admin}"}}}}
"#
    )
}
