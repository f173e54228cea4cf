//! The rule files of the ecosystem, read unchanged: all good ones load, every bad one is refused at its line. The files are
//! no part of this repository; where they are absent the tests say so and pass.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "a test reads the files that it is about")]

use std::path::{Path, PathBuf};

use ballast_alerting::{Externals, Problem, Rule, RuleSet, TemplateData, parse_rule_file};
use ballast_types::{Labels, Timestamp};

/// The folder with the shared files: `BALLAST_SHARED`, or `shared` beside the checkout.
fn folder(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("BALLAST_SHARED").map_or(beside, PathBuf::from);
    let folder = shared.join("ecosystem").join(name);
    if !folder.is_dir() {
        eprintln!("skipped: {} is absent", folder.display());
    }
    folder.is_dir().then_some(folder)
}

/// Name and text of each YAML file, by name.
fn files(name: &str) -> Vec<(String, String)> {
    let Some(folder) = folder(name) else { return Vec::new() };
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let yaml = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let named = yaml.map(|path| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap())
    });
    let mut files: Vec<(String, String)> = named.collect();
    files.sort();
    files
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_good_file_loads_and_every_bad_one_is_refused_at_its_line() {
    let expected = [
        ("bad_expr.bad.yaml", 5),
        ("bad_field.bad.yaml", 8),
        ("duplicate_grp.bad.yaml", 3),
        ("invalid_label_name.bad.yaml", 7),
        ("invalid_record_name.bad.yaml", 4),
        ("no_rec_alert.bad.yaml", 4),
        ("noexpr.bad.yaml", 4),
        ("record_and_alert.bad.yaml", 5),
        ("record_and_for.bad.yaml", 6),
        ("record_and_keep_firing_for.bad.yaml", 6),
    ];
    for (name, text) in files("rulefmt") {
        let read = parse_rule_file(&name, &text);
        let Some((_, line)) = expected.iter().find(|(bad, _)| *bad == name) else {
            assert!(!name.contains(".bad."), "{name} has no expected line");
            read.unwrap_or_else(|problems| panic!("{}", lines(&problems)));
            continue;
        };
        let problems = read.expect_err(&name);
        assert_eq!((problems.len(), problems[0].line), (1, *line), "{}", lines(&problems));
    }
}

#[test]
fn groups_with_dependencies_load_and_an_unknown_key_does_not() {
    for (name, text) in files("rules") {
        match parse_rule_file(&name, &text) {
            Ok(file) => assert!(!file.groups.is_empty() && name != "invalid_rules.yaml", "{name}"),
            Err(problems) => {
                assert_eq!(
                    (name.as_str(), problems[0].line),
                    ("invalid_rules.yaml", 6),
                    "{}",
                    lines(&problems)
                );
            }
        }
    }
}

#[test]
fn the_rules_of_most_kubernetes_clusters_load() {
    let files = files("kube-prometheus");
    if files.is_empty() {
        return;
    }
    let set = RuleSet::build(files).unwrap_or_else(|problems| panic!("{}", lines(&problems)));
    assert_eq!((set.file_count(), set.rule_count()), (8, 234));
    assert_eq!(lines(set.warnings()), "");
}

#[test]
fn the_texts_of_most_kubernetes_clusters_expand() {
    let (labels, externals) = (Labels::from_pairs([("namespace", "n"), ("pod", "p")]), Externals::default());
    let data =
        TemplateData { labels: &labels, value: 0.5, externals: &externals, now: Timestamp::from_secs(0) };
    let mut query = |text: &str, _: Timestamp| {
        ballast_promql::parse(text).map_err(|error| error.to_string())?;
        Ok(vec![(labels.clone(), 3.0)])
    };
    let mut expanded = 0;
    for rule in RuleSet::build(files("kube-prometheus")).unwrap().rules() {
        let Rule::Alert(rule) = rule else { continue };
        for (name, template) in rule.labels.iter().chain(&rule.annotations) {
            let text = template
                .expand(data, &mut query)
                .unwrap_or_else(|reason| panic!("{} {name}: {reason}", rule.name));
            assert!(!text.contains("{{") && !text.contains("%!"), "{} {name}: {text}", rule.name);
            expanded += 1;
        }
    }
    assert!(expanded > 500 || folder("kube-prometheus").is_none(), "{expanded}");
}
