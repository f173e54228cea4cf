//! `cargo xtask tidy`: keeps the walls between the rooms. It reads, and changes nothing.
//!
//! tidy/rooms.rs holds the table, tidy/edges.rs compares Cargo's metadata with it, tidy/files.rs looks at files, and
//! tidy/pure.rs keeps clock and I/O out of the pure rooms. The same checks run as tests, so that CI needs no step of its own.

mod edges;
mod files;
mod pure;
mod rooms;

use std::process::ExitCode;

use cargo_metadata::MetadataCommand;

use crate::error::Result;
use crate::workspace::Workspace;

/// Prints what violates the design; any line is a failure.
///
/// # Errors
/// When the workspace cannot be read; violations are an exit code.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let found = violations(workspace)?;
    for line in &found {
        println!("tidy: {line}");
    }
    if found.is_empty() {
        println!("tidy: clean");
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "tidy: {} to mend; the table is xtask/src/tidy/rooms.rs, the reasons are in ARCHITECTURE.md",
        found.len()
    );
    Ok(ExitCode::FAILURE)
}

/// Everything that violates the design, a line each.
pub(crate) fn violations(workspace: &Workspace) -> Result<Vec<String>> {
    let metadata =
        MetadataCommand::new().manifest_path(workspace.root().join("Cargo.toml")).no_deps().exec()?;
    let mut found = edges::violations(&metadata);
    found.extend(files::violations(workspace.root(), &metadata)?);
    found.extend(pure::violations(workspace.root())?);
    Ok(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_tidy() {
        let found = violations(&Workspace::find().unwrap()).unwrap();
        assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    }
}
