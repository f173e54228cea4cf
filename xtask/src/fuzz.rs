//! `cargo xtask fuzz [--secs N] [TARGET..]`: every decoder for a while, from the corpus that is kept in the repository.
//!
//! Needs the nightly toolchain, which this never installs; cargo-fuzz itself is built into target/tools. What a run learns
//! goes to target/fuzz-corpus; the kept corpus under tests/fuzz/corpus only grows by hand, and the tests replay it.

use std::fs;
use std::process::ExitCode;

use crate::error::{Error, Result};
use crate::process;
use crate::workspace::Workspace;

/// The version that is built; what it writes depends on it.
const VERSION: &str = "0.13.2";

/// The arguments of the command.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long each target is fuzzed.
    #[arg(long, default_value_t = 60)]
    secs: u32,
    /// Only these targets.
    targets: Vec<String>,
}

/// Fuzzes. The exit code says whether every target was clean.
///
/// # Errors
/// When there is no nightly toolchain, or a target cannot be built.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    check_toolchain()?;
    let tool = tool(workspace)?;
    let folder = workspace.root().join("tests/fuzz");
    let all = process::read(process::foreign(&tool).args(["fuzz", "list"]).current_dir(&folder))?;
    let wanted = |target: &&str| args.targets.is_empty() || args.targets.iter().any(|name| name == target);
    let targets: Vec<&str> = all.lines().filter(wanted).collect();
    if targets.is_empty() {
        return Err(Error::Said(format!(
            "find such a target; there are {}",
            all.lines().collect::<Vec<_>>().join(", ")
        )));
    }
    let mut failed = Vec::new();
    for target in targets {
        let learnt = workspace.target().join("fuzz-corpus").join(target);
        fs::create_dir_all(&learnt).map_err(Error::file("create", &learnt))?;
        let mut fuzz = process::foreign(&tool);
        fuzz.args(["fuzz", "run", "--target-dir"]).arg(workspace.target().join("fuzz")).arg(target);
        fuzz.arg(&learnt).arg(folder.join("corpus").join(target));
        fuzz.args(["--", &format!("-max_total_time={}", args.secs), "-rss_limit_mb=2048", "-timeout=10"]);
        // Only progress of a minute's fuzzing is worth reading.
        fuzz.args(["-print_final_stats=1", "-verbosity=0"]);
        fuzz.args(dictionary(target).map(|name| format!("-dict={}", folder.join(name).display())));
        let clean = process::passes(fuzz.env("RUSTUP_TOOLCHAIN", "nightly").current_dir(&folder))?;
        println!("fuzz: {target}: {}", if clean { "clean" } else { "FAILED" });
        if !clean {
            failed.push(target);
        }
    }
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "fuzz: what failed lies under tests/fuzz/artifacts; keep it in tests/fuzz/corpus once it is mended"
    );
    Ok(ExitCode::FAILURE)
}

/// The words that an input of a target is made of, where it is a text.
fn dictionary(target: &str) -> Option<&'static str> {
    match target {
        "text" | "openmetrics" => Some("dictionaries/exposition.dict"),
        "promql" => Some("dictionaries/promql.dict"),
        "promql_script" => Some("dictionaries/script.dict"),
        _ => None,
    }
}

fn check_toolchain() -> Result<()> {
    let version = process::read(process::foreign("rustc").args(["+nightly", "--version"]));
    version.map(|_| ()).map_err(|_| {
        Error::Said("find the nightly toolchain; install it with `rustup toolchain install nightly`".into())
    })
}

fn tool(workspace: &Workspace) -> Result<std::path::PathBuf> {
    let root = workspace.target().join("tools");
    let tool = root.join("bin/cargo-fuzz");
    if !tool.is_file() {
        let mut install = process::foreign("cargo");
        install
            .args(["install", "--quiet", "--locked", "--version", VERSION, "--root"])
            .arg(&root)
            .arg("cargo-fuzz");
        process::succeed(install.current_dir(workspace.root()))?;
    }
    Ok(tool)
}
