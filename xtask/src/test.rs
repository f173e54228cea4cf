//! `cargo xtask test`: everything that CI asks for, ending with one line of counts, alone on its line.
//!
//! Which runner is used makes no difference to the counts: cargo-nextest where it is installed, else `cargo test`.

mod counts;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use counts::Counts;

use crate::bench::peers;
use crate::error::Result;
use crate::workspace::Workspace;
use crate::{lint, process, setup, tidy};

/// Sets up, checks format and walls, runs the tests and prints `N passed, N failed, N skipped`.
///
/// A check or a build that fails counts as one failure, and never hides the tests that can still run.
///
/// # Errors
/// When a tool cannot be started; failures are an exit code.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<ExitCode> {
    let mut counts = Counts::default();
    counts.check("tidy", Ok(tidy::run(workspace)? == ExitCode::SUCCESS));
    counts.check("format", lint::format(workspace));
    counts.check("guests", setup::guests(workspace).map(|()| true));
    counts.check("peers", peers::ready(workspace, "prometheus").map(|_| true));
    if counts.check("build", setup::tests(workspace).map(|()| true)) {
        counts.add(&tests(workspace, workspace.root(), args)?);
    }
    // Arguments choose among the host's tests; the plugins' own run when nothing was chosen.
    let plugins = workspace.root().join("runbooks");
    if args.is_empty() && plugins.join("Cargo.toml").is_file() {
        counts.add(&tests(workspace, &plugins, args)?);
        counts.add(&documentation(workspace)?);
    }
    println!("{counts}");
    Ok(if counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The tests of the workspace in `folder`; the plugins' are compiled for this machine, apart from the host's.
fn tests(workspace: &Workspace, folder: &Path, args: &[String]) -> Result<Counts> {
    let nextest = process::exists(process::cargo(folder).args(["nextest", "--version"]));
    let command: &[&str] = if nextest { &["nextest", "run"] } else { &["test", "--no-fail-fast"] };
    let mut runner = process::cargo(folder);
    runner.args(command).args(scope(args)).args(args).envs(workspace.environment());
    if folder != workspace.root() {
        runner.env("CARGO_TARGET_DIR", workspace.target().join("plugin-tests"));
        // A plugin without native tests is tested by the host's.
        runner.args(nextest.then_some("--no-tests=pass"));
    }
    count(runner, nextest)
}

/// What plugin authors copy from the pages must compile and run; nextest does not look there.
fn documentation(workspace: &Workspace) -> Result<Counts> {
    let mut runner = process::cargo(workspace.root());
    runner.args(["test", "--doc", "--package", "ballast-sdk"]);
    count(runner, false)
}

fn count(mut runner: Command, nextest: bool) -> Result<Counts> {
    println!("test: {}", process::line(&runner));
    let (output, success) = follow(&mut runner, nextest)?;
    let mut counts = if nextest { counts::of_nextest(&output) } else { counts::of_cargo(&output) };
    // A runner that fails without a failing test (none matched, a binary that does not start) is still a failure.
    if !success && counts.failed == 0 {
        counts.failed = 1;
    }
    Ok(counts)
}

/// The whole workspace, unless the arguments name a package.
fn scope(args: &[String]) -> Option<&'static str> {
    let own = args.iter().any(|arg| arg.starts_with("-p") || arg.starts_with("--package"));
    (!own).then_some("--workspace")
}

/// Runs while passing on one of its streams line by line, and returns that stream.
///
/// nextest reports on standard error, `cargo test` on standard output; the other stream stays ours.
fn follow(command: &mut Command, on_stderr: bool) -> Result<(String, bool)> {
    command.stdin(Stdio::null());
    if on_stderr {
        command.stderr(Stdio::piped())
    } else {
        command.stdout(Stdio::piped())
    };
    let mut child = command.spawn().map_err(process::start(command))?;
    let mut kept = String::new();
    if let Some(stream) = child.stderr.take() {
        pass_on(BufReader::new(stream), std::io::stderr(), &mut kept);
    }
    if let Some(stream) = child.stdout.take() {
        pass_on(BufReader::new(stream), std::io::stdout(), &mut kept);
    }
    let status = child.wait().map_err(process::start(command))?;
    Ok((kept, status.success()))
}

fn pass_on(mut from: impl BufRead, mut to: impl Write, kept: &mut String) {
    let mut line = Vec::new();
    // A test may print anything, so bytes are passed on as they are; a closed terminal must not stop the count.
    while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let _ = to.write_all(&line);
        kept.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_named_package_narrows_the_run() {
        assert_eq!(scope(&["-p".into(), "ballast-promql".into()]), None);
        assert_eq!(scope(&["silence".into()]), Some("--workspace"));
    }

    #[test]
    fn output_is_kept_and_the_exit_code_seen() {
        let (kept, success) = follow(process::command("sh").args(["-c", "echo out; exit 3"]), false).unwrap();
        assert_eq!((kept.as_str(), success), ("out\n", false));
    }
}
