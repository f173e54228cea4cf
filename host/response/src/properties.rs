//! Whatever happens in whatever order: the invariants of the crate's first page hold after every step.

use ballast_types::incident::{Incident, IncidentState};
use proptest::prelude::*;

use crate::timelines::{input, minute, opened};
use crate::{BALLAST, IncidentEffect, IncidentInput, step};

fn assert_invariants(
    before: &Incident,
    after: &Incident,
    effects: &[IncidentEffect],
) -> Result<(), TestCaseError> {
    let lines = effects.iter().filter(|effect| matches!(effect, IncidentEffect::Changed { .. })).count();
    prop_assert_eq!(after.timeline.len(), before.timeline.len() + lines);
    prop_assert_eq!(after.version, before.version + u64::from(lines > 0));
    prop_assert_eq!(before == after, effects.is_empty(), "a change without an effect, or the reverse");
    prop_assert!(after.timeline.is_sorted_by_key(|entry| entry.at));
    let firing = after.alerts.iter().any(|alert| alert.firing);
    match &after.state {
        IncidentState::Triggered => prop_assert!(firing && after.acknowledged.is_none()),
        IncidentState::Acknowledged { by, at } => {
            let held = after.acknowledged.as_ref().map(|held| (&held.by, &held.at));
            prop_assert!(firing && held == Some((by, at)));
        }
        IncidentState::Mitigated { .. } => prop_assert!(!firing),
        IncidentState::Resolved { by, .. } => prop_assert!(!firing || by != BALLAST),
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_step_keeps_the_invariants(script in "[ab=ABXN.-]{0,60}", jumps in prop::collection::vec(-2_i64..5, 60)) {
        let (mut incident, mut now) = (opened("api"), 0);
        for (letter, jump) in script.chars().zip(jumps) {
            now += jump;
            let Ok((next, effects)) = step(&incident, input(letter), minute(now)) else {
                prop_assert!(matches!(input(letter), IncidentInput::Command { .. }), "an event was refused");
                continue;
            };
            assert_invariants(&incident, &next, &effects)?;
            incident = next;
        }
    }
}
