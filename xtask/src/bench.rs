//! `cargo xtask bench NAME [--against PEER] [--json]`: one frame for every measurement.
//!
//! A bench measures; the frame finds it, brings its peers, prints the table and the line of JSON. It judges nothing: an aim
//! that was missed shows in the table, and the exit code says only whether the measurement took place.
//! To add a bench: a file beside bench/plugin.rs and a line in [`BENCHES`].

mod cpu;
mod frame;
mod lines;
pub(crate) mod peers;
mod plugin;
mod report;
mod series;
mod spread;

use std::process::ExitCode;

use crate::error::{Error, Result};
use crate::workspace::Workspace;
use peers::Peer;
use report::Report;

/// Something that can be measured.
pub(crate) trait Bench: Sync {
    /// What is typed.
    fn name(&self) -> &'static str;
    /// What is measured, on one line.
    fn description(&self) -> &'static str;
    /// The peers that it can be held against.
    fn peers(&self) -> &'static [&'static str] {
        &[]
    }
    /// Measures; one row a measure and peer.
    fn measure(&self, context: &Context<'_>) -> Result<Vec<report::Row>>;
}

/// What a bench is given.
pub(crate) struct Context<'a> {
    /// Where everything is.
    pub(crate) workspace: &'a Workspace,
    /// The peers that were asked for, unpacked and ready.
    pub(crate) peers: Vec<Peer>,
}

/// Everything that can be measured.
const BENCHES: [&dyn Bench; 5] =
    [&plugin::Plugin, &series::PROMQL, &series::WINDOW, &series::INGEST, &frame::Frame];

/// The arguments of the command.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to measure; without it, the list.
    name: Option<String>,
    /// Peers to hold it against, by the name of their Debian package.
    #[arg(long, value_delimiter = ',', value_name = "PEER")]
    against: Vec<String>,
    /// End with the whole result as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Measures and reports.
///
/// # Errors
/// When there is no such bench or peer, or when the measurement fails.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    let Some(name) = &args.name else {
        BENCHES
            .iter()
            .for_each(|bench| println!("{:<10} {}{}", bench.name(), bench.description(), against(*bench)));
        return Ok(ExitCode::SUCCESS);
    };
    let bench = find(name)?;
    check_peers(bench, &args.against)?;
    let peers = args.against.iter().map(|peer| peers::ready(workspace, peer)).collect::<Result<Vec<_>>>()?;
    let rows = bench.measure(&Context { workspace, peers })?;
    let report = Report { bench: bench.name(), rows };
    print!("{}", report.table());
    if args.json {
        println!("{}", report.json());
    }
    Ok(ExitCode::SUCCESS)
}

fn find(name: &str) -> Result<&'static dyn Bench> {
    let known = || BENCHES.map(Bench::name).join(", ");
    let found = BENCHES.into_iter().find(|bench| bench.name() == name);
    found.ok_or_else(|| Error::Said(format!("find a bench named {name}; there are {}", known())))
}

fn check_peers(bench: &dyn Bench, asked: &[String]) -> Result<()> {
    let Some(unknown) = asked.iter().find(|peer| !bench.peers().contains(&peer.as_str())) else {
        return Ok(());
    };
    let known = if bench.peers().is_empty() { "none".to_owned() } else { bench.peers().join(", ") };
    Err(Error::Said(format!("hold {} against {unknown}; its peers are: {known}", bench.name())))
}

fn against(bench: &dyn Bench) -> String {
    if bench.peers().is_empty() { String::new() } else { format!(" (against {})", bench.peers().join(", ")) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_bench_or_peer_is_answered_with_what_there_is() {
        let unknown = find("warp").err().unwrap().to_string();
        assert!(unknown.starts_with("find a bench named warp; there are plugin"), "{unknown}");
        let plugin = find("plugin").unwrap();
        let peer = check_peers(plugin, &["prometheus".into()]).unwrap_err().to_string();
        assert_eq!(peer, "hold plugin against prometheus; its peers are: none");
    }
}
