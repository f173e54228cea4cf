//! `cargo xtask promqltest DIR [--reopen]`: builds the script runner and lets it print.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::error::Result;
use crate::process;
use crate::workspace::Workspace;

/// The arguments of the command.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder of `*.test` files.
    folder: PathBuf,
    /// Write the samples to disk and open them again before each evaluation.
    #[arg(long)]
    reopen: bool,
    /// Show every evaluation that fails, with its reason.
    #[arg(long)]
    verbose: bool,
}

/// Runs the scripts. The exit code says whether all passed.
///
/// # Errors
/// When the runner cannot be built.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    let mut build = process::cargo(workspace.root());
    // The features of the whole workspace: else the heavy crates would be compiled once more.
    process::succeed(build.args(["build", "--quiet", "--workspace", "--bin", "promqltest"]))?;
    let mut runner = process::command(workspace.binary("promqltest"));
    runner.arg(&args.folder);
    if args.reopen {
        runner.arg("--reopen");
    }
    if args.verbose {
        runner.arg("--verbose");
    }
    Ok(if process::passes(&mut runner)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
