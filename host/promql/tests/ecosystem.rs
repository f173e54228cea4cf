//! Every query of the ecosystem's scripts and rule files, where they are there: each parses, or fails as its script says;
//! its canonical text parses to the same; and promql-parser, another's work, takes and refuses the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};

use ballast_promql::syntax::{Features, parse};

/// A query and where it stands.
struct Query {
    place: String,
    text: String,
    /// Whether its file says that evaluating it fails.
    fails: bool,
}

/// The shared folder: `$BALLAST_SHARED`, else beside the checkout.
#[allow(clippy::disallowed_methods, reason = "a test reads its fixtures")]
fn ecosystem() -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let shared = std::env::var_os("BALLAST_SHARED").map_or_else(beside, PathBuf::from);
    Some(shared.join("ecosystem")).filter(|folder| folder.is_dir())
}

#[allow(clippy::disallowed_methods, reason = "a test reads its fixtures")]
fn files(folder: &Path, extensions: &[&str]) -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| extensions.contains(&e.to_str().unwrap())));
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        std::fs::read_to_string(path).ok().map(|text| (name, text))
    };
    paths.into_iter().filter_map(read).collect()
}

/// The evaluations of a script.
fn of_script(name: &str, text: &str) -> Vec<Query> {
    let lines: Vec<&str> = text.lines().collect();
    let mut queries = Vec::new();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("eval")) {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let head = if words[1] == "instant" { 4 } else { 8 };
        let query =
            words[..head].iter().fold(*line, |rest, word| rest.trim_start().strip_prefix(word).unwrap());
        let block = lines[index + 1..].iter().take_while(|line| !line.trim().is_empty());
        let fails = words[0] == "eval_fail" || block.into_iter().any(|l| l.trim().starts_with("expect fail"));
        queries.push(Query { place: format!("{name}:{}", index + 1), text: query.trim().to_owned(), fails });
    }
    queries
}

/// The expressions of a rule file, read by hand: `expr:` and its value, in any of YAML's styles.
fn of_rules(name: &str, text: &str) -> Vec<Query> {
    let mut queries = Vec::new();
    let mut from = 0;
    for (index, line) in text.lines().enumerate() {
        from += line.len() + 1;
        let Some(value) = line.trim_start_matches([' ', '-']).strip_prefix("expr:") else { continue };
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        let value = value.trim().trim_start_matches("&expr ");
        let below = text.get(from..).unwrap_or_default();
        let text = match value.chars().next() {
            Some('*') => continue,
            None | Some('|' | '>') => indented(below, indent),
            Some('"') => double_quoted(&folded(&format!("{}\n{below}", &value[1..]), true)),
            Some('\'') => single_quoted(&folded(&format!("{}\n{below}", &value[1..]), false)),
            Some(_) => format!("{value}\n{}", indented(below, indent)),
        };
        queries.push(Query { place: format!("{name}:{}", index + 1), text, fails: name.contains("bad") });
    }
    queries
}

/// The lines that stand further to the right.
fn indented(text: &str, indent: usize) -> String {
    let is_inside = |l: &&str| l.trim().is_empty() || l.len() - l.trim_start().len() > indent;
    text.lines().take_while(is_inside).collect::<Vec<_>>().join("\n")
}

/// A line break and the blanks around it are one blank, several breaks are one less; an escaped one is nothing.
fn folded(text: &str, has_escapes: bool) -> String {
    let mut lines = text.lines();
    let mut folded = lines.next().unwrap_or_default().to_owned();
    let mut breaks = 0;
    for line in lines.map(str::trim_start) {
        breaks += 1;
        if line.is_empty() {
            continue;
        }
        if has_escapes && folded.ends_with('\\') {
            folded.pop();
        } else {
            folded.push_str(&if breaks == 1 { " ".to_owned() } else { "\n".repeat(breaks - 1) });
        }
        breaks = 0;
        folded.push_str(line.strip_prefix("\\ ").map_or(line, |_| &line[1..]));
    }
    folded
}

