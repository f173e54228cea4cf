//! The rules that run: all files together, immutable, and built as a whole or not at all, so that a broken file never
//! replaces what runs. Evaluation and reloading are the engine's; it swaps one set for another.

use std::collections::BTreeMap;
use std::sync::Arc;

use ballast_promql::syntax::Features;
use ballast_types::RuleId;

use crate::problem::Problem;
use crate::rule::{Rule, RuleGroup};
use crate::rule_file::parse_rule_file_with;

/// A checked set of rule groups.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    groups: Vec<Arc<RuleGroup>>,
    by_id: BTreeMap<RuleId, Rule>,
    warnings: Vec<Problem>,
    files: usize,
}

impl RuleSet {
    /// Builds a set from files, each a name and a text. The error holds every problem of every file.
    ///
    /// The order of the files does not matter: they are taken in the order of their names. Groups of one name may
    /// stand in several files, as in Prometheus.
    pub fn build(files: Vec<(String, String)>) -> Result<Self, Vec<Problem>> {
        RuleSet::build_with(files, Features::default())
    }

    /// As [`RuleSet::build`], with experimental parts of PromQL allowed.
    pub fn build_with(mut files: Vec<(String, String)>, features: Features) -> Result<Self, Vec<Problem>> {
        files.sort();
        let (mut groups, mut warnings, mut problems) = (Vec::new(), Vec::new(), Vec::new());
        for (name, text) in &files {
            match parse_rule_file_with(name, text, features) {
                Ok(file) => {
                    groups.extend(file.groups);
                    warnings.extend(file.warnings);
                }
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let groups = tell_equals_apart(groups);
        let rules = groups.iter().flat_map(|group| &group.rules);
        let by_id = rules.map(|rule| (rule.id().clone(), rule.clone())).collect();
        Ok(RuleSet {
            groups: groups.into_iter().map(Arc::new).collect(),
            by_id,
            warnings,
            files: files.len(),
        })
    }

    /// The groups, by file name and then as written.
    pub fn groups(&self) -> &[Arc<RuleGroup>] {
        &self.groups
    }

    /// All rules in the order of their groups.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.groups.iter().flat_map(|group| &group.rules)
    }

    /// The rule with an id. An alert whose rule is not here any more is to be retired.
    pub fn rule(&self, id: &RuleId) -> Option<&Rule> {
        self.by_id.get(id)
    }

    /// How many rules there are.
    pub fn rule_count(&self) -> usize {
        self.by_id.len()
    }

    /// How many files they come from.
    pub fn file_count(&self) -> usize {
        self.files
    }

    /// What is allowed but hardly meant.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

/// Rules that ask the same get an ordinal in the order in which they stand, the first none.
fn tell_equals_apart(mut groups: Vec<RuleGroup>) -> Vec<RuleGroup> {
    let mut seen: BTreeMap<RuleId, usize> = BTreeMap::new();
    for group in &mut groups {
        let rules = std::mem::take(&mut group.rules);
        group.rules = rules.into_iter().map(|rule| numbered(rule, &mut seen)).collect();
    }
    groups
}

fn numbered(rule: Rule, seen: &mut BTreeMap<RuleId, usize>) -> Rule {
    let count = seen.entry(rule.id().clone()).or_insert(0);
    *count += 1;
    if *count == 1 {
        return rule;
    }
    let id = RuleId::new(format!("{}-{count}", rule.id()));
    rule.with_id(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(files: &[(&str, &str)]) -> RuleSet {
        RuleSet::build(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
            .unwrap()
    }

    fn ids(set: &RuleSet) -> Vec<String> {
        set.rules().map(|rule| rule.id().to_string()).collect()
    }

    fn one(rule: &str) -> String {
        ids(&set(&[("a.yml", &format!("groups: [{{name: g, rules: [{rule}]}}]"))])).remove(0)
    }

    #[test]
    fn an_id_follows_the_content_and_not_the_place() {
        let id = one("{alert: A, expr: up == 0, labels: {s: x}}");
        assert_eq!(
            id,
            one("{alert: A, expr: 'up   ==  0', labels: {s: x}, for: 5m, annotations: {summary: new}}")
        );
        for other in [
            "{alert: B, expr: up == 0, labels: {s: x}}",
            "{alert: A, expr: up == 1, labels: {s: x}}",
            "{alert: A, expr: up == 0, labels: {s: y}}",
            "{record: A, expr: up == 0, labels: {s: x}}",
        ] {
            assert_ne!(id, one(other), "{other}");
        }
        let moved = "groups: [{name: other, rules: [{record: r, expr: '1'}, {alert: A, expr: up == 0, labels: {s: x}}]}]";
        assert_eq!(ids(&set(&[("z.yml", moved)]))[1], id);
    }

    #[test]
    fn a_label_of_the_group_is_a_label_of_the_rule() {
        let text =
            "groups: [{name: g, labels: {s: x, t: y}, rules: [{alert: A, expr: up == 0, labels: {t: z}}]}]";
        assert_eq!(ids(&set(&[("a.yml", text)]))[0], one("{alert: A, expr: up == 0, labels: {s: x, t: z}}"));
    }

    #[test]
    fn equals_are_told_apart_in_the_same_way_whatever_the_order_of_files() {
        let text = "groups: [{name: g, rules: [{alert: A, expr: up}, {alert: A, expr: up}]}]";
        let set_one = set(&[("a.yml", text), ("b.yml", text)]);
        let found = ids(&set_one);
        assert_eq!(found[1], format!("{}-2", found[0]));
        assert_eq!(found[3], format!("{}-4", found[0]));
        assert_eq!(found, ids(&set(&[("b.yml", text), ("a.yml", text)])));
        assert_eq!((set_one.rule_count(), set_one.file_count(), set_one.groups().len()), (4, 2, 2));
        assert_eq!(
            set_one.warnings()[0].to_string(),
            "a.yml:1:50: the rule `A` asks the same as the one at line 1"
        );
        assert!(set_one.rule(&RuleId::new(found[3].as_str())).is_some());
    }

    #[test]
    fn one_broken_file_refuses_the_whole_set_with_all_problems() {
        let files = [("a.yml", "groups: 3"), ("b.yml", "groups: []"), ("c.yml", "rules: []")];
        let files = files.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec();
        let problems = RuleSet::build(files).unwrap_err();
        let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
        assert_eq!(
            lines,
            [
                "a.yml:1:9: `groups` takes a list, not a single value",
                "c.yml:1:1: unknown key `rules` in a rule file"
            ]
        );
    }

    #[test]
    fn ten_thousand_rules_in_one_file_are_no_burden() {
        let mut text = String::from("groups:\n  - name: g\n    rules:\n");
        for n in 0..10_000 {
            text.push_str(&format!(
                "      - {{alert: A{n}, expr: x > {n}, labels: {{s: x}}, annotations: {{a: b, c: d}}}}\n"
            ));
        }
        assert_eq!(set(&[("a.yml", &text)]).rule_count(), 10_000);
    }
}
