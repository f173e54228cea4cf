//! The series that alerts leave behind, as Prometheus names them: `ALERTS` with the state, and `ALERTS_FOR_STATE` with the
//! instant since when the condition holds. Whoever stores them marks a series as stale when it is no longer yielded.

use ballast_types::alert::{Alert, AlertState};
use ballast_types::labels::METRIC_NAME;
use ballast_types::{Labels, Timestamp};

/// One for each active alert, labelled with its state.
pub const ALERTS: &str = "ALERTS";
/// Seconds since the epoch since when the condition of an active alert holds.
pub const ALERTS_FOR_STATE: &str = "ALERTS_FOR_STATE";

/// The series of one alert; none once it is resolved.
pub fn alert_series(alert: &Alert) -> Vec<(Labels, f64)> {
    if matches!(alert.state, AlertState::Resolved { .. }) {
        return Vec::new();
    }
    let state = alert.labels.with_all([(METRIC_NAME, ALERTS), ("alertstate", alert.state.name())]);
    let since = alert.labels.with(METRIC_NAME, ALERTS_FOR_STATE);
    vec![(state, 1.0), (since, whole_secs(alert.state.active_at()))]
}

/// The series that an alert had and has no more: to be marked as stale.
pub fn ended_series(before: &Alert, after: Option<&Alert>) -> Vec<Labels> {
    let remaining = after.map(alert_series).unwrap_or_default();
    let ended = |labels: &Labels| !remaining.iter().any(|(other, _)| other == labels);
    alert_series(before).into_iter().map(|(labels, _)| labels).filter(ended).collect()
}

fn whole_secs(at: Timestamp) -> f64 {
    at.as_millis().div_euclid(1000) as f64
}

#[cfg(test)]
mod tests {
    use ballast_types::RuleId;
    use ballast_types::alert::AlertKey;

    use super::*;

    fn alert(state: AlertState) -> Alert {
        let labels = Labels::from_pairs([("alertname", "Down"), ("job", "api")]);
        Alert {
            key: AlertKey { rule: RuleId::new("r"), fingerprint: labels.fingerprint() },
            name: "Down".to_owned(),
            labels,
            annotations: Labels::empty(),
            value: 7.0,
            state,
            evaluated_at: Timestamp::from_secs(30),
        }
    }

    #[test]
    fn a_change_of_state_ends_one_series_and_begins_another() {
        let since = Timestamp::from_millis(12_700);
        let pending = alert(AlertState::Pending { since });
        let firing =
            alert(AlertState::Firing { active_at: since, since: Timestamp::from_secs(30), cleared_at: None });
        let resolved = alert(AlertState::Resolved { active_at: since, at: Timestamp::from_secs(60) });
        insta::assert_debug_snapshot!(alert_series(&pending), @r#"
        [
            (
                ALERTS{alertname="Down", alertstate="pending", job="api"},
                1.0,
            ),
            (
                ALERTS_FOR_STATE{alertname="Down", job="api"},
                12.0,
            ),
        ]
        "#);
        assert_eq!(ended_series(&pending, Some(&firing)).len(), 1);
        assert_eq!(ended_series(&firing, Some(&resolved)).len(), 2);
        assert_eq!(ended_series(&resolved, None).len(), 0);
        assert_eq!(ended_series(&firing, Some(&firing)).len(), 0);
    }
}
