//! What there is to say, in the words of Prometheus 3.5, so that tools that look for them find them.
//!
//! Each function appends one annotation; `place` is the byte of the query where the reason stands.

use super::Notes;
use crate::numeric::go_general;

/// Where in the query, in bytes.
pub(crate) type Place = Option<usize>;

const COUNTER_SUFFIXES: [&str; 4] = ["_total", "_sum", "_count", "_bucket"];
const MONOTONICITY: &str = "input to histogram_quantile needed to be fixed for monotonicity \
     (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)";

/// A φ outside 0..=1.
pub(crate) fn quantile_out_of_range(notes: &mut Notes, place: Place, phi: f64) {
    if phi.is_nan() || !(0.0..=1.0).contains(&phi) {
        notes.warn_at(place, format!("quantile value should be between 0 and 1, got {}", go_general(phi)));
    }
}

/// A ratio outside -1..=1; yields the one that counts.
pub(crate) fn ratio_capped(notes: &mut Notes, place: Place, ratio: f64) -> f64 {
    if (-1.0..=1.0).contains(&ratio) || ratio.is_nan() {
        return ratio;
    }
    let capped = ratio.clamp(-1.0, 1.0);
    let (got, to) = (go_general(ratio), go_general(capped));
    notes.warn_at(place, format!("ratio value should be between -1 and 1, got {got}, capping to {to}"));
    capped
}

/// A function for counters over a metric whose name is not a counter's; nothing where it is, or there is no name.
pub(crate) fn possibly_no_counter(notes: &mut Notes, place: Place, metric: &str) {
    if metric.is_empty() || COUNTER_SUFFIXES.iter().any(|suffix| metric.ends_with(suffix)) {
        return;
    }
    let text = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket:";
    notes.info_at(place, format!("{text} {metric:?}"));
}

/// As [`possibly_no_counter`], where the type is known from the label `__type__`.
pub(crate) fn possibly_no_counter_by_type(notes: &mut Notes, place: Place, metric: &str, kind: &str) {
    if metric.is_empty() || kind == "counter" || kind == "histogram" {
        return;
    }
    let text = "metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\"";
    notes.info_at(place, format!("{text}, got {kind:?}: {metric:?}"));
}

/// A series that should be a bucket has no readable bound.
pub(crate) fn bad_bucket_label(notes: &mut Notes, place: Place, metric: &str, le: &str) {
    let text = format!("bucket label \"le\" is missing or has a malformed value of {le:?}");
    notes.warn_at(place, of_metric(text, metric));
}

/// Counts of buckets fell where they must rise.
pub(crate) fn forced_monotonic(notes: &mut Notes, place: Place, metric: &str) {
    notes.info_at(place, of_metric(MONOTONICITY.to_owned(), metric));
}

/// An operator between types that do not go together, such as `float` and `histogram`.
pub(crate) fn incompatible_types(notes: &mut Notes, place: Place, left: &str, operator: &str, right: &str) {
    let text = format!("incompatible sample types encountered for binary operator {operator:?}");
    notes.info_at(place, format!("{text}: {left} {operator} {right}"));
}

/// An aggregation that has no meaning for histograms left some out.
pub(crate) fn histogram_ignored_in_aggregation(notes: &mut Notes, place: Place, aggregation: &str) {
    notes.info_at(place, format!("ignored histogram in {aggregation} aggregation"));
}

/// A function over windows that has no meaning for histograms left some out.
pub(crate) fn histograms_ignored_in_range(notes: &mut Notes, place: Place, metric: &str) {
    let text = "ignored histograms in a range containing both floats and histograms for metric name";
    notes.info_at(place, format!("{text} {metric:?}"));
}

/// A window holds floats and histograms, and the function cannot have both.
pub(crate) fn mixed_range(notes: &mut Notes, place: Place, metric: &str) {
    let text = "encountered a mix of histograms and floats for metric name";
    notes.warn_at(place, format!("{text} {metric:?}"));
}

/// A group holds floats and histograms, and the aggregation cannot have both.
pub(crate) fn mixed_aggregation(notes: &mut Notes, place: Place) {
    notes.warn_at(place, "encountered a mix of histograms and floats for aggregation");
}

fn of_metric(text: String, metric: &str) -> String {
    if metric.is_empty() { text } else { format!("{text} for metric name {metric:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_worth_it_is_said() {
        let mut notes = Notes::default();
        quantile_out_of_range(&mut notes, None, 1.0);
        possibly_no_counter(&mut notes, None, "requests_total");
        possibly_no_counter(&mut notes, None, "");
        possibly_no_counter_by_type(&mut notes, None, "requests", "counter");
        assert_eq!(ratio_capped(&mut notes, None, -0.5), -0.5);
        assert!(notes.is_empty());
        assert_eq!(ratio_capped(&mut notes, None, -1.5), -1.0);
        quantile_out_of_range(&mut notes, None, f64::NAN);
        possibly_no_counter(&mut notes, None, "requests");
        bad_bucket_label(&mut notes, None, "requests_bucket", "");
        forced_monotonic(&mut notes, None, "");
        assert_eq!((notes.warnings().len(), notes.infos().len()), (3, 2));
        assert!(notes.warnings().any(|text| text.ends_with("got NaN")));
        assert!(
            notes.warnings().any(|text| text.ends_with("value of \"\" for metric name \"requests_bucket\""))
        );
    }
}
