//! Prometheus rule files, and the PrometheusRule wrapper that Kubernetes puts around them. Strict: a key that nobody knows
//! is a problem, since a misspelt `for` is an alert that nobody expects. All problems of a file are found in one pass,
//! each at its line and column; a file with a problem yields no rules at all.

mod fields;
mod group;
mod rule;
mod suggest;

use std::collections::BTreeMap;

use ballast_promql::syntax::Features;

use crate::problem::{Position, Problem, Problems};
use crate::rule::RuleGroup;
use crate::yaml::{self, Content, Node};
use fields::Fields;

/// What one file holds.
#[derive(Clone, Debug)]
pub struct RuleFile {
    /// Its groups in the order of the file. The rules' ids are those of their content; a `RuleSet` tells equals apart.
    pub groups: Vec<RuleGroup>,
    /// What is allowed but hardly meant.
    pub warnings: Vec<Problem>,
}

/// Reads one rule file; `file` only names it in problems.
pub fn parse_rule_file(file: &str, text: &str) -> Result<RuleFile, Vec<Problem>> {
    parse_rule_file_with(file, text, Features::default())
}

/// As [`parse_rule_file`], with experimental parts of PromQL allowed.
pub(crate) fn parse_rule_file_with(
    file: &str,
    text: &str,
    features: Features,
) -> Result<RuleFile, Vec<Problem>> {
    let (problems, warnings) = (Problems::of(file), Problems::of(file));
    let mut reading = Reading { file, source: text, features, problems, warnings };
    let groups = match yaml::parse(text) {
        Ok(tree) => reading.file(&tree),
        Err((at, message)) => {
            reading.problems.add(at, message);
            Vec::new()
        }
    };
    match reading.problems.into_sorted() {
        none if none.is_empty() => Ok(RuleFile { groups, warnings: reading.warnings.into_sorted() }),
        problems => Err(problems),
    }
}

/// The reading of one file: where it reads from and what it found.
struct Reading<'a> {
    file: &'a str,
    source: &'a str,
    /// The experimental parts of PromQL that are allowed.
    features: Features,
    problems: Problems,
    warnings: Problems,
}

impl Reading<'_> {
    fn file(&mut self, tree: &Node) -> Vec<RuleGroup> {
        match &tree.content {
            Content::Null => Vec::new(),
            Content::Map(entries) if entries.iter().any(|entry| entry.key == "apiVersion") => {
                self.wrapped(tree)
            }
            _ => self.groups_of(tree),
        }
    }

    /// `apiVersion: monitoring.coreos.com/v1`, `kind: PrometheusRule`, with the groups under `spec`.
    fn wrapped(&mut self, tree: &Node) -> Vec<RuleGroup> {
        let known = ["apiVersion", "kind", "metadata", "spec", "status"];
        let Some(fields) = Fields::of(tree, "a PrometheusRule", &known, &mut self.problems) else {
            return Vec::new();
        };
        if let Some(kind) =
            fields.text("kind", &mut self.problems).filter(|kind| kind.text != "PrometheusRule")
        {
            let at = fields.value("kind").map_or(tree.at, |value| value.at);
            self.problems.add(at, format!("`{}` holds no rules; expected `PrometheusRule`", kind.text));
        }
        match fields.value("spec") {
            Some(spec) => self.groups_of(spec),
            None => {
                self.problems.add(tree.at, "`spec` with the groups is missing");
                Vec::new()
            }
        }
    }

    fn groups_of(&mut self, node: &Node) -> Vec<RuleGroup> {
        let Some(fields) = Fields::of(node, "a rule file", &["groups"], &mut self.problems) else {
            return Vec::new();
        };
        let nodes = fields.list("groups", &mut self.problems);
        let mut first_places: BTreeMap<String, Position> = BTreeMap::new();
        let mut groups = Vec::new();
        for node in nodes {
            let Some((group, name_at)) = self.group(node) else { continue };
            if let Some(first) = first_places.get(&group.name) {
                let message =
                    format!("the group `{}` is already in this file, at line {}", group.name, first.line);
                self.problems.add(name_at, message);
            } else {
                first_places.insert(group.name.clone(), name_at);
            }
            groups.push(group);
        }
        groups
    }
}

#[cfg(test)]
mod tests;
