//! Alerts on disk.

use ballast_types::alert::{Alert, AlertKey, AlertState, AlertTransition};
use ballast_types::{Fingerprint, Labels, RuleId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{coded, one, option};

#[derive(Serialize, Deserialize)]
#[serde(remote = "AlertKey")]
struct AlertKeyMirror {
    rule: RuleId,
    #[serde(with = "one")]
    fingerprint: Fingerprint,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AlertState", rename_all = "kebab-case")]
enum AlertStateMirror {
    Pending {
        #[serde(with = "one")]
        since: Timestamp,
    },
    Firing {
        #[serde(with = "one")]
        active_at: Timestamp,
        #[serde(with = "one")]
        since: Timestamp,
        #[serde(with = "option")]
        cleared_at: Option<Timestamp>,
    },
    Resolved {
        #[serde(with = "one")]
        active_at: Timestamp,
        #[serde(with = "one")]
        at: Timestamp,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AlertTransition", rename_all = "kebab-case")]
enum AlertTransitionMirror {
    Pending,
    Firing,
    Resolved,
    Cleared,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Alert")]
struct AlertMirror {
    #[serde(with = "one")]
    key: AlertKey,
    name: String,
    #[serde(with = "one")]
    labels: Labels,
    #[serde(with = "one")]
    annotations: Labels,
    #[serde(with = "one")]
    value: f64,
    #[serde(with = "one")]
    state: AlertState,
    #[serde(with = "one")]
    evaluated_at: Timestamp,
}

coded! {
    AlertKey => AlertKeyMirror,
    AlertState => AlertStateMirror,
    AlertTransition => AlertTransitionMirror,
    Alert => AlertMirror,
}
