//! One rule of a group: which kind it is, its expression, its labels and annotations.

use std::sync::Arc;

use ballast_promql::{Expression, ValueType};
use ballast_types::RuleId;

use super::Reading;
use super::fields::Fields;
use super::group::check_label_names;
use crate::AlertTiming;
use crate::problem::Position;
use crate::rule::{AlertRule, RecordingRule, Rule};
use crate::template::Template;
use crate::yaml::{Entry, Node, Scalar};

const KEYS: [&str; 7] = ["record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"];

/// What a rule of either kind has, as it is read.
struct Parts<'a, 'f> {
    at: Position,
    fields: &'f Fields<'a>,
    /// `None` where it is wrong, which was then told.
    expression: Option<Expression>,
    labels: Vec<(&'a Entry, &'a Scalar)>,
    group_labels: &'f [(String, String)],
    limit: Option<usize>,
}

impl Parts<'_, '_> {
    /// Those of the group's labels that the rule does not set itself.
    fn inherited(&self) -> impl Iterator<Item = &(String, String)> {
        self.group_labels.iter().filter(|(name, _)| !self.labels.iter().any(|(entry, _)| entry.key == *name))
    }
}

impl Reading<'_> {
    /// Reads a rule; `None` where something is wrong with it, which was then told.
    pub(super) fn rule(
        &mut self,
        node: &Node,
        group_labels: &[(String, String)],
        limit: Option<usize>,
    ) -> Option<Rule> {
        let found_before = self.problems.count();
        let fields = Fields::of(node, "a rule", &KEYS, &mut self.problems)?;
        let record = self.name(&fields, "record");
        let alert = self.name(&fields, "alert");
        let expression = self.expression(&fields, node.at);
        let labels = fields.texts("labels", &mut self.problems);
        check_label_names(&labels, &mut self.problems);
        let parts = Parts { at: node.at, fields: &fields, expression, labels, group_labels, limit };
        let rule = match (record, alert) {
            (Some(metric), None) => Rule::Record(Arc::new(self.record(parts, metric)?)),
            (None, Some(name)) => Rule::Alert(Arc::new(self.alert(parts, name)?)),
            (Some(_), Some(_)) => {
                let places = [fields.entry("record"), fields.entry("alert")].into_iter().flatten();
                let second = places.map(|entry| entry.key_at).max().unwrap_or(node.at);
                self.problems.add(second, "a rule takes either `record` or `alert`, not both");
                return None;
            }
            (None, None) => {
                self.problems.add(node.at, "a rule needs a name: `record` or `alert`");
                return None;
            }
        };
        let id = rule.content_id();
        (self.problems.count() == found_before).then(|| rule.with_id(id))
    }

    fn name(&mut self, fields: &Fields<'_>, key: &str) -> Option<String> {
        let name = fields.text(key, &mut self.problems)?;
        Some(name.text.clone()).filter(|name| !name.is_empty())
    }

    /// Parses `expr`, and puts its problem at the character of the file that it is about.
    fn expression(&mut self, fields: &Fields<'_>, rule_at: Position) -> Option<Expression> {
        let scalar = fields.text("expr", &mut self.problems).filter(|scalar| !scalar.text.trim().is_empty());
        let Some(scalar) = scalar else {
            // A value of another kind was told already.
            if fields.value("expr").is_none_or(|node| matches!(node.content, crate::yaml::Content::Scalar(_)))
            {
                let at = fields.entry("expr").map_or(rule_at, |entry| entry.key_at);
                self.problems.add(at, "a rule needs an expression: `expr`");
            }
            return None;
        };
        match ballast_promql::syntax::parse(&scalar.text, self.features) {
            Ok(expression) => self.checked_type(expression, scalar.position_of(self.source, 0)),
            Err(error) => {
                let index = char_index(&scalar.text, error.line, error.column);
                self.problems.add(scalar.position_of(self.source, index), error.message);
                None
            }
        }
    }

    fn checked_type(&mut self, expression: Expression, at: Position) -> Option<Expression> {
        match expression.value_type() {
            ValueType::Scalar | ValueType::Vector => Some(expression),
            other => {
                self.problems.add(
                    at,
                    format!("a rule's expression yields an instant vector or a scalar, not a {other}"),
                );
                None
            }
        }
    }

    fn record(&mut self, parts: Parts<'_, '_>, metric: String) -> Option<RecordingRule> {
        for key in ["for", "keep_firing_for", "annotations"] {
            if let Some(entry) = parts.fields.entry(key) {
                self.problems.add(entry.key_at, format!("`{key}` makes no sense in a recording rule"));
            }
        }
        if metric.contains(['{', '}']) {
            let at = parts.fields.value("record").map_or(parts.at, |node| node.at);
            let message = format!("`{metric}` is no name of a series: it has braces");
            self.problems.add_with_help(at, message, "labels go under `labels`, a selector under `expr`");
        }
        let own = parts.labels.iter().map(|(entry, value)| (entry.key.clone(), value.text.clone()));
        let labels = parts.inherited().cloned().chain(own).collect();
        let (id, place, limit) = (RuleId::new(""), self.place(parts.at), parts.limit);
        Some(RecordingRule { id, metric, expression: parts.expression?, labels, limit, place })
    }

    fn alert(&mut self, parts: Parts<'_, '_>, name: String) -> Option<AlertRule> {
        let timing = AlertTiming {
            for_: parts.fields.duration("for", &mut self.problems).unwrap_or_default(),
            keep_firing_for: parts.fields.duration("keep_firing_for", &mut self.problems).unwrap_or_default(),
        };
        let annotations = parts.fields.texts("annotations", &mut self.problems);
        if let Some((empty, _)) = annotations.iter().find(|(entry, _)| entry.key.is_empty()) {
            self.problems.add(empty.key_at, "an annotation's name is empty");
        }
        let annotations = self.templates(&annotations);
        let own = self.templates(&parts.labels);
        // The group told already which of its labels is no template.
        let inherited =
            parts.inherited().filter_map(|(name, text)| Some((name.clone(), Template::parse(text).ok()?)));
        let labels = inherited.chain(own).collect();
        let (id, place, limit) = (RuleId::new(""), self.place(parts.at), parts.limit);
        Some(AlertRule { id, name, expression: parts.expression?, timing, labels, annotations, limit, place })
    }

    /// The texts as templates; those that are none are problems.
    pub(super) fn templates(&mut self, texts: &[(&Entry, &Scalar)]) -> Vec<(String, Template)> {
        let mut templates = Vec::new();
        for (entry, scalar) in texts {
            match Template::parse(&scalar.text) {
                Ok(template) => templates.push((entry.key.clone(), template)),
                Err(error) => {
                    let at = scalar.position_of(self.source, error.offset);
                    self.problems.add(at, format!("the template of `{}`: {}", entry.key, error.message));
                }
            }
        }
        templates
    }
}

/// The index of the character at a line and column, both from 1.
fn char_index(text: &str, line: usize, column: usize) -> usize {
    let before: usize =
        text.split('\n').take(line.saturating_sub(1)).map(|line| line.chars().count() + 1).sum();
    before + column.saturating_sub(1)
}
