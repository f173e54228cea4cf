//! `cargo xtask demo`: sets up, then becomes `ballast demo`. What the demo shows lives in host/ballast.

use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use crate::error::{Error, Result};
use crate::workspace::Workspace;
use crate::{process, setup};

/// Sets up and replaces this process by `ballast demo ARGS`, so that signals and the exit code pass straight through.
///
/// # Errors
/// When setup fails or the binary cannot be started.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<ExitCode> {
    setup::all(workspace)?;
    let mut demo = process::command(workspace.binary("ballast"));
    demo.arg("demo").args(args).envs(workspace.environment()).current_dir(workspace.root());
    let source = demo.exec();
    Err(Error::Start { command: process::line(&demo), source })
}
