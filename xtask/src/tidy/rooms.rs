//! The design's table of rooms as data: which crate may name which. ARCHITECTURE.md has the reasons.
//!
//! A new edge is a decision with a record under docs/adr; its line here comes with that record.

/// A crate of this workspace and the crates of this workspace that it may build on.
pub(crate) struct Room {
    /// The package's name.
    pub(crate) name: &'static str,
    /// Packages of this workspace that may be a normal or a build dependency.
    pub(crate) edges: &'static [&'static str],
    /// Pure: no I/O, no clock, no tasks, no randomness.
    pub(crate) pure: bool,
}

const fn pure(name: &'static str, edges: &'static [&'static str]) -> Room {
    Room { name, edges, pure: true }
}

const fn shell(name: &'static str, edges: &'static [&'static str]) -> Room {
    Room { name, edges, pure: false }
}

/// Every crate under host/.
pub(crate) const HOST: [Room; 14] = [
    pure("ballast-types", &[]),
    pure("ballast-promql", &["ballast-types"]),
    pure("ballast-formats", &["ballast-types"]),
    pure("ballast-alerting", &["ballast-promql", "ballast-types"]),
    pure("ballast-response", &["ballast-types"]),
    pure("ballast-automation", &["ballast-types"]),
    // It owns its files, so it is not wholly pure; but it has no clock, no tasks and no network either.
    pure("ballast-tsdb", &["ballast-types"]),
    shell("ballast-ports", &["ballast-types"]),
    shell("ballast-store", &["ballast-ports", "ballast-types"]),
    shell("ballast-sandbox", &["ballast-ports", "ballast-types"]),
    shell("ballast-outbound", &["ballast-formats", "ballast-ports", "ballast-types"]),
    shell(
        "ballast-engine",
        &[
            "ballast-alerting",
            "ballast-automation",
            "ballast-ports",
            "ballast-promql",
            "ballast-response",
            "ballast-types",
        ],
    ),
    shell("ballast-api", &["ballast-engine", "ballast-formats", "ballast-types"]),
    shell(
        "ballast",
        &[
            "ballast-alerting",
            "ballast-api",
            "ballast-automation",
            "ballast-engine",
            "ballast-outbound",
            "ballast-ports",
            "ballast-promql",
            "ballast-response",
            "ballast-sandbox",
            "ballast-store",
            "ballast-tsdb",
            "ballast-types",
        ],
    ),
];

/// Crates outside host/ that must know nothing of the host: it reaches them over the wire, or they build it.
pub(crate) const STRANGERS: [&str; 3] = ["ballast-sdk", "fineprint", "xtask"];

/// An external crate, or a family of them, and the only host crates that may name it.
pub(crate) struct Owned {
    /// The crate, and every crate whose name starts with it and a dash.
    pub(crate) krate: &'static str,
    /// The host crates that may.
    pub(crate) owners: &'static [&'static str],
    /// Why nobody else.
    pub(crate) reason: &'static str,
}

const fn owned(krate: &'static str, owners: &'static [&'static str], reason: &'static str) -> Owned {
    Owned { krate, owners, reason }
}

/// The heavy crates and their owners.
pub(crate) const OWNED: [Owned; 24] = [
    owned("sled", &["ballast-store"], "only store names sled"),
    owned("wasmtime", &["ballast-sandbox"], "only sandbox names wasmtime"),
    owned("cranelift", &["ballast-sandbox"], "only sandbox compiles"),
    owned("wit-component", &["ballast-sandbox"], "only sandbox reads components"),
    owned("wit-parser", &["ballast-sandbox"], "only sandbox reads components"),
    owned("wasmparser", &["ballast-sandbox"], "only sandbox reads components"),
    owned(
        "reqwest",
        &["ballast-outbound", "ballast"],
        "outbound is the only HTTP client (and the CLI is one)",
    ),
    owned("hyper", &["ballast-outbound"], "outbound is the only HTTP client"),
    owned("ureq", &["ballast-outbound"], "outbound is the only HTTP client"),
    owned("rustls", &["ballast-outbound", "ballast"], "outbound dials; ballast installs its provider"),
    owned("lettre", &["ballast-outbound"], "outbound is the only one that dials"),
    owned("kube", &["ballast-outbound"], "outbound is the only one that dials"),
    owned("k8s-openapi", &["ballast-outbound"], "outbound is the only one that dials"),
    owned("tokio-tungstenite", &["ballast-outbound"], "outbound is the only one that dials"),
    owned("axum", &["ballast-api"], "api is the only HTTP server"),
    owned("tower", &["ballast-api"], "api is the only HTTP server"),
    owned("utoipa", &["ballast-api"], "api has the only wire types"),
    owned(
        "notify",
        &["ballast-engine", "ballast-outbound"],
        "engine watches rules and plugins, outbound the files that name targets; nobody else watches",
    ),
    owned("prost", &["ballast-formats"], "formats reads and writes what travels"),
    owned("snap", &["ballast-formats"], "formats reads and writes what travels"),
    owned("clap", &["ballast"], "ballast is the only command line"),
    owned("miette", &["ballast"], "miette stays at the binary's edge"),
    owned(
        "promql-parser",
        &["ballast-promql"],
        "promql is the only one that parses PromQL, and only its tests do with this",
    ),
    owned("tracing-subscriber", &["ballast"], "ballast wires the log"),
];

/// What no pure room may name: I/O, tasks, clocks and randomness.
pub(crate) const IMPURE: [&str; 13] = [
    "async-std",
    "chrono",
    "fastrand",
    "futures",
    "getrandom",
    "mio",
    "rand",
    "rayon",
    "smol",
    "time",
    "tokio",
    "tracing",
    "uuid",
];

/// The host crate of this name.
pub(crate) fn room(name: &str) -> Option<&'static Room> {
    HOST.iter().find(|room| room.name == name)
}

/// Whether `name` is `family` or one of its sub-crates.
pub(crate) fn is_of(name: &str, family: &str) -> bool {
    name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}
