//! The same query with all that it reads pinned to its instant by `@`: it must yield the same whenever it is asked.

use ballast_types::Timestamp;

use crate::syntax::ast::{At, Expr, Shift};
use crate::syntax::{Features, parse};

/// Functions that look at the instant of the evaluation, whatever they are given; and `info`, whose second argument is no
/// selector of its own.
const ELSEWHERE_OTHERS: [&str; 12] = [
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "hour",
    "info",
    "minute",
    "month",
    "predict_linear",
    "time",
    "timestamp",
    "year",
];

/// The text of the pinned query; `None` where it would yield something else elsewhere, or cannot be read.
pub(super) fn query(text: &str, at: Timestamp) -> Option<String> {
    let mut tree = parse(text, Features::all()).ok()?.tree().clone();
    pin(&mut tree, at).then(|| tree.to_string())
}

/// When to ask it, besides its own instant.
pub(super) fn instants(at: Timestamp) -> impl Iterator<Item = Timestamp> {
    let at_ms = at.as_millis();
    let elsewhere = match at_ms {
        0 => [-1000, 0, 1000, 0],
        _ => [at_ms.saturating_mul(-10), 0, at_ms / 5, at_ms.saturating_mul(10)],
    };
    elsewhere.into_iter().map(Timestamp::from_millis)
}

/// False where some part cannot be pinned. What stands within a subquery is pinned with it.
fn pin(tree: &mut Expr, at: Timestamp) -> bool {
    match tree {
        Expr::Number(_) | Expr::Text(_) => true,
        Expr::Vector(selector) => shift(&mut selector.shift, at),
        Expr::Matrix(matrix) => shift(&mut matrix.selector.shift, at),
        Expr::Subquery(subquery) => shift(&mut subquery.shift, at) && !looks_elsewhere(&subquery.inner),
        Expr::Paren(paren) => pin(&mut paren.inner, at),
        Expr::Unary(unary) => pin(&mut unary.inner, at),
        Expr::Binary(binary) => pin(&mut binary.left, at) && pin(&mut binary.right, at),
        Expr::Aggregate(aggregate) => {
            aggregate.parameter.as_mut().is_none_or(|parameter| pin(parameter, at))
                && pin(&mut aggregate.inner, at)
        }
        Expr::Call(call) => {
            !ELSEWHERE_OTHERS.contains(&call.function)
                && call.arguments.iter_mut().all(|argument| pin(argument, at))
        }
    }
}

/// Whether a part that is not pinned itself depends on more than the instant that its subquery gives it.
fn looks_elsewhere(tree: &Expr) -> bool {
    ["start()", "end()"].iter().any(|of_the_query| tree.to_string().contains(of_the_query))
        || ELSEWHERE_OTHERS.iter().any(|name| tree.to_string().contains(&format!("{name}(")))
}

fn shift(shift: &mut Shift, at: Timestamp) -> bool {
    if !matches!(shift.at, Some(At::Millis(_))) {
        shift.at = Some(At::Millis(at.as_millis()));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("a + b offset 5m", Some("a @ 60.000 + b @ 60.000 offset 5m"))]
    #[case("rate(a[1m] @ 5)", Some("rate(a[1m] @ 5.000)"))]
    #[case("sum(max_over_time(rate(a[1m])[5m:1m]))", Some("sum(max_over_time(rate(a[1m])[5m:1m] @ 60.000))"))]
    #[case("a @ start()", Some("a @ 60.000"))]
    #[case("-1", Some("-1"))]
    #[case("a + time()", None)]
    #[case("sum_over_time(hour()[5m:])", None)]
    #[case("a +", None)]
    fn what_a_query_reads_is_pinned(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(query(text, Timestamp::from_secs(60)).as_deref(), expected);
    }
}
