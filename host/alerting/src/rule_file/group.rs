//! One group: its settings, and its rules in turn.

use std::collections::BTreeMap;

use ballast_types::RuleId;
use ballast_types::labels::METRIC_NAME;

use super::Reading;
use super::fields::Fields;
use crate::problem::{Position, Problems};
use crate::rule::{Place, Rule, RuleGroup};
use crate::yaml::{Entry, Node, Scalar};

const KEYS: [&str; 6] = ["name", "interval", "query_offset", "limit", "labels", "rules"];

impl Reading<'_> {
    /// Reads a group, and tells where its name stands.
    pub(super) fn group(&mut self, node: &Node) -> Option<(RuleGroup, Position)> {
        let fields = Fields::of(node, "a group", &KEYS, &mut self.problems)?;
        let name = fields.text("name", &mut self.problems).map(|name| name.text.clone()).unwrap_or_default();
        if name.is_empty() {
            self.problems
                .add(fields.entry("name").map_or(node.at, |entry| entry.key_at), "a group needs a `name`");
        }
        let labels = self.group_labels(&fields);
        let limit = fields.count("limit", &mut self.problems).filter(|limit| *limit > 0);
        let zero_is_default = |interval: &std::time::Duration| !interval.is_zero();
        let group = RuleGroup {
            interval: fields.duration("interval", &mut self.problems).filter(zero_is_default),
            query_offset: fields.duration("query_offset", &mut self.problems),
            limit,
            rules: self.rules(&fields, &labels, limit),
            place: self.place(node.at),
            name,
        };
        // Without a name there is nothing that could be a duplicate.
        let name_at = fields.value("name")?.at;
        Some((group, name_at))
    }

    fn rules(&mut self, fields: &Fields<'_>, labels: &[(String, String)], limit: Option<usize>) -> Vec<Rule> {
        let mut rules = Vec::new();
        let mut seen: BTreeMap<RuleId, usize> = BTreeMap::new();
        for node in fields.list("rules", &mut self.problems) {
            let Some(rule) = self.rule(node, labels, limit) else { continue };
            if let Some(line) = seen.get(rule.id()) {
                let message = format!("the rule `{}` asks the same as the one at line {line}", rule.name());
                self.warnings.add(node.at, message);
            } else {
                seen.insert(rule.id().clone(), node.at.line);
            }
            rules.push(rule);
        }
        rules
    }

    fn group_labels(&mut self, fields: &Fields<'_>) -> Vec<(String, String)> {
        let texts = fields.texts("labels", &mut self.problems);
        check_label_names(&texts, &mut self.problems);
        // Alerts expand them as their own labels; one that is no template is told here once and not in every rule.
        self.templates(&texts);
        texts.into_iter().map(|(entry, value)| (entry.key.clone(), value.text.clone())).collect()
    }

    pub(super) fn place(&self, position: Position) -> Place {
        Place { file: self.file.into(), position }
    }
}

/// Any text is a label's name, except none and the one that holds the metric's name.
pub(super) fn check_label_names(texts: &[(&Entry, &Scalar)], problems: &mut Problems) {
    for (entry, _) in texts {
        if entry.key.is_empty() {
            problems.add(entry.key_at, "a label's name is empty");
        } else if entry.key == METRIC_NAME {
            problems.add(entry.key_at, "`__name__` is the series' name and no label that a rule may set");
        }
    }
}
