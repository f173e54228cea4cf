//! `histogram_quantile` and `histogram_fraction` over series of classic buckets: which series are the buckets of one
//! histogram is found once, and so are their bounds.

use std::sync::Arc;

use super::{Context, Outcome, Scalars};
use crate::EvalError;
use crate::columns::{ABSENT, Frame, Header, is_present};
use crate::functions::buckets::{BUCKET_LABEL, Bucket, bound, bucket_fraction, bucket_quantile};
use crate::groups::{Groups, Members, Signature};
use crate::notes::wording;

/// The function's value for each histogram.
pub(super) fn evaluate(cx: &mut Context<'_>, function: &str) -> Result<Outcome, EvalError> {
    let (last, is_quantile) = (cx.arity().saturating_sub(1), function == "histogram_quantile");
    let scalars: Vec<Scalars> = (0..last).map(|input| cx.scalar(input)).collect();
    let frame = cx.vector(last);
    if let Some(phis) = scalars.first().filter(|_| is_quantile && frame.len() > 0) {
        let mut told = None;
        for phi in phis.iter().filter(|phi| told.replace(phi.to_bits()) != Some(phi.to_bits())) {
            wording::quantile_out_of_range(&mut cx.notes, Some(1), *phi);
        }
    }
    let place = cx.place_of(last);
    let bounded = bounded(cx, &frame, place);
    let names = [BUCKET_LABEL.to_owned()];
    let mut groups = Groups::new(Signature::all_but(&names));
    let headers = bounded.iter().filter_map(|(index, _)| frame.headers().get(*index));
    let places: Vec<usize> = headers.map(|header| groups.place(&header.labels)).collect();
    let members = Members::new(&places, groups.len());
    let mut result = Frame::with_room(cx.steps(), groups.len());
    for (group, labels) in groups.labels().enumerate() {
        cx.budget.check()?;
        let of_group = members.of(group).iter().filter_map(|member| bounded.get(*member));
        let mut columns: Vec<(f64, &[f64])> =
            of_group.map(|(index, upper)| (*upper, frame.column(*index))).collect();
        columns.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut forced = false;
        let at = |step: usize| {
            let there = |(upper, column): &(f64, &[f64])| {
                let count = column.get(step).copied().filter(|count| is_present(*count))?;
                Some(Bucket { upper: *upper, count })
            };
            let buckets: Vec<Bucket> = columns.iter().filter_map(there).collect();
            if buckets.is_empty() {
                return ABSENT;
            }
            let scalar = |at: usize| scalars.get(at).and_then(|s| s.get(step)).copied().unwrap_or(f64::NAN);
            if !is_quantile {
                return bucket_fraction(scalar(0), scalar(1), buckets);
            }
            let found = bucket_quantile(scalar(0), buckets);
            forced |= found.forced_monotonic;
            found.value
        };
        let values: Vec<f64> = (0..cx.steps()).map(at).collect();
        if forced {
            wording::forced_monotonic(&mut cx.notes, place, labels.metric_name().unwrap_or_default());
        }
        result.push(Header { labels, drop_name: true }, values);
    }
    Ok(Outcome::vector(result))
}

/// The series that have a readable bound, with it; the others are told.
fn bounded(cx: &mut Context<'_>, frame: &Arc<Frame>, place: Option<usize>) -> Vec<(usize, f64)> {
    let mut found = Vec::with_capacity(frame.len());
    for (index, header) in frame.headers().iter().enumerate() {
        let le = header.labels.get(BUCKET_LABEL);
        match bound(le) {
            Some(upper) => found.push((index, upper)),
            None => {
                let name = header.labels.metric_name().unwrap_or_default();
                wording::bad_bucket_label(&mut cx.notes, place, name, le.unwrap_or_default());
            }
        }
    }
    found
}
