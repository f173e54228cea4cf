//! Indicators: the PromQL that tells how a service does. Where the configuration gives none, it is taken from the metrics that
//! HTTP services commonly expose:
//!
//! | indicator | over `http_requests_total{code}` and `http_request_duration_seconds` |
//! |---|---|
//! | error rate | requests answered with 5xx, over all requests |
//! | availability | one less the error rate |
//! | latency | 95th percentile of the histogram, in seconds |

use std::collections::BTreeMap;
use std::time::Duration;

use ballast_alerting::Position;
use ballast_promql::ValueType;
use ballast_types::objective::IndicatorKind;
use ballast_types::{ServiceName, format_duration};

use crate::config::context::Context;
use crate::config::map::Map;
use crate::config::text::text;
use crate::config::tree::{Content, Node};

/// An indicator looks at so much of the past where nothing is said.
pub(super) const WINDOW_DEFAULT: Duration = Duration::from_secs(300);

/// The expression where none is configured.
pub(super) fn default(kind: IndicatorKind, service: &ServiceName, window: Duration) -> String {
    let window = format_duration(window);
    // Without a failed request there is no 5xx series, and the ratio must be 0 instead of nothing.
    let errors = format!(
        "(sum(rate(http_requests_total{{service=\"{service}\",code=~\"5..\"}}[{window}])) or vector(0))"
    );
    let all = format!("sum(rate(http_requests_total{{service=\"{service}\"}}[{window}]))");
    let buckets = format!("http_request_duration_seconds_bucket{{service=\"{service}\"}}[{window}]");
    match kind {
        IndicatorKind::ErrorRate => format!("{errors} / {all}"),
        IndicatorKind::Availability => format!("1 - {errors} / {all}"),
        IndicatorKind::LatencyP95 => format!("histogram_quantile(0.95, sum by (le) (rate({buckets})))"),
    }
}

/// `availability`, `latencyP95`, `errorRate`: expressions by the name of their indicator.
pub(super) fn read(context: &Context<'_>, node: &Node) -> Option<BTreeMap<&'static str, String>> {
    let mut map = Map::of(context, node);
    let keys = [
        ("availability", IndicatorKind::Availability),
        ("latencyP95", IndicatorKind::LatencyP95),
        ("errorRate", IndicatorKind::ErrorRate),
    ];
    let given = keys.into_iter().filter_map(|(key, kind)| Some((kind.name(), map.get(key, expression)?)));
    let indicators = given.collect();
    map.finish();
    Some(indicators)
}

/// A PromQL expression that yields one value.
fn expression(context: &Context<'_>, node: &Node) -> Option<String> {
    let text = text(context, node)?;
    match ballast_promql::syntax::parse(&text, context.features.get()) {
        Ok(parsed) if matches!(parsed.value_type(), ValueType::Scalar | ValueType::Vector) => {
            return Some(text);
        }
        Ok(parsed) => {
            let found = parsed.value_type();
            let help = "an indicator is one present value: wrap a range in `rate(..)` or the like";
            context.problem_with_help(
                node.at,
                format!("expected an instant vector or a scalar, found a {found}"),
                help,
            );
        }
        Err(error) => context.problem(place(node, error.line, error.column), error.message),
    }
    None
}

/// Where in the file a place in the expression is. In a block the lines of both correspond.
fn place(node: &Node, line: usize, column: usize) -> Position {
    let is_quoted =
        matches!(&node.content, Content::Scalar(scalar) if scalar.quoted && !scalar.text.contains('\n'));
    match line {
        1 => Position { line: node.at.line, column: node.at.column + column - 1 + usize::from(is_quoted) },
        _ => Position { line: node.at.line + line - 1, column: node.at.column + column - 1 },
    }
}
