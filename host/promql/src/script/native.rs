//! Which evaluations native histograms keep from their result: those that select a series which holds some, or that must
//! yield one. Where only floats are touched, what is loaded beside them is no excuse.

use ballast_types::Labels;
use ballast_types::labels::METRIC_NAME;

use super::Eval;
use crate::syntax::{Features, parse};

/// The series that classic ones with these labels make up, where they are part of a classic histogram.
pub(super) fn made_of(labels: &Labels) -> Option<Labels> {
    let name = labels.metric_name()?;
    let base = ["_bucket", "_count", "_sum"].iter().find_map(|suffix| name.strip_suffix(suffix))?;
    Some(labels.filtered(|name| name != "le").with(METRIC_NAME, base))
}

/// Whether the evaluation needs what some series hold, or expects a histogram.
pub(super) fn is_needed(eval: &Eval, native: &[Labels]) -> bool {
    if eval.expected.native {
        return true;
    }
    // What we cannot read is our lack, whatever it would touch.
    let Ok(expression) = parse(&eval.query, Features::all()) else { return false };
    let touched = |labels: &Labels| {
        expression.selectors().any(|selector| selector.matchers.iter().all(|matcher| matcher.matches(labels)))
    };
    native.iter().any(touched)
}
