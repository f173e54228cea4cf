//! `histogram_quantile`, `histogram_quantiles` and `histogram_fraction` over series of classic buckets: which series are
//! the buckets of one histogram is found once, and so are their bounds.

use ballast_types::Labels;

use super::{Context, Outcome, Scalars};
use crate::EvalError;
use crate::columns::{ABSENT, Frame, Header, is_present};
use crate::functions::buckets::{BUCKET_LABEL, Bucket, bound, bucket_fraction, bucket_quantile};
use crate::groups::{Groups, Members, Signature};
use crate::notes::wording;
use crate::numeric::open_metrics;

/// `histogram_quantile(φ, v)`
pub(super) fn quantile(cx: &mut Context<'_>) -> Result<Outcome, EvalError> {
    let phis = cx.scalar(0);
    let histograms = Histograms::take(cx, 1);
    if histograms.frame.len() > 0 {
        tell_quantiles(cx, &phis, 0);
    }
    let mut result = Frame::with_room(cx.steps(), histograms.all.len());
    quantiles(cx, &histograms, 1, &phis, &mut result, |labels| labels.clone())?;
    Ok(Outcome::vector(result))
}

/// `histogram_quantiles(v, label, φ, ..)`: each φ is a label of its quantile.
pub(super) fn several_quantiles(cx: &mut Context<'_>) -> Result<Outcome, EvalError> {
    let (label, scalars) = (cx.text(1).to_owned(), 2..cx.arity());
    let phis: Vec<Scalars> = scalars.map(|input| cx.scalar(input)).collect();
    let histograms = Histograms::take(cx, 0);
    let mut result = Frame::with_room(cx.steps(), histograms.all.len() * phis.len());
    for (input, phis) in (2..).zip(&phis) {
        if histograms.frame.len() > 0 {
            tell_quantiles(cx, phis, input);
        }
        // A φ that changes from instant to instant is a label that does.
        let mut different: Vec<f64> = phis.to_vec();
        different.sort_by(f64::total_cmp);
        different.dedup_by(|a, b| a.to_bits() == b.to_bits());
        for phi in different {
            let text = open_metrics(phi);
            let here = |value: &f64| if value.to_bits() == phi.to_bits() { phi } else { ABSENT };
            let masked: Vec<f64> = phis.iter().map(here).collect();
            quantiles(cx, &histograms, 0, &masked, &mut result, |labels| labels.with(&label, &text))?;
        }
    }
    result.compact();
    crate::unify::unify(result).map(Outcome::vector)
}

/// `histogram_fraction(lower, upper, v)`
pub(super) fn fraction(cx: &mut Context<'_>) -> Result<Outcome, EvalError> {
    let (lower, upper) = (cx.scalar(0), cx.scalar(1));
    let histograms = Histograms::take(cx, 2);
    let mut result = Frame::with_room(cx.steps(), histograms.all.len());
    for (labels, columns) in &histograms.all {
        cx.budget.check()?;
        let slots = result.push_absent(Header { labels: labels.clone(), drop_name: true });
        histograms.each_step(columns, slots, |step, buckets| {
            let at = |scalars: &Scalars| scalars.get(step).copied().unwrap_or(f64::NAN);
            bucket_fraction(at(&lower), at(&upper), buckets)
        });
    }
    Ok(Outcome::vector(result))
}

/// Says once for each φ in a row that it is none.
fn tell_quantiles(cx: &mut Context<'_>, phis: &[f64], input: usize) {
    let (mut told, place) = (None, cx.place_of(input));
    for phi in phis.iter().filter(|phi| told.replace(phi.to_bits()) != Some(phi.to_bits())) {
        wording::quantile_out_of_range(&mut cx.notes, place, *phi);
    }
}

/// Adds the quantile of each histogram; none where φ is absent.
fn quantiles(
    cx: &mut Context<'_>,
    histograms: &Histograms,
    input: usize,
    phis: &[f64],
    result: &mut Frame,
    labels_of: impl Fn(&Labels) -> Labels,
) -> Result<(), EvalError> {
    for (labels, columns) in &histograms.all {
        cx.budget.check()?;
        let mut forced = false;
        let slots = result.push_absent(Header { labels: labels_of(labels), drop_name: true });
        histograms.each_step(columns, slots, |step, buckets| {
            let phi = phis.get(step).copied().unwrap_or(f64::NAN);
            if !is_present(phi) {
                return ABSENT;
            }
            let found = bucket_quantile(phi, buckets);
            forced |= found.forced_monotonic;
            found.value
        });
        if forced {
            let place = cx.place_of(input);
            wording::forced_monotonic(&mut cx.notes, place, labels.metric_name().unwrap_or_default());
        }
    }
    Ok(())
}

/// The series of a vector as the histograms whose buckets they are.
struct Histograms {
    frame: std::sync::Arc<Frame>,
    /// The labels of each but the bound, and its buckets: the bound, and which series.
    all: Vec<(Labels, Vec<(f64, usize)>)>,
}

impl Histograms {
    /// From an input; a series without a readable bound is told and left out.
    fn take(cx: &mut Context<'_>, input: usize) -> Self {
        let (frame, place) = (cx.vector(input), cx.place_of(input));
        let mut bounded: Vec<(f64, usize)> = Vec::with_capacity(frame.len());
        for (index, header) in frame.headers().iter().enumerate() {
            let le = header.labels.get(BUCKET_LABEL);
            match bound(le) {
                Some(upper) => bounded.push((upper, index)),
                None => {
                    let name = header.labels.metric_name().unwrap_or_default();
                    wording::bad_bucket_label(&mut cx.notes, place, name, le.unwrap_or_default());
                }
            }
        }
        let names = [BUCKET_LABEL.to_owned()];
        let mut groups = Groups::new(Signature::all_but(&names));
        let headers = bounded.iter().filter_map(|(_, index)| frame.headers().get(*index));
        let places: Vec<usize> = headers.map(|header| groups.place(&header.labels)).collect();
        let members = Members::new(&places, groups.len());
        let of_group = |(group, labels): (usize, Labels)| {
            let mut buckets: Vec<(f64, usize)> =
                members.of(group).iter().filter_map(|member| bounded.get(*member).copied()).collect();
            buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
            (labels, buckets)
        };
        let all = groups.labels().enumerate().map(of_group).collect();
        Histograms { frame, all }
    }

    /// Fills in a number at each instant at which there are buckets.
    fn each_step(
        &self,
        buckets: &[(f64, usize)],
        slots: &mut [f64],
        mut number: impl FnMut(usize, &mut Vec<Bucket>) -> f64,
    ) {
        let columns: Vec<(f64, &[f64])> =
            buckets.iter().map(|(upper, index)| (*upper, self.frame.column(*index))).collect();
        let mut now: Vec<Bucket> = Vec::with_capacity(columns.len());
        for (step, slot) in slots.iter_mut().enumerate() {
            // Most often all are there; their places are overwritten, since whoever looked may have left fewer.
            now.resize(columns.len(), Bucket { upper: f64::NAN, count: ABSENT });
            let mut all_are_there = true;
            for (bucket, (upper, column)) in now.iter_mut().zip(&columns) {
                let count = column.get(step).copied().unwrap_or(ABSENT);
                all_are_there &= is_present(count);
                *bucket = Bucket { upper: *upper, count };
            }
            if !all_are_there {
                now.retain(|bucket| is_present(bucket.count));
            }
            if !now.is_empty() {
                *slot = number(step, &mut now);
            }
        }
    }
}
