//! `alerting`: who is told. Accepted and checked; this version delivers nothing yet, and says so.

use std::time::Duration;

use crate::config::context::Context;
use crate::config::map::Map;
use crate::config::tree::Node;
use crate::config::value;

/// Ways to tell people.
const CHANNELS: [(&str, Channel); 4] = [
    ("pagerduty", Channel::PagerDuty),
    ("slack", Channel::Slack),
    ("email", Channel::Email),
    ("webhook", Channel::Webhook),
];

/// One way to tell people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    PagerDuty,
    Slack,
    Email,
    Webhook,
}

/// Who is told, and how often of the same.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alerting {
    /// In this order.
    pub(crate) channels: Vec<Channel>,
    /// How long the same is not told again.
    pub(crate) deduplication_window: Duration,
}

impl Default for Alerting {
    fn default() -> Self {
        Alerting { channels: Vec::new(), deduplication_window: Duration::from_secs(300) }
    }
}

/// `channels`, `deduplicationWindow`.
pub(in crate::config) fn read(context: &Context<'_>, node: &Node) -> Option<Alerting> {
    let mut map = Map::of(context, node);
    let channel = |context: &Context<'_>, node: &Node| value::one_of(context, node, "channel", &CHANNELS);
    let channels_at = map.node("channels").map(|node| node.at);
    let default = Alerting::default();
    let alerting = Alerting {
        channels: map.get("channels", value::list(channel)).unwrap_or_default(),
        deduplication_window: map
            .get("deduplicationWindow", value::duration)
            .unwrap_or(default.deduplication_window),
    };
    map.finish();
    if let Some(at) = channels_at.filter(|_| !alerting.channels.is_empty()) {
        let help = "alerts and incidents are shown by `/api/alerts`, `/api/incidents` and `/ws/events`";
        context.warning(at, "notifications are not delivered yet: nobody is told on these channels", help);
    }
    Some(alerting)
}
