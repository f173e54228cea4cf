//! Where the binaries and components lie that the tests use. `cargo xtask test` says so in the environment; without it they
//! are looked for where `cargo xtask setup` puts them.

use std::path::{Path, PathBuf};

/// The host.
pub fn ballast() -> PathBuf {
    found("BALLAST_BIN", "debug/ballast", "")
}

/// The platform to watch.
pub fn fineprint() -> PathBuf {
    found("FINEPRINT_BIN", "debug/fineprint", "")
}

/// A component that ships.
pub fn plugin(name: &str) -> PathBuf {
    found("BALLAST_PLUGINS", "plugins", &format!("{name}.wasm"))
}

/// A component that was made for the tests.
pub fn test_guest(name: &str) -> PathBuf {
    found("BALLAST_TEST_GUESTS", "test-guests", &format!("{name}.wasm"))
}

/// Debian's prometheus.
pub fn prometheus() -> PathBuf {
    found("PROMETHEUS_BIN", "peers/prometheus/usr/bin/prometheus", "")
}

/// Debian's promtool.
pub fn promtool() -> PathBuf {
    found("PROMTOOL_BIN", "peers/prometheus/usr/bin/promtool", "")
}

fn found(variable: &str, in_target: &str, file: &str) -> PathBuf {
    let target = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(in_target);
    let mut path = std::env::var_os(variable).map_or_else(target, PathBuf::from);
    if !file.is_empty() {
        path.push(file);
    }
    assert!(path.is_file(), "there is no {}: run cargo xtask setup", path.display());
    path
}
