//! `cargo xtask setup`: everything that a fresh machine needs, and nothing twice.
//!
//! The order matters: the guest toolchain, the guests, the host. Each step prints one line and does nothing when its
//! result is already there. The toolchain is only looked for when a guest has to be built.

mod component;
mod fingerprint;
mod guests;
mod toolchain;

use std::process::ExitCode;

use crate::error::Result;
use crate::process;
use crate::workspace::Workspace;

/// Makes ready what `demo` needs, or only the guests.
///
/// # Errors
/// When a toolchain is missing and cannot be installed, or something does not build.
pub(crate) fn run(workspace: &Workspace, only_guests: bool) -> Result<ExitCode> {
    if only_guests {
        guests(workspace)?
    } else {
        all(workspace)?
    };
    println!("setup: ready");
    Ok(ExitCode::SUCCESS)
}

/// The guests and the host's binaries.
pub(crate) fn all(workspace: &Workspace) -> Result<()> {
    guests(workspace)?;
    println!("setup: host");
    // Two binaries, but the features of the whole workspace: else `test` would compile the heavy crates once more.
    let binaries = ["--workspace", "--bin", "ballast", "--bin", "fineprint"];
    process::succeed(process::cargo(workspace.root()).arg("build").args(binaries))
}

/// The components of runbooks/ and tests/guests/.
pub(crate) fn guests(workspace: &Workspace) -> Result<()> {
    guests::build(workspace)
}

/// The host's binaries and all tests in one go.
///
/// One selection means one set of features: the tests that are run next find everything built.
pub(crate) fn tests(workspace: &Workspace) -> Result<()> {
    println!("setup: host and tests");
    process::succeed(process::cargo(workspace.root()).args(["build", "--workspace", "--bins", "--tests"]))
}
