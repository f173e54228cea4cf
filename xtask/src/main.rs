//! `cargo xtask setup|demo|test|promqltest|fuzz|bench|lint|tidy`: everything a fresh machine or CI does with this repository.
//!
//! One file a command. What Ballast itself does lives under host/, never here. The dependency tree stays light, because
//! xtask is the first thing that a fresh machine builds.

mod bench;
mod demo;
mod error;
mod fuzz;
mod lint;
mod process;
mod promqltest;
mod setup;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use error::Result;
use workspace::Workspace;

/// Builds, checks, measures and shows Ballast.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_version_flag = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make ready: the guest toolchain, the guests, the host. Quick when nothing changed.
    Setup {
        /// Only the guests, for who works on plugins.
        #[arg(long)]
        guests: bool,
    },
    /// Set up, check the walls and the format, run all tests; ends with a line of counts.
    Test {
        /// Passed on to the test runner.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Set up and start `ballast demo`.
    Demo {
        /// Passed on to `ballast demo`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Run a folder of PromQL test scripts; prints file, passed, total.
    Promqltest(promqltest::Args),
    /// Fuzz every decoder that reads what others send or what lies on disk.
    Fuzz(fuzz::Args),
    /// Measure; without a name, list what can be measured.
    Bench(bench::Args),
    /// Format, clippy and, where it is installed, cargo-deny.
    Lint,
    /// Check the walls between the rooms.
    Tidy,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: failed to {}", error::chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    match command {
        Command::Setup { guests } => setup::run(&workspace, guests),
        Command::Test { args } => test::run(&workspace, &args),
        Command::Demo { args } => demo::run(&workspace, &args),
        Command::Promqltest(args) => promqltest::run(&workspace, &args),
        Command::Fuzz(args) => fuzz::run(&workspace, &args),
        Command::Bench(args) => bench::run(&workspace, &args),
        Command::Lint => lint::run(&workspace),
        Command::Tidy => tidy::run(&workspace),
    }
}
