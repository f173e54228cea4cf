//! Looks at files: each source opens with `//!`, unsafe code stays in one file, every crate takes the workspace's lints.
//!
//! It reads lines, not syntax: enough for a wall that nobody climbs by accident.

use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, Package};

use crate::error::{Error, Result};

/// Folders with sources of ours.
const SOURCES: [&str; 6] = ["host", "sdk", "runbooks", "xtask", "examples", "tests"];
/// Below these nothing is written by hand.
const SKIPPED: [&str; 3] = ["target", "node_modules", "generated"];
/// The one file that may allow unsafe code: it maps compiled components into memory.
const UNSAFE_FILE: &str = "host/sandbox/src/cache.rs";
/// Their lints are their own: sandbox for that file, the SDK for the bindings that are generated into guests.
const OWN_LINTS: [&str; 2] = ["ballast-sandbox", "ballast-sdk"];

/// Every file that breaks a rule, a line each.
pub(crate) fn violations(root: &Path, metadata: &Metadata) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for path in SOURCES.iter().map(|folder| sources(&root.join(folder))).collect::<Result<Vec<_>>>()?.concat()
    {
        let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        found.extend(in_source(&name, &text));
    }
    for package in &metadata.packages {
        let path = package.manifest_path.as_std_path();
        let text = fs::read_to_string(path).map_err(Error::file("read", path))?;
        found.extend(in_manifest(package, &text));
    }
    Ok(found)
}

/// Every Rust file below a folder, in order.
pub(super) fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder).map_err(Error::file("read", folder))? {
        let path = entry.map_err(Error::file("read", folder))?.path();
        if path.is_dir() && !is_skipped(&path) {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn is_skipped(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || SKIPPED.contains(&name.as_ref())
}

fn in_source(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if text.lines().take(3).any(|line| line.contains("@generated")) {
        return found;
    }
    if !text.starts_with("//!") {
        found.push(format!(
            "{name}:1: it does not open with `//!` (what lives here, what does not, the invariant)"
        ));
    }
    let ruled = name.starts_with("host/") || name.starts_with("xtask/") || name.starts_with("examples/");
    if ruled && name != UNSAFE_FILE {
        let places = attributes(text).filter(|(_, attribute)| loosens_unsafe(attribute));
        found.extend(
            places.map(|(line, _)| format!("{name}:{line}: unsafe code is allowed in {UNSAFE_FILE} only")),
        );
    }
    found
}

/// The text of each attribute that starts a line, over as many lines as it takes, with its first line's number.
fn attributes(text: &str) -> impl Iterator<Item = (usize, String)> + '_ {
    let opens = |line: &str| line.starts_with("#[") || line.starts_with("#![");
    let starts = text.lines().enumerate().filter(move |(_, line)| opens(line.trim_start()));
    starts.map(|(at, _)| (at + 1, attribute(text.lines().skip(at))))
}

fn attribute<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut whole = String::new();
    let mut depth = 0_i32;
    for line in lines {
        for letter in line.chars() {
            depth += i32::from(letter == '[') - i32::from(letter == ']');
            whole.push(letter);
            if letter == ']' && depth == 0 {
                return whole;
            }
        }
    }
    whole
}

fn loosens_unsafe(attribute: &str) -> bool {
    let looser = ["allow(", "expect(", "warn("].iter().any(|level| attribute.contains(level));
    looser && attribute.contains("unsafe_code")
}

fn in_manifest(package: &Package, text: &str) -> Vec<String> {
    let inherits = entries(text, "lints").any(|entry| entry == ("workspace", "true"));
    let own = OWN_LINTS.contains(&package.name.as_str()) && entries(text, "lints.rust").next().is_some();
    let mut found = Vec::new();
    if !inherits && !own {
        found.push(format!("{}: it has no `[lints] workspace = true`", package.manifest_path));
    }
    // The SDK's bindings are generated with unsafe code in them; the sandbox must name its one exception in the code.
    let strict =
        |(name, level): (&str, &str)| name == "unsafe_code" && matches!(level, "\"deny\"" | "\"forbid\"");
    if !inherits && package.name.as_str() == "ballast-sandbox" && !entries(text, "lints.rust").any(strict) {
        found.push(format!("{}: its lints must hold `unsafe_code = \"deny\"`", package.manifest_path));
    }
    found
}

/// The `name = value` lines of one table of a Cargo.toml.
fn entries<'a>(text: &'a str, table: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
    let header =
        move |line: &str| line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) == Some(table);
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let inside =
        lines.skip_while(move |line| !header(line)).skip(1).take_while(|line| !line.starts_with('['));
    inside.filter_map(|line| line.split_once('=')).map(|(name, value)| (name.trim(), value.trim()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_source_opens_with_its_purpose() {
        assert_eq!(in_source("host/a.rs", "//! Purpose.\n"), Vec::<String>::new());
        assert_eq!(in_source("host/a.rs", "// @generated by x\nfn a() {}\n"), Vec::<String>::new());
        let found = in_source("tests/a.rs", "use std::fs;\n//! Too late.\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("tests/a.rs:1: it does not open with"));
    }

    #[test]
    fn unsafe_code_is_allowed_in_one_file_only() {
        let text = "//! P.\n#[allow(\n    unsafe_code,\n    reason = \"fast\"\n)]\nfn a() {}\n#[deny(unsafe_code)]\nfn b() {}\n";
        let found = in_source("host/engine/src/a.rs", text);
        assert_eq!(
            found,
            ["host/engine/src/a.rs:2: unsafe code is allowed in host/sandbox/src/cache.rs only"]
        );
        assert_eq!(in_source(UNSAFE_FILE, text), Vec::<String>::new());
        assert_eq!(in_source("host/a.rs", "//! P.\n// #[allow(unsafe_code)]\n"), Vec::<String>::new());
    }

    #[test]
    fn a_table_of_a_manifest_is_read_up_to_the_next() {
        let text = "[package]\nworkspace = false\n[lints] # ours\nworkspace = true\n[lints.rust]\nunsafe_code = \"deny\"\n";
        assert_eq!(entries(text, "lints").collect::<Vec<_>>(), [("workspace", "true")]);
        assert_eq!(entries(text, "lints.rust").collect::<Vec<_>>(), [("unsafe_code", "\"deny\"")]);
        assert_eq!(entries(text, "lints.clippy").count(), 0);
    }
}
