//! Compares the dependencies that Cargo knows with the table of rooms.
//!
//! Normal and build dependencies are held to the table. Development dependencies are free, as tests may use anything,
//! but must not close a circle among the host's crates: then a change in one would rebuild the other's tests for ever.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{Dependency, DependencyKind, Metadata, Package};

use super::rooms::{HOST, IMPURE, OWNED, STRANGERS, is_of, room};

/// Every edge that the design forbids, a line each.
pub(crate) fn violations(metadata: &Metadata) -> Vec<String> {
    let mut found = missing_rooms(metadata);
    for package in &metadata.packages {
        let built_on =
            package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
        found.extend(built_on.filter_map(|dependency| forbidden(package, dependency)));
    }
    found.extend(circle(metadata));
    found.sort();
    found
}

fn missing_rooms(metadata: &Metadata) -> Vec<String> {
    let is_host =
        |package: &&Package| package.manifest_path.starts_with(metadata.workspace_root.join("host"));
    let named: BTreeSet<&str> =
        metadata.packages.iter().filter(is_host).map(|package| package.name.as_str()).collect();
    let known: BTreeSet<&str> = HOST.iter().map(|room| room.name).collect();
    let unknown = named
        .difference(&known)
        .map(|name| format!("{name}: a crate under host/ that the table does not know"));
    let gone = known.difference(&named).map(|name| format!("{name}: in the table, but not under host/"));
    unknown.chain(gone).collect()
}

fn forbidden(package: &Package, dependency: &Dependency) -> Option<String> {
    let (from, to) = (package.name.as_str(), dependency.name.as_str());
    let why = if room(to).is_some() { inner(from, to)? } else { outer(from, to)? };
    Some(format!("{from} -> {to}: {why} ({})", package.manifest_path))
}

/// Why the edge between two crates of this workspace is forbidden.
fn inner(from: &str, to: &str) -> Option<String> {
    if STRANGERS.contains(&from) {
        return Some("it must know nothing of the host".to_owned());
    }
    let room = room(from)?;
    let allowed =
        if room.edges.is_empty() { "nothing of the workspace".to_owned() } else { room.edges.join(", ") };
    (!room.edges.contains(&to)).then(|| format!("it may build on {allowed} only"))
}

/// Why a host crate may not name an external crate.
fn outer(from: &str, to: &str) -> Option<String> {
    let room = room(from)?;
    if room.pure && IMPURE.iter().any(|family| is_of(to, family)) {
        return Some("a pure room has no I/O, tasks, clock or randomness".to_owned());
    }
    // The most exact family decides: tokio-tungstenite before tokio.
    let owned = OWNED.iter().filter(|owned| is_of(to, owned.krate)).max_by_key(|owned| owned.krate.len())?;
    (!owned.owners.contains(&from)).then(|| owned.reason.to_owned())
}

/// One circle among the host's crates over all kinds of dependencies.
fn circle(metadata: &Metadata) -> Option<String> {
    let edges: BTreeMap<&str, Vec<&str>> = metadata
        .packages
        .iter()
        .filter_map(|package| Some((room(&package.name)?.name, neighbours(package))))
        .collect();
    let mut done = BTreeSet::new();
    HOST.iter().find_map(|start| walk(start.name, &edges, &mut Vec::new(), &mut done))
}

fn neighbours(package: &Package) -> Vec<&str> {
    let host = |dependency: &&Dependency| room(&dependency.name).is_some();
    package.dependencies.iter().filter(host).map(|dependency| dependency.name.as_str()).collect()
}

fn walk<'a>(
    name: &'a str,
    edges: &BTreeMap<&'a str, Vec<&'a str>>,
    path: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) -> Option<String> {
    if let Some(at) = path.iter().position(|step| *step == name) {
        let circle: Vec<&str> = path.iter().skip(at).copied().chain([name]).collect();
        return Some(format!("{}: a circle, counting development dependencies", circle.join(" -> ")));
    }
    if !done.insert(name) {
        return None;
    }
    path.push(name);
    let found = edges.get(name).into_iter().flatten().find_map(|next| walk(next, edges, path, done));
    path.pop();
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use cargo_metadata::MetadataCommand;
    use serde_json::{Value, json};

    use super::*;
    use crate::workspace::Workspace;

    /// The real workspace's metadata with one dependency more.
    fn doctored(from: &str, to: &str, kind: Option<&str>) -> Vec<String> {
        let manifest = Workspace::find().unwrap().root().join("Cargo.toml");
        let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
        let mut value: Value = serde_json::to_value(&metadata).unwrap();
        let packages = value["packages"].as_array_mut().unwrap();
        let package = packages.iter_mut().find(|package| package["name"] == from).unwrap();
        package["dependencies"].as_array_mut().unwrap().push(json!({
            "name": to, "source": null, "req": "*", "kind": kind, "rename": null, "optional": false,
            "uses_default_features": true, "features": [], "target": null, "registry": null,
        }));
        violations(&serde_json::from_value(value).unwrap())
    }

    #[track_caller]
    fn flags(from: &str, to: &str, kind: Option<&str>, why: &str) {
        let found = doctored(from, to, kind);
        let expected = format!("{from} -> {to}: {why}");
        assert!(found.iter().any(|line| line.starts_with(&expected)), "{expected:?} is not in {found:#?}");
    }

    #[test]
    fn a_forbidden_edge_between_rooms_is_flagged() {
        flags("ballast-response", "ballast-alerting", None, "it may build on ballast-types only");
        flags("ballast-response", "ballast-alerting", Some("build"), "it may build on");
        flags(
            "ballast-api",
            "ballast-store",
            None,
            "it may build on ballast-engine, ballast-formats, ballast-types only",
        );
        flags("ballast-engine", "ballast-sandbox", None, "it may build on");
        flags("ballast-types", "ballast-ports", None, "it may build on nothing of the workspace only");
        flags("ballast-sdk", "ballast-types", None, "it must know nothing of the host");
    }

    #[test]
    fn a_heavy_crate_in_the_wrong_room_is_flagged() {
        flags("ballast-engine", "sled", None, "only store names sled");
        flags("ballast-engine", "wasmtime-wasi", None, "only sandbox names wasmtime");
        flags("ballast-ports", "axum", None, "api is the only HTTP server");
        flags("ballast-api", "reqwest", None, "outbound is the only HTTP client");
    }

    #[test]
    fn a_pure_room_with_tasks_or_randomness_is_flagged() {
        flags("ballast-tsdb", "tokio", None, "a pure room");
        flags("ballast-automation", "rand", None, "a pure room");
        flags("ballast-types", "uuid", Some("build"), "a pure room");
    }

    #[test]
    fn development_dependencies_are_free_unless_they_close_a_circle() {
        assert_eq!(doctored("ballast-outbound", "axum", Some("dev")), Vec::<String>::new());
        assert_eq!(doctored("ballast-engine", "ballast-tsdb", Some("dev")), Vec::<String>::new());
        let found = doctored("ballast-types", "ballast-promql", Some("dev"));
        assert_eq!(
            found,
            ["ballast-types -> ballast-promql -> ballast-types: a circle, counting development dependencies"]
        );
    }

    #[test]
    fn a_family_ends_at_a_dash() {
        assert!(is_of("wasmtime-wasi", "wasmtime") && is_of("time", "time"));
        assert!(!is_of("timeless", "time") && !is_of("randomize", "rand"));
    }
}
