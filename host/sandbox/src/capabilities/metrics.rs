//! `metrics`: the series store. Values travel as text in the journal and as numbers to the guest.

use ballast_types::call::{Call, MetricPoint, Output};

use crate::bindings::interfaces::metrics::{Host, Point};
use crate::bindings::interfaces::types::Error;
use crate::convert;
use crate::run::Run;

impl Host for Run {
    async fn query(&mut self, expression: String) -> wasmtime::Result<Result<Vec<Point>, Error>> {
        self.ask(Call::MetricsQuery { expression }, points).await
    }

    async fn query_range(
        &mut self,
        expression: String,
        lookback_ms: u64,
        step_ms: u64,
    ) -> wasmtime::Result<Result<Vec<Point>, Error>> {
        self.ask(Call::MetricsQueryRange { expression, lookback_ms, step_ms }, points).await
    }
}

fn points(output: Output) -> Option<Vec<Point>> {
    match output {
        Output::Points(points) => points.into_iter().map(point).collect(),
        _ => None,
    }
}

/// Rust reads `NaN`, `inf`, `+Inf` and `-Inf` as the query language writes them.
fn point(point: MetricPoint) -> Option<Point> {
    let value = point.value.parse().ok()?;
    Some(Point { labels: convert::labels(point.labels), at_ms: point.at_ms, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_values_are_read_and_nonsense_is_not() {
        let read = |text: &str| {
            let labels = vec![("a".to_owned(), "b".to_owned())];
            point(MetricPoint { labels, at_ms: 1, value: text.to_owned() }).map(|point| point.value)
        };
        assert!(read("NaN").unwrap().is_nan());
        assert_eq!(read("+Inf"), Some(f64::INFINITY));
        assert_eq!(read("-Inf"), Some(f64::NEG_INFINITY));
        assert_eq!(read("1e-3"), Some(0.001));
        assert_eq!(read("many"), None);
    }
}
