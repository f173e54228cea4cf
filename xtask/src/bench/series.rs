//! Benches `promql`, `window` and `ingest`: the series side of a host that runs, held against Debian's prometheus.
//!
//! The measuring program lies in tests/src/bin/bench_series: it starts both, feeds both the same and reads the CPU time that
//! the system books. This side builds it and the host with the release profile.

use super::report::Row;
use super::{Bench, Context, lines};
use crate::error::Result;
use crate::process;

/// One of them.
pub(crate) struct Series {
    name: &'static str,
    description: &'static str,
    peers: &'static [&'static str],
}

/// Queries.
pub(crate) const PROMQL: Series = Series {
    name: "promql",
    description: "CPU time of queries at an instant and over 1,000 steps, over HTTP",
    peers: &["prometheus"],
};
/// Long windows.
pub(crate) const WINDOW: Series =
    Series { name: "window", description: "CPU time of rates over 5 minutes to 30 days", peers: &[] };
/// Samples.
pub(crate) const INGEST: Series = Series {
    name: "ingest",
    description: "CPU time a sample by scrape and remote write, memory a series, bytes a sample",
    peers: &["prometheus"],
};

impl Bench for Series {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        self.description
    }

    fn peers(&self) -> &'static [&'static str] {
        self.peers
    }

    fn measure(&self, context: &Context<'_>) -> Result<Vec<Row>> {
        let workspace = context.workspace;
        let binaries = ["build", "--release", "--workspace", "--bin", "ballast", "--bin", "bench-series"];
        process::succeed(process::cargo(workspace.root()).args(binaries))?;
        let release = workspace.target().join("release");
        let mut run = process::command(release.join("bench-series"));
        run.arg(self.name).arg("--ballast").arg(release.join("ballast"));
        for peer in &context.peers {
            run.arg("--prometheus").arg(peer.binary()).arg("--libraries").arg(peer.libraries());
        }
        lines::parse("bench-series", &process::read(&mut run)?)
    }
}
