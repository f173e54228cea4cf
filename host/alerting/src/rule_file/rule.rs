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
        let record = fields.text("record", &mut self.problems);
        let alert = fields.text("alert", &mut self.problems);
        let expression = self.expression(&fields, node.at);
        let labels = fields.texts("labels", &mut self.problems);
        check_label_names(&labels, &mut self.problems);
        let named =
            |scalar: Option<&Scalar>| scalar.map(|name| name.text.clone()).filter(|name| !name.is_empty());
        let rule = match (named(record), named(alert)) {
            (Some(metric), None) => {
                self.check_recording(&fields, &metric);
                let own = labels.iter().map(|(entry, value)| (entry.key.clone(), value.text.clone()));
                let labels = inherited(group_labels, &labels).cloned().chain(own).collect();
                let (id, place, expression) = (RuleId::new(""), self.place(node.at), expression?);
                Rule::Record(Arc::new(RecordingRule { id, metric, expression, labels, limit, place }))
            }
            (None, Some(name)) => Rule::Alert(Arc::new(self.alert(
                &fields,
                node.at,
                name,
                expression,
                &labels,
                group_labels,
                limit,
            )?)),
            (Some(_), Some(_)) => {
                let second = [fields.entry("record"), fields.entry("alert")]
                    .into_iter()
                    .flatten()
                    .map(|e| e.key_at)
                    .max();
                self.problems
                    .add(second.unwrap_or(node.at), "a rule takes either `record` or `alert`, not both");
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
        match ballast_promql::parse(&scalar.text) {
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

    fn check_recording(&mut self, fields: &Fields<'_>, metric: &str) {
        for key in ["for", "keep_firing_for", "annotations"] {
            if let Some(entry) = fields.entry(key) {
                self.problems.add(entry.key_at, format!("`{key}` makes no sense in a recording rule"));
            }
        }
        if metric.contains(['{', '}']) {
            let at = fields.value("record").map_or(Position::START, |node| node.at);
            let help = "labels go under `labels`, a selector under `expr`";
            self.problems.add_with_help(
                at,
                format!("`{metric}` is no name of a series: it has braces"),
                help,
            );
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one rule's parts, each already read; a struct would only rename them"
    )]
    fn alert(
        &mut self,
        fields: &Fields<'_>,
        at: Position,
        name: String,
        expression: Option<Expression>,
        labels: &[(&Entry, &Scalar)],
        group_labels: &[(String, String)],
        limit: Option<usize>,
    ) -> Option<AlertRule> {
        let timing = AlertTiming {
            for_: fields.duration("for", &mut self.problems).unwrap_or_default(),
            keep_firing_for: fields.duration("keep_firing_for", &mut self.problems).unwrap_or_default(),
        };
        let annotations = fields.texts("annotations", &mut self.problems);
        if let Some((empty, _)) = annotations.iter().find(|(entry, _)| entry.key.is_empty()) {
            self.problems.add(empty.key_at, "an annotation's name is empty");
        }
        let annotations = self.templates(&annotations);
        let own = self.templates(labels);
        let inherited = inherited(group_labels, labels);
        // The group told already which of them is no template.
        let inherited =
            inherited.filter_map(|(name, text)| Some((name.clone(), Template::parse(text).ok()?)));
        let labels = inherited.chain(own).collect();
        let (id, place, expression) = (RuleId::new(""), self.place(at), expression?);
        Some(AlertRule { id, name, expression, timing, labels, annotations, limit, place })
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

/// Those of the group's labels that the rule does not set itself.
fn inherited<'a>(
    group_labels: &'a [(String, String)],
    own: &[(&Entry, &Scalar)],
) -> impl Iterator<Item = &'a (String, String)> {
    group_labels.iter().filter(|(name, _)| !own.iter().any(|(entry, _)| entry.key == *name))
}

/// The index of the character at a line and column, both from 1.
fn char_index(text: &str, line: usize, column: usize) -> usize {
    let before: usize =
        text.split('\n').take(line.saturating_sub(1)).map(|line| line.chars().count() + 1).sum();
    before + column.saturating_sub(1)
}
