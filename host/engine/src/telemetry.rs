//! What Ballast tells about itself on `/metrics`, in base units with a `ballast_` prefix.

use ballast_types::ingest::{Appended, Refused};
use prometheus::{
    Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use crate::core::Core;

/// The host's own metrics.
pub struct Telemetry {
    registry: Registry,
    samples: IntCounterVec,
    ingests: IntCounterVec,
    scrapes: IntCounterVec,
    evaluations: IntCounterVec,
    evaluation_seconds: Histogram,
    alerts: IntGaugeVec,
    incidents_open: IntGauge,
    executions: IntGaugeVec,
    reloads: IntCounterVec,
    series: IntGauge,
    events: IntCounter,
}

impl Telemetry {
    /// Registers everything. Fails only on names that collide, which a test would show.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let vec = |name: &str, help: &str, label: &str| -> Result<IntCounterVec, prometheus::Error> {
            let metric = IntCounterVec::new(Opts::new(name, help), &[label])?;
            registry.register(Box::new(metric.clone()))?;
            Ok(metric)
        };
        let gauges = |name: &str, help: &str, label: &str| -> Result<IntGaugeVec, prometheus::Error> {
            let metric = IntGaugeVec::new(Opts::new(name, help), &[label])?;
            registry.register(Box::new(metric.clone()))?;
            Ok(metric)
        };
        let gauge = |name: &str, help: &str| -> Result<IntGauge, prometheus::Error> {
            let metric = IntGauge::new(name, help)?;
            registry.register(Box::new(metric.clone()))?;
            Ok(metric)
        };
        let samples = vec("ballast_samples_total", "Samples by what became of them.", "outcome")?;
        let ingests = vec("ballast_ingest_requests_total", "Bodies of samples by outcome.", "outcome")?;
        let scrapes = vec("ballast_scrapes_total", "Scrapes by outcome.", "outcome")?;
        let evaluations = vec("ballast_rule_evaluations_total", "Rule evaluations by outcome.", "outcome")?;
        let reloads = vec("ballast_reloads_total", "Reloads of rules and plugins by outcome.", "outcome")?;
        let alerts = gauges("ballast_alerts", "Alerts by state.", "state")?;
        let executions =
            gauges("ballast_executions", "Executions of runbooks by verdict or state.", "state")?;
        let incidents_open = gauge("ballast_incidents_open", "Incidents that are not resolved.")?;
        let series = gauge("ballast_series", "Series in the store.")?;
        let evaluation_seconds = Histogram::with_opts(HistogramOpts::new(
            "ballast_group_evaluation_duration_seconds",
            "How long the evaluation of a rule group took.",
        ))?;
        registry.register(Box::new(evaluation_seconds.clone()))?;
        let events = IntCounter::new("ballast_events_total", "Events in the log.")?;
        registry.register(Box::new(events.clone()))?;
        Ok(Telemetry {
            samples,
            ingests,
            scrapes,
            evaluations,
            evaluation_seconds,
            alerts,
            incidents_open,
            executions,
            reloads,
            series,
            events,
            registry,
        })
    }

    pub(crate) fn appended(&self, appended: &Appended) {
        self.samples.with_label_values(&["appended"]).inc_by(appended.kept as u64);
        for reason in Refused::ALL {
            self.samples.with_label_values(&[reason.as_str()]).inc_by(appended.refused(reason) as u64);
        }
    }

    /// Samples that never reached the store.
    pub(crate) fn refused(&self, samples: usize) {
        self.samples.with_label_values(&[Refused::Timestamp.as_str()]).inc_by(samples as u64);
    }

    /// Samples and series that a decoder did not understand.
    pub(crate) fn unreadable(&self, reason: &str, count: usize) {
        self.samples.with_label_values(&[reason]).inc_by(count as u64);
    }

    pub(crate) fn ingested(&self, outcome: &str) {
        self.ingests.with_label_values(&[outcome]).inc();
    }

    pub(crate) fn scraped(&self, ok: bool) {
        self.scrapes.with_label_values(&[outcome(ok)]).inc();
    }

    pub(crate) fn evaluated(&self, ok: bool) {
        self.evaluations.with_label_values(&[outcome(ok)]).inc();
    }

    pub(crate) fn group_took(&self, took: std::time::Duration) {
        self.evaluation_seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn reloaded(&self, ok: bool) {
        self.reloads.with_label_values(&[outcome(ok)]).inc();
    }

    /// The text format, with gauges as of now.
    pub fn render(&self, core: &Core, series: usize, events: u64) -> Result<String, prometheus::Error> {
        self.alerts.reset();
        for alert in core.alerts() {
            self.alerts.with_label_values(&[alert.state.name()]).inc();
        }
        self.executions.reset();
        for execution in core.executions() {
            self.executions.with_label_values(&[state_of(execution)]).inc();
        }
        self.incidents_open.set(core.incidents().filter(|incident| incident.state.is_open()).count() as i64);
        self.series.set(i64::try_from(series).unwrap_or(i64::MAX));
        self.events.reset();
        self.events.inc_by(events);
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

fn outcome(ok: bool) -> &'static str {
    if ok { "success" } else { "failure" }
}

fn state_of(execution: &ballast_types::execution::Execution) -> &'static str {
    match &execution.state {
        ballast_types::execution::ExecutionState::Finished { verdict, .. } => verdict.name(),
        state => state.name(),
    }
}
