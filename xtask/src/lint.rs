//! `cargo xtask lint`: what a reviewer should not have to say. Runs all checks, then fails if any did.

use std::process::ExitCode;

use crate::error::Result;
use crate::process;
use crate::workspace::Workspace;

const CLIPPY: [&str; 6] = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
/// The host's workspace, those of the guests, and that of the fuzzers.
const WORKSPACES: [&str; 4] = [".", "runbooks", "tests/guests", "tests/fuzz"];

/// Format, clippy and the dependency policy of deny.toml.
///
/// # Errors
/// When a tool cannot be started; findings are an exit code.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let mut clean = format(workspace)?;
    println!("lint: cargo {}", CLIPPY.join(" "));
    clean &= process::passes(process::cargo(workspace.root()).args(CLIPPY))?;
    clean &= deny(workspace)?;
    println!("lint: {}", if clean { "clean" } else { "found something, see above" });
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether everything is formatted as rustfmt.toml has it.
///
/// # Errors
/// When cargo cannot be started.
pub(crate) fn format(workspace: &Workspace) -> Result<bool> {
    let mut clean = true;
    for folder in WORKSPACES.map(|folder| workspace.root().join(folder)) {
        if folder.join("Cargo.toml").is_file() {
            clean &= process::passes(process::cargo(&folder).args(["fmt", "--all", "--check"]))?;
        }
    }
    Ok(clean)
}

fn deny(workspace: &Workspace) -> Result<bool> {
    if !process::exists(process::cargo(workspace.root()).args(["deny", "--version"])) {
        println!("lint: cargo-deny is not installed, so licences and advisories were not checked");
        return Ok(true);
    }
    println!("lint: cargo deny check");
    process::passes(process::cargo(workspace.root()).args(["deny", "check"]))
}
