//! `chaos`: experiments on a schedule. Accepted and checked; this version runs none yet, and says so.

use std::time::Duration;

use crate::config::context::Context;
use crate::config::map::Map;
use crate::config::tree::Node;
use crate::config::value;

/// Experiments on a schedule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chaos {
    /// Whether any run.
    pub(crate) enabled: bool,
    /// Whether they only say what they would do.
    pub(crate) dry_run: bool,
    /// How long from one to the next.
    pub(crate) interval: Duration,
    /// How many at once.
    pub(crate) experiments_at_once_max: u32,
}

impl Default for Chaos {
    fn default() -> Self {
        Chaos {
            enabled: false,
            dry_run: true,
            interval: Duration::from_secs(86_400),
            experiments_at_once_max: 1,
        }
    }
}

/// `enabled`, `dryRun`, `interval`, `maxConcurrentExperiments`.
pub(in crate::config) fn read(context: &Context<'_>, node: &Node) -> Option<Chaos> {
    let mut map = Map::of(context, node);
    let enabled_at = map.node("enabled").map(|node| node.at);
    let default = Chaos::default();
    let chaos = Chaos {
        enabled: map.get("enabled", value::truth).unwrap_or(default.enabled),
        dry_run: map.get("dryRun", value::truth).unwrap_or(default.dry_run),
        interval: map.get("interval", value::span).unwrap_or(default.interval),
        experiments_at_once_max: map
            .get("maxConcurrentExperiments", value::count(1))
            .unwrap_or(default.experiments_at_once_max),
    };
    map.finish();
    if let Some(at) = enabled_at.filter(|_| chaos.enabled) {
        let help = "set `enabled: false`, or leave it for the version that runs experiments";
        context.warning(at, "chaos experiments are not run yet: this section has no effect", help);
    }
    Some(chaos)
}
