//! How a campaign ended: a table for people, one line of JSON for programs, and whether all was well.

use serde_json::{Value, json};

use super::campaign::Observed;
use super::host::Funnel;

/// Whether every fault was detected, every one with a runbook repaired and verified, and nothing else touched.
pub(super) fn all_well(observed: &[Observed]) -> bool {
    let well = |seen: &Observed| {
        let repaired =
            seen.first_action_after_ms.is_some() && seen.recovered_after_ms.is_some() && seen.verified;
        seen.detected_after_ms.is_some() && seen.wrong_effects == 0 && (repaired || !seen.fault.repairable)
    };
    !observed.is_empty() && observed.iter().all(well)
}

/// One row a fault.
pub(super) fn table(observed: &[Observed], funnel: &Funnel) -> String {
    let mut text = format!(
        "\n{:<16} {:<20} {:>14} {:>18} {:>16} {:<10}\n",
        "fault", "service", "detected after", "first action after", "recovered after", "verified"
    );
    let seconds = |ms: Option<i64>| ms.map_or("-".to_owned(), |ms| format!("{:.1} s", ms as f64 / 1000.0));
    for seen in observed {
        let verified = match (seen.verified, seen.fault.repairable) {
            (true, _) => "yes",
            (false, true) => "NO",
            (false, false) => "no runbook",
        };
        let recovered = seconds(seen.recovered_after_ms) + if seen.verified { "" } else { " *" };
        text.push_str(&format!(
            "{:<16} {:<20} {:>14} {:>18} {:>16} {:<10}\n",
            seen.fault.kind,
            seen.fault.service,
            seconds(seen.detected_after_ms),
            seconds(seen.first_action_after_ms),
            recovered,
            verified
        ));
    }
    let wrong: usize = observed.iter().map(|seen| seen.wrong_effects).sum();
    text.push_str(&format!("\n* healed by hand. Wrong effects: {wrong}. Runbooks: {} eligible, {} attempted, {} verified, {} undone, {} escalated.\n", funnel.eligible, funnel.attempted, funnel.verified, funnel.undone, funnel.escalated));
    text
}

/// All of it in one line.
pub(super) fn json(observed: &[Observed], funnel: &Funnel) -> Value {
    let fault = |seen: &Observed| {
        json!({
            "fault": seen.fault.kind,
            "repairable": seen.fault.repairable,
            "detected_after_ms": seen.detected_after_ms,
            "first_action_after_ms": seen.first_action_after_ms,
            "recovered_after_ms": seen.recovered_after_ms,
            "verified": seen.verified,
            "wrong_effects": seen.wrong_effects,
        })
    };
    json!({
        "faults": observed.iter().map(fault).collect::<Vec<_>>(),
        "funnel": {
            "eligible": funnel.eligible,
            "attempted": funnel.attempted,
            "verified": funnel.verified,
            "undone": funnel.undone,
            "escalated": funnel.escalated,
        },
    })
}
