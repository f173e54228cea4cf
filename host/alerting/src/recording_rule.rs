//! One evaluation of one recording rule: its result under the rule's name and labels, ready to be appended. Storing it, and
//! marking as stale what is no longer yielded, is the engine's.

use std::collections::BTreeSet;

use ballast_types::Labels;
use ballast_types::labels::METRIC_NAME;

use crate::EvaluationError;
use crate::alert_rule::check_count;
use crate::rule::RecordingRule;

/// The series that a rule records, in the order of the result.
pub fn evaluate_recording_rule(
    rule: &RecordingRule,
    result: &[(Labels, f64)],
) -> Result<Vec<(Labels, f64)>, EvaluationError> {
    check_count(&rule.metric, result.len(), rule.limit)?;
    let mut seen = BTreeSet::new();
    let mut recorded = Vec::with_capacity(result.len());
    for (labels, value) in result {
        let own = rule.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let labels = labels.with_all(own.chain([(METRIC_NAME, rule.metric.as_str())]));
        if !seen.insert(labels.clone()) {
            return Err(EvaluationError::DuplicateLabels { rule: rule.metric.clone(), labels });
        }
        recorded.push((labels, *value));
    }
    Ok(recorded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rule, RuleSet};

    fn record(text: &str, result: &[(Labels, f64)]) -> Result<Vec<(Labels, f64)>, EvaluationError> {
        let text = format!("groups: [{{name: g, rules: [{text}]}}]");
        let rules = RuleSet::build(vec![("r.yml".to_owned(), text)]).unwrap();
        let Some(Rule::Record(rule)) = rules.rules().next() else { panic!("a recording rule comes first") };
        evaluate_recording_rule(rule, result)
    }

    #[test]
    fn the_name_and_labels_are_the_rules() {
        let result = [(Labels::from_pairs([("__name__", "old"), ("a", "1"), ("b", "2")]), 3.0)];
        let recorded = record("{record: new, expr: old, labels: {a: '', c: d}}", &result).unwrap();
        insta::assert_debug_snapshot!(recorded, @r#"
    [
        (
            new{b="2", c="d"},
            3.0,
        ),
    ]
    "#);
    }

    #[test]
    fn series_that_become_one_are_an_error() {
        let result = [(Labels::from_pairs([("a", "1")]), 1.0), (Labels::from_pairs([("a", "2")]), 2.0)];
        assert!(record("{record: new, expr: old}", &result).is_ok());
        let error = record("{record: new, expr: old, labels: {a: x}}", &result).unwrap_err();
        assert!(matches!(error, EvaluationError::DuplicateLabels { .. }));
    }
}
