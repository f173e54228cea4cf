//! The step of one alert: where it stands after an evaluation. A pure function of the state before, the time and whether
//! the condition holds; who is told, and when, is decided elsewhere.
//!
//! ```text
//!              breached            held for `for`            clear for `keep_firing_for`
//!   (none) ───────────────► Pending ───────────► Firing ───────────────► Resolved
//!      ▲                       │ clear              ▲ breached again: same firing   │
//!      ├───────────────────────┘                    └── cleared_at forgotten        │
//!      └──────────────────────────── after 15 minutes ──────────────────────────────┤
//!                                           breached: a new Pending (or Firing) ◄───┘
//! ```
//! Invariant: an alert never fires before its condition was seen to hold for `for`, and one that fired always passes
//! through `Resolved`, which is announced exactly once.

use std::time::Duration;

use ballast_types::Timestamp;
use ballast_types::alert::{AlertState, AlertTransition};

/// How long a resolved alert is remembered, so that nobody who heard of it misses its end: 15 minutes, as Prometheus has it.
pub const RESOLVED_RETENTION: Duration = Duration::from_secs(15 * 60);

/// The two waits of an alerting rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlertTiming {
    /// `for`: how long the condition must hold before the alert fires.
    pub for_: Duration,
    /// `keep_firing_for`: how long the condition must be clear before the alert resolves.
    pub keep_firing_for: Duration,
}

/// One evaluation of one alert. `None` is inactive; a state that becomes `None` is forgotten.
pub fn step(
    state: Option<AlertState>,
    now: Timestamp,
    breached: bool,
    timing: AlertTiming,
) -> (Option<AlertState>, Option<AlertTransition>) {
    match (state, breached) {
        (None | Some(AlertState::Resolved { .. }), true) => begin(now, timing),
        (Some(AlertState::Pending { since }), true) => hold(since, now, timing),
        (Some(AlertState::Firing { active_at, since, .. }), true) => {
            (Some(AlertState::Firing { active_at, since, cleared_at: None }), None)
        }
        (None, false) => (None, None),
        (Some(AlertState::Pending { .. }), false) => (None, Some(AlertTransition::Cleared)),
        (Some(AlertState::Firing { active_at, since, cleared_at }), false) => {
            clear(active_at, since, cleared_at.unwrap_or(now), now, timing)
        }
        (Some(resolved @ AlertState::Resolved { at, .. }), false) => {
            (Some(resolved).filter(|_| now.since(at) <= RESOLVED_RETENTION), None)
        }
    }
}

/// The condition began to hold. Without a `for` the alert fires at once.
fn begin(now: Timestamp, timing: AlertTiming) -> (Option<AlertState>, Option<AlertTransition>) {
    match hold(now, now, timing) {
        (pending, None) => (pending, Some(AlertTransition::Pending)),
        fired => fired,
    }
}

/// The condition holds since `since`.
fn hold(
    since: Timestamp,
    now: Timestamp,
    timing: AlertTiming,
) -> (Option<AlertState>, Option<AlertTransition>) {
    if now.since(since) < timing.for_ {
        return (Some(AlertState::Pending { since }), None);
    }
    let firing = AlertState::Firing { active_at: since, since: now, cleared_at: None };
    (Some(firing), Some(AlertTransition::Firing))
}

