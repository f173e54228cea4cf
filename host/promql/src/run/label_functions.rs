//! `label_replace` and `label_join`, once for each series. They see the metric name even where a function before them said
//! to drop it.

use ballast_types::Labels;
use ballast_types::labels::METRIC_NAME;
use regex::Regex;

use super::{Context, Outcome};
use crate::EvalError;
use crate::unify::unify;

/// `label_replace(v, target, template, source, pattern)`
pub(super) fn replace(cx: &mut Context<'_>) -> Result<Outcome, EvalError> {
    let refuse = |reason: String| EvalError::Parameter { function: "label_replace", reason };
    let [target, template, source, pattern] = [1, 2, 3, 4].map(|input| cx.text(input).to_owned());
    let regex = Regex::new(&format!("^(?s:{pattern})$"))
        .map_err(|_| refuse(format!("invalid regular expression in label_replace(): {pattern}")))?;
    if target.is_empty() {
        return Err(refuse("invalid destination label name in label_replace(): ".to_owned()));
    }
    relabel(cx, &target, |labels| {
        let captures = regex.captures(labels.get(&source).unwrap_or_default())?;
        let mut value = String::new();
        captures.expand(&template, &mut value);
        Some(value)
    })
}

/// `label_join(v, target, separator, source, ..)`
pub(super) fn join(cx: &mut Context<'_>) -> Result<Outcome, EvalError> {
    let refuse = |reason: &str| EvalError::Parameter { function: "label_join", reason: reason.to_owned() };
    let [target, separator] = [1, 2].map(|input| cx.text(input).to_owned());
    let sources: Vec<String> = (3..cx.arity()).map(|input| cx.text(input).to_owned()).collect();
    if sources.iter().any(String::is_empty) {
        return Err(refuse("invalid source label name in label_join(): "));
    }
    if target.is_empty() {
        return Err(refuse("invalid destination label name in label_join(): "));
    }
    relabel(cx, &target, |labels| {
        let values: Vec<&str> = sources.iter().map(|name| labels.get(name).unwrap_or_default()).collect();
        Some(values.join(&separator))
    })
}

/// Sets the target label to what `value` yields; a name that is set stays.
fn relabel(
    cx: &mut Context<'_>,
    target: &str,
    value: impl Fn(&Labels) -> Option<String>,
) -> Result<Outcome, EvalError> {
    let mut frame = cx.own_vector(0);
    for header in frame.headers_mut() {
        if let Some(new) = value(&header.labels) {
            header.labels = header.labels.with(target, &new);
            header.drop_name &= target != METRIC_NAME;
        }
    }
    Ok(Outcome::vector(unify(frame)?))
}
