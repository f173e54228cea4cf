//! The binary: reads the configuration, wires the rooms together, and speaks to people. No domain logic lives here.

mod check;
mod cli;
mod config;
mod demo;
mod failure;
mod query;
mod report;
mod serve;

use std::process::ExitCode;

use clap::Parser;
use miette::GraphicalReportHandler;

use cli::{Cli, Command};
use failure::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(code) => code,
        Err(failure) => {
            let mut text = String::new();
            let handler =
                GraphicalReportHandler::new_themed(report::theme(&std::io::stderr())).with_links(false);
            if handler.render_report(&mut text, &failure).is_err() {
                text = failure.to_string();
            }
            eprintln!("{}", text.trim_end());
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Check(check) => block_on(check::run(check)),
        Command::Query(query) => block_on(query::run(query)),
        Command::Serve(serve) => block_on(serve::run(serve)),
        Command::Demo(demo) => block_on(demo::run(demo)),
        Command::Version => {
            println!("ballast {}", env!("CARGO_PKG_VERSION"));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn block_on(command: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::new("start the runtime", error))?.block_on(command)
}
