//! The command line of the platform to watch. Three subcommands, one process each: the supervisor, one service, the
//! load generator. No behaviour lives here, and nothing in this crate knows who watches the platform.

mod control;
mod error;
mod http;
mod load;
mod parameters;
mod protocol;
mod release;
mod service;
mod topology;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "fineprint", about = "A small document platform that can really break", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole platform: control plane, services and load generator.
    Platform(control::PlatformOptions),
    /// Run one service (started by the platform; ends when its stdin closes).
    Service(service::ServiceOptions),
    /// Run the load generator (started by the platform; ends when its stdin closes).
    Load(load::LoadOptions),
}

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("FINEPRINT_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(cli.command) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("failed to {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// Each process is one thread: on a small machine the platform must leave the cores to whoever watches it.
fn run(command: Command) -> Result<(), error::PlatformError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| error::PlatformError::Io { what: "start the runtime".into(), source })?;
    http::install_crypto();
    let outcome = runtime.block_on(async {
        match command {
            Command::Platform(options) => control::run(options).await,
            Command::Service(options) => service::run(options).await,
            Command::Load(options) => load::run(options).await,
        }
    });
    // A thread may be blocked in reading the supervisor's stdin; nothing waits for it.
    runtime.shutdown_background();
    outcome
}