/// It fires, and the condition is clear since `cleared`.
fn clear(
    active_at: Timestamp,
    since: Timestamp,
    cleared: Timestamp,
    now: Timestamp,
    timing: AlertTiming,
) -> (Option<AlertState>, Option<AlertTransition>) {
    if now.since(cleared) < timing.keep_firing_for {
        return (Some(AlertState::Firing { active_at, since, cleared_at: Some(cleared) }), None);
    }
    (Some(AlertState::Resolved { active_at, at: now }), Some(AlertTransition::Resolved))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn hold(minutes: u32) -> AlertTiming {
        AlertTiming { for_: MINUTE * minutes, ..AlertTiming::default() }
    }

    fn keep(minutes: u32) -> AlertTiming {
        AlertTiming { keep_firing_for: MINUTE * minutes, ..AlertTiming::default() }
    }

    fn minute(n: usize) -> Timestamp {
        Timestamp::from_secs(1_700_000_000) + MINUTE * u32::try_from(n).unwrap()
    }

    /// Draws a timeline, one column a minute. In: `#` breached, `.` clear. Out: `P`ending, `F`iring, `R`esolved, `-`
    /// inactive; `!` where somebody is told.
    fn draw(timing: AlertTiming, timeline: &str) -> String {
        let (mut state, mut drawn) = (None, String::new());
        for (n, column) in timeline.chars().enumerate() {
            let (next, transition) = step(state, minute(n), column == '#', timing);
            drawn.push(match next {
                None => '-',
                Some(AlertState::Pending { .. }) => 'P',
                Some(AlertState::Firing { .. }) => 'F',
                Some(AlertState::Resolved { .. }) => 'R',
            });
            if matches!(transition, Some(AlertTransition::Firing | AlertTransition::Resolved)) {
                drawn.push('!');
            }
            state = next;
        }
        drawn
    }

    #[test]
    fn without_for_it_fires_at_once() {
        assert_snapshot!(draw(hold(0), ".##..#."), @"-F!FR!RF!R!");
    }

    #[test]
    fn it_fires_when_the_condition_held_long_enough() {
        assert_snapshot!(draw(hold(2), "####."), @"PPF!FR!");
    }

    #[test]
    fn flapping_never_fires() {
        assert_snapshot!(draw(hold(2), "#.#.#."), @"P-P-P-");
    }

    #[test]
    fn a_gap_starts_the_clock_anew() {
        assert_snapshot!(draw(hold(2), "##.###"), @"PP-PPF!");
    }

    #[test]
    fn keep_firing_bridges_a_gap() {
        assert_snapshot!(draw(keep(2), "#.#..."), @"F!FFFFR!");
    }

    #[test]
    fn a_resolved_alert_is_kept_for_fifteen_minutes() {
        assert_snapshot!(draw(hold(0), "#.................."), @"F!R!RRRRRRRRRRRRRRR--");
    }

    #[test]
    fn a_resolved_alert_may_pend_again() {
        assert_snapshot!(draw(hold(1), "##.#.##."), @"PF!R!P-PF!R!");
    }

    #[test]
    fn the_condition_is_dated_from_its_first_breach() {
        let (state, _) = step(Some(AlertState::Pending { since: minute(0) }), minute(3), true, hold(2));
        let expected = AlertState::Firing { active_at: minute(0), since: minute(3), cleared_at: None };
        assert_eq!(state, Some(expected));
    }

    #[test]
    fn a_shortened_for_takes_effect_on_a_running_clock() {
        let (pending, _) = step(None, minute(0), true, hold(60));
        assert_eq!(step(pending, minute(5), true, hold(5)).1, Some(AlertTransition::Firing));
    }

    #[test]
    fn time_going_back_neither_fires_nor_resolves() {
        let pending = Some(AlertState::Pending { since: minute(9) });
        assert_eq!(step(pending, minute(3), true, hold(2)), (pending, None));
    }

    fn timings() -> impl Strategy<Value = AlertTiming> {
        (0u32..5, 0u32..5)
            .prop_map(|(hold, keep)| AlertTiming { for_: MINUTE * hold, keep_firing_for: MINUTE * keep })
    }

    proptest! {
        #[test]
        fn it_never_fires_before_its_for(timing in timings(), breaches in prop::collection::vec(any::<bool>(), 1..60)) {
            let (mut state, mut held_since) = (None, None);
            for (n, breached) in breaches.into_iter().enumerate() {
                held_since = if breached { held_since.or(Some(minute(n))) } else { None };
                let (next, transition) = step(state, minute(n), breached, timing);
                if transition == Some(AlertTransition::Firing) {
                    let held = minute(n).since(held_since.expect("fires only while the condition holds"));
                    prop_assert!(held >= timing.for_);
                }
                state = next;
            }
        }

        #[test]
        fn every_firing_is_announced_and_so_is_its_end(
            timing in timings(),
            breaches in prop::collection::vec(any::<bool>(), 1..60),
        ) {
            let (mut state, mut told_firing) = (None::<AlertState>, false);
            for (n, breached) in breaches.into_iter().chain([false; 30]).enumerate() {
                let (next, transition) = step(state, minute(n), breached, timing);
                match transition {
                    Some(AlertTransition::Firing) => { prop_assert!(!told_firing); told_firing = true; }
                    Some(AlertTransition::Resolved) => { prop_assert!(told_firing); told_firing = false; }
                    _ => {}
                }
                prop_assert_eq!(told_firing, matches!(next, Some(AlertState::Firing { .. })));
                state = next;
            }
            prop_assert_eq!(state, None);
        }

        #[test]
        fn dates_never_lie_in_the_future_and_never_move_while_firing(
            timing in timings(),
            breaches in prop::collection::vec(any::<bool>(), 1..60),
        ) {
            let mut state = None::<AlertState>;
            for (n, breached) in breaches.into_iter().enumerate() {
                let (next, _) = step(state, minute(n), breached, timing);
                prop_assert!(next.is_none_or(|next| next.active_at() <= minute(n)));
                if let (Some(AlertState::Firing { since: before, .. }), Some(AlertState::Firing { since, .. })) = (state, next) {
                    prop_assert_eq!(before, since);
                }
                state = next;
            }
        }
    }
}
