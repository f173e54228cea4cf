//! The command line: what can be said. What is done about it lives in a module of each command.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Watches services, repairs them by sandboxed runbooks, and proves that it helped.
#[derive(Debug, Parser)]
#[command(name = "ballast", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch and repair, and serve the API.
    Serve(Serve),
    /// Check a configuration, rule files and plugins; says what is wrong where.
    Check(Check),
    /// Ask a running Ballast a PromQL query.
    Query(Query),
    /// Break a platform in five ways and watch Ballast repair it.
    Demo(Demo),
    /// Print the version.
    Version,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The configuration.
    #[arg(long, env = "BALLAST_CONFIG", value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Listen here instead of where the configuration says; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Stop when standard input ends, so that a host never outlives the program that started it.
    #[arg(long, hide = true)]
    pub(crate) exit_with_stdin: bool,
}

#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Check {
    /// The configuration; its rules and plugins are checked with it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Rule files (.yaml, .yml), components (.wasm), or folders of such.
    #[arg(value_name = "FILE")]
    pub(crate) paths: Vec<PathBuf>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: CheckFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Query {
    /// The query, in PromQL.
    #[arg(value_name = "EXPRESSION")]
    pub(crate) expression: String,
    /// Where Ballast, or anything with Prometheus's API, listens.
    #[arg(long, default_value = "http://127.0.0.1:9090", env = "BALLAST_URL")]
    pub(crate) url: String,
    /// At which instant: RFC 3339 or seconds since 1970; now where left out.
    #[arg(long)]
    pub(crate) time: Option<String>,
    /// For people or for programs.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) output: QueryOutput,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum QueryOutput {
    #[default]
    Table,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// End after each fault was shown once; exit 0 only if all that has a runbook was repaired and verified.
    #[arg(long)]
    pub(crate) once: bool,
    /// End with one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Only these faults, in this order.
    #[arg(long, value_delimiter = ',', value_name = "FAULTS")]
    pub(crate) faults: Vec<String>,
    /// Keep configuration, data and logs in this folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) keep: Option<PathBuf>,
    /// Decides the order of faults after the first campaign, and the load.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}
