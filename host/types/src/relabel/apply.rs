//! What rules do to labels. Pure; the semantics are those of Prometheus 3, whose names may be any UTF-8.

use super::{DEFAULT_REGEX, LabelsBuilder, RelabelAction, RelabelRule, md5};

/// Applies rules one after the other; `false` as soon as one drops the set.
#[must_use]
pub fn apply(rules: &[RelabelRule], labels: &mut LabelsBuilder) -> bool {
    rules.iter().all(|rule| step(rule, labels))
}

fn step(rule: &RelabelRule, labels: &mut LabelsBuilder) -> bool {
    let source = source(rule, labels);
    match rule.action {
        RelabelAction::Keep => return rule.regex.is_match(&source),
        RelabelAction::Drop => return !rule.regex.is_match(&source),
        RelabelAction::KeepEqual => return labels.get(&rule.target_label) == source,
        RelabelAction::DropEqual => return labels.get(&rule.target_label) != source,
        RelabelAction::Replace => replace(rule, &source, labels),
        RelabelAction::Lowercase => labels.set(rule.target_label.as_str(), source.to_lowercase()),
        RelabelAction::Uppercase => labels.set(rule.target_label.as_str(), source.to_uppercase()),
        RelabelAction::HashMod => {
            let hash = md5::tail(&source).checked_rem(rule.modulus).unwrap_or(0);
            labels.set(rule.target_label.as_str(), hash.to_string());
        }
        RelabelAction::LabelMap => map(rule, labels),
        RelabelAction::LabelDrop => labels.retain(|name| !rule.regex.is_match(name)),
        RelabelAction::LabelKeep => labels.retain(|name| rule.regex.is_match(name)),
    }
    true
}

/// The values of the source labels, joined.
fn source(rule: &RelabelRule, labels: &LabelsBuilder) -> String {
    let mut joined = String::new();
    for (index, name) in rule.source_labels.iter().enumerate() {
        if index > 0 {
            joined.push_str(&rule.separator);
        }
        joined.push_str(labels.get(name));
    }
    joined
}

fn replace(rule: &RelabelRule, source: &str, labels: &mut LabelsBuilder) {
    if !rule.has_groups() && rule.regex.as_str() == DEFAULT_REGEX {
        return labels.set(rule.target_label.as_str(), rule.replacement.as_str());
    }
    let Some(found) = rule.regex.captures(source) else { return };
    let expand = |template: &str| {
        let mut text = String::new();
        found.expand(template, &mut text);
        text
    };
    let target = expand(&rule.target_label);
    if !target.is_empty() {
        labels.set(target, expand(&rule.replacement));
    }
}

fn map(rule: &RelabelRule, labels: &mut LabelsBuilder) {
    let found: Vec<_> =
        labels.pairs().iter().filter(|(name, _)| rule.regex.is_match(name)).cloned().collect();
    for (name, value) in found {
        let new = rule.regex.replace_all(&name, rule.replacement.as_str()).into_owned();
        labels.set(new, value);
    }
}
