//! An objective: what a service owes its users, and the expression that tells whether it is met.

use std::time::Duration;

use crate::ServiceName;

/// What an objective measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IndicatorKind {
    /// Share of good events; the target is a lower bound.
    Availability,
    /// 95th percentile of latency in seconds; the target is an upper bound.
    LatencyP95,
    /// Share of failed events; the target is an upper bound.
    ErrorRate,
}

impl IndicatorKind {
    /// The kind's name in labels and in the API.
    pub fn name(self) -> &'static str {
        match self {
            IndicatorKind::Availability => "availability",
            IndicatorKind::LatencyP95 => "latency-p95",
            IndicatorKind::ErrorRate => "error-rate",
        }
    }
}

/// A target for one indicator of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// Whose objective.
    pub service: ServiceName,
    /// What is measured.
    pub kind: IndicatorKind,
    /// The bound: a ratio, or seconds for latency.
    pub target: f64,
    /// PromQL that yields the indicator's present value as one sample.
    pub indicator: String,
    /// The period over which the error budget counts.
    pub window: Duration,
}

impl Objective {
    /// Whether a value of the indicator is within the target. NaN (no traffic) is not.
    pub fn met_by(&self, value: f64) -> bool {
        match self.kind {
            IndicatorKind::Availability => value >= self.target,
            IndicatorKind::LatencyP95 | IndicatorKind::ErrorRate => value <= self.target,
        }
    }

    /// The objective's name within its service's: `error-rate`.
    pub fn name(&self) -> &'static str {
        self.kind.name()
    }
}
