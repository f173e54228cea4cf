//! Verification: a remediation helped only if the objective's indicator got back within its target and stayed there for
//! the hold time, before the deadline.

use std::time::Duration;

use ballast_types::Timestamp;
use ballast_types::objective::Objective;

/// How long to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerificationPolicy {
    /// How long the indicator must stay within its target.
    pub hold: Duration,
    /// By when, counted from the runbook's return, that must have been so.
    pub within: Duration,
}

impl Default for VerificationPolicy {
    fn default() -> Self {
        VerificationPolicy { hold: Duration::from_secs(60), within: Duration::from_secs(600) }
    }
}

/// What one more look at the indicator yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Not yet decided.
    Watching {
        /// Since when the indicator is within its target without a break.
        healthy_since: Option<Timestamp>,
    },
    /// It helped.
    Helped,
    /// It did not help in time.
    DidNotHelp,
}

/// Judges one look. A missing value is not health: it breaks the hold.
pub fn judge(
    objective: &Objective,
    value: Option<f64>,
    healthy_since: Option<Timestamp>,
    deadline: Timestamp,
    hold: Duration,
    now: Timestamp,
) -> Verification {
    let healthy_since = value.filter(|v| objective.met_by(*v)).map(|_| healthy_since.unwrap_or(now));
    match healthy_since {
        Some(since) if now.since(since) >= hold => Verification::Helped,
        // A hold that began in time may end after the deadline; one that has not begun by then is too late.
        _ if now >= deadline && healthy_since.is_none_or(|since| since > deadline) => {
            Verification::DidNotHelp
        }
        healthy_since => Verification::Watching { healthy_since },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballast_types::ServiceName;
    use ballast_types::objective::IndicatorKind;
    use rstest::rstest;

    /// One character a second: `.` within the target, `#` beyond it, `?` no value. Returns the verdict and its second.
    fn watch(timeline: &str) -> (Verification, usize) {
        let objective = Objective {
            service: ServiceName::new("api"),
            kind: IndicatorKind::ErrorRate,
            target: 0.01,
            indicator: String::new(),
            window: Duration::from_secs(60),
        };
        let (mut since, mut last) = (None, 0);
        for (second, mark) in timeline.chars().enumerate() {
            let value = match mark {
                '.' => Some(0.001),
                '#' => Some(0.5),
                _ => None,
            };
            let (now, deadline) = (Timestamp::from_secs(second as i64), Timestamp::from_secs(6));
            match judge(&objective, value, since, deadline, Duration::from_secs(3), now) {
                Verification::Watching { healthy_since } => since = healthy_since,
                verdict => return (verdict, second),
            }
            last = second;
        }
        (Verification::Watching { healthy_since: since }, last)
    }

    #[rstest]
    #[case("##....", Verification::Helped, 5)]
    #[case("..#....", Verification::Helped, 6)]
    #[case("..?....", Verification::Helped, 6)]
    #[case("#######", Verification::DidNotHelp, 6)]
    #[case("..#..#.#", Verification::DidNotHelp, 7)]
    #[case("#####....", Verification::Helped, 8)]
    #[case("???????", Verification::DidNotHelp, 6)]
    fn timelines(#[case] timeline: &str, #[case] verdict: Verification, #[case] second: usize) {
        assert_eq!(watch(timeline), (verdict, second));
    }
}
