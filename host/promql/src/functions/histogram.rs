//! `histogram_quantile` and `histogram_fraction` over series of classic buckets, and the functions that only native
//! histograms answer: of float samples they make nothing.

use std::collections::HashMap;

use ballast_types::Labels;
use ballast_types::labels::METRIC_NAME;

use super::Function;
use super::buckets::{BUCKET_LABEL, Bucket, bound, bucket_fraction, bucket_quantile};
use crate::EvalError;
use crate::ast::Expr;
use crate::notes::wording;
use crate::step::{Element, Partial, Step};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "histogram_quantile" => Function::Special(histogram_quantile),
        "histogram_fraction" => Function::Special(histogram_fraction),
        _ if is_native_only(name) => Function::Special(|step, arguments| {
            arguments.first().map_or(Ok(Vec::new()), |tree| step.vector(tree))?;
            Ok(Partial::Vector(Vec::new()))
        }),
        _ => return None,
    })
}

/// Functions that yield nothing for float samples.
pub(crate) fn is_native_only(name: &str) -> bool {
    matches!(
        name,
        "histogram_count" | "histogram_sum" | "histogram_avg" | "histogram_stddev" | "histogram_stdvar"
    )
}

fn histogram_quantile(step: &Step<'_>, arguments: &[Expr]) -> Result<Partial, EvalError> {
    let [phi, tree] = arguments else { return Ok(Partial::Vector(Vec::new())) };
    let phi = step.scalar(phi)?;
    step.query.note(|notes| wording::quantile_out_of_range(notes, None, phi));
    let quantile = |(labels, buckets): (Labels, Vec<Bucket>)| {
        let found = bucket_quantile(phi, buckets);
        if found.forced_monotonic {
            let name = labels.get(METRIC_NAME).unwrap_or_default();
            step.query.note(|notes| wording::forced_monotonic(notes, None, name));
        }
        Element { labels, value: found.value, drop_name: true }
    };
    Ok(Partial::Vector(histograms(step, tree)?.into_iter().map(quantile).collect()))
}

fn histogram_fraction(step: &Step<'_>, arguments: &[Expr]) -> Result<Partial, EvalError> {
    let [lower, upper, tree] = arguments else { return Ok(Partial::Vector(Vec::new())) };
    let (lower, upper) = (step.scalar(lower)?, step.scalar(upper)?);
    let fraction = |(labels, buckets)| Element {
        labels,
        value: bucket_fraction(lower, upper, buckets),
        drop_name: true,
    };
    Ok(Partial::Vector(histograms(step, tree)?.into_iter().map(fraction).collect()))
}

/// The buckets by their labels without the bound.
fn histograms(step: &Step<'_>, tree: &Expr) -> Result<Vec<(Labels, Vec<Bucket>)>, EvalError> {
    let mut places: HashMap<Labels, usize> = HashMap::new();
    let mut histograms: Vec<(Labels, Vec<Bucket>)> = Vec::new();
    for element in step.vector(tree)? {
        let le = element.labels.get(BUCKET_LABEL);
        let Some(upper) = bound(le) else {
            let name = element.labels.get(METRIC_NAME).unwrap_or_default();
            step.query.note(|notes| wording::bad_bucket_label(notes, None, name, le.unwrap_or_default()));
            continue;
        };
        let labels = element.labels.filtered(|name| name != BUCKET_LABEL);
        let place = *places.entry(labels.clone()).or_insert_with(|| {
            histograms.push((labels, Vec::new()));
            histograms.len() - 1
        });
        if let Some((_, buckets)) = histograms.get_mut(place) {
            buckets.push(Bucket { upper, count: element.value });
        }
    }
    Ok(histograms)
}
