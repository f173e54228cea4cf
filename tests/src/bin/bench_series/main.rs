//! Measures the series side of a host as it is run: `ballast serve` and, beside it, Debian's prometheus, each a process of
//! its own, fed the same data and asked the same over HTTP. What is compared is the CPU time that the system books.
//!
//! `cargo xtask bench promql|window|ingest` builds it with the release profile and reads the JSON lines that it prints.

mod data;
mod exporter;
mod ingest;
mod line;
mod promql;
mod server;
mod usage;
mod window;

use std::error::Error;
use std::path::PathBuf;

type Failed = Box<dyn Error + Send + Sync>;

/// What is to be run.
struct Programs {
    ballast: PathBuf,
    prometheus: Option<PathBuf>,
    /// Where the peer's libraries lie.
    libraries: String,
}

fn main() -> Result<(), Failed> {
    let (bench, programs) = arguments(std::env::args().skip(1))?;
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "install a TLS provider")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        match bench.as_str() {
            "promql" => promql::measure(&programs).await,
            "window" => window::measure(&programs).await,
            "ingest" => ingest::measure(&programs).await,
            other => Err(format!("there is no bench `{other}` here").into()),
        }
    })
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<(String, Programs), Failed> {
    let usage = "usage: bench-series BENCH --ballast FILE [--prometheus FILE] [--libraries FOLDERS]";
    let bench = given.next().ok_or(usage)?;
    let (mut ballast, mut prometheus, mut libraries) = (None, None, String::new());
    while let Some(name) = given.next() {
        let value = given.next().ok_or(usage)?;
        match name.as_str() {
            "--ballast" => ballast = Some(value.into()),
            "--prometheus" => prometheus = Some(value.into()),
            "--libraries" => libraries = value,
            _ => return Err(usage.into()),
        }
    }
    Ok((bench, Programs { ballast: ballast.ok_or(usage)?, prometheus, libraries }))
}