fn double_quoted(text: &str) -> String {
    let (mut chars, mut plain) = (text.chars(), String::new());
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some(other) => plain.push(other),
                None => break,
            },
            c => plain.push(c),
        }
    }
    plain
}

fn single_quoted(text: &str) -> String {
    let end = text.replace("''", "\0\0").find('\'').unwrap();
    text[..end].replace("''", "'")
}

fn queries() -> Vec<Query> {
    let Some(folder) = ecosystem() else {
        println!("note: the ecosystem's files are not there (BALLAST_SHARED); nothing was parsed");
        return Vec::new();
    };
    let scripts = files(&folder.join("promqltest"), &["test"]);
    let mut queries: Vec<Query> = scripts.iter().flat_map(|(name, text)| of_script(name, text)).collect();
    for rules in ["rules", "kube-prometheus", "promtool", "rulefmt"] {
        let rules = files(&folder.join(rules), &["yaml", "yml"]);
        queries.extend(rules.iter().flat_map(|(name, text)| of_rules(name, text)));
    }
    assert!(queries.len() > 1_800, "only {} queries were found", queries.len());
    queries
}

#[test]
fn every_query_parses_or_fails_as_it_should() {
    let mut wrong = Vec::new();
    for query in queries() {
        match parse(&query.text, Features::all()) {
            Ok(expression) => {
                for again in [expression.to_string(), expression.pretty()] {
                    if parse(&again, Features::all()).ok().as_ref() != Some(&expression) {
                        wrong.push(format!(
                            "{}: {}\n  reads back otherwise: {again}",
                            query.place, query.text
                        ));
                    }
                }
            }
            Err(error) if query.fails => println!("{}: {}\n  {error}", query.place, query.text),
            Err(error) => wrong.push(format!("{}: {}\n  {error}", query.place, query.text)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// promql-parser's canonical text, or nothing where it refuses. It panics on some durations.
fn theirs(text: &str) -> Option<String> {
    std::panic::catch_unwind(|| promql_parser::parser::parse(text)).ok()?.ok().map(|tree| tree.to_string())
}

/// Where and why we differ from it, each of them as Prometheus has it.
fn reason(ours: Option<&str>, theirs: Option<&str>) -> Option<&'static str> {
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        let is_computed = ours.is_some_and(|ours| parse(ours, Features::default()).is_err());
        return is_computed.then_some("it knows no arithmetic in durations");
    };
    if ours == theirs {
        return Some("");
    }
    if ours.replace("+Inf", "Inf") == theirs {
        return Some("infinity has its sign");
    }
    if ours.strip_prefix('+') == Some(theirs) {
        return Some("a plus sign is kept");
    }
    if ours.contains("\\x") {
        return Some("bytes that are no UTF-8 stay such");
    }
    let in_secs = ours.replace(", 1h)", ", 3600)").replace(", 50m)", ", 3000)");
    (in_secs == theirs).then_some("a number written as a duration is shown as one")
}

#[test]
fn another_parser_reads_the_same_but_for_what_has_a_reason() {
    let mut counts = std::collections::BTreeMap::new();
    let mut differ = Vec::new();
    for query in queries() {
        let ours = parse(&query.text, Features::all()).ok().map(|expression| expression.to_string());
        let theirs = theirs(&query.text);
        match reason(ours.as_deref(), theirs.as_deref()) {
            Some(reason) => *counts.entry(reason).or_insert(0) += 1,
            None if ours == theirs => *counts.entry("both refuse").or_insert(0) += 1,
            None => differ
                .push(format!("{}: {}\n  ours   {ours:?}\n  theirs {theirs:?}", query.place, query.text)),
        }
    }
    println!("{counts:#?}");
    assert!(differ.is_empty(), "{}\n{}", differ.len(), differ.join("\n"));
}
