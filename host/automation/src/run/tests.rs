//! The step of an execution, driven by timelines that a person can draw.

use super::*;
use ballast_types::objective::{IndicatorKind, Objective};
use ballast_types::{Digest, ExecutionId, IncidentId, Labels, PluginName, ServiceName};
use proptest::prelude::*;
use rstest::rstest;
use std::time::Duration;

fn execution() -> Execution {
    let service = ServiceName::new("api");
    Execution {
        id: ExecutionId::new("EX-1"),
        incident: IncidentId::new("INC-1"),
        runbook: PluginName::new("fix"),
        digest: Digest::new("d"),
        alert_name: "Errors".into(),
        alert_labels: Labels::empty(),
        parameters: "{}".into(),
        mode: RunMode::Live,
        requested_at: Timestamp::default(),
        state: ExecutionState::Requested,
        objective: Some(Objective {
            service: service.clone(),
            kind: IndicatorKind::ErrorRate,
            target: 0.01,
            indicator: "errors".into(),
            window: Duration::from_secs(60),
        }),
        service,
        indicator_before: f64::NAN,
        indicator_after: None,
        effects: 0,
        told: Vec::new(),
    }
}

fn policy() -> VerificationPolicy {
    VerificationPolicy { hold: Duration::from_secs(2), within: Duration::from_secs(5) }
}

fn acted(undo: bool) -> Outcome {
    let effect = ballast_types::call::ServiceEffect {
        service: ServiceName::new("api"),
        verb: ballast_types::call::Verb::Rollback,
        arguments: serde_json::json!({"to": "2"}),
    };
    Outcome {
        kind: OutcomeKind::Acted,
        summary: "rolled back".into(),
        inverse: if undo { vec![effect] } else { vec![] },
    }
}

/// One character a second: `s` starts, `a` acted with an inverse, `A` without, `d` declined, `f` failed, `.` and `#`
/// indicator within and beyond, `u` undone, `U` undo failed, `c` cancelled.
fn drive(timeline: &str) -> Execution {
    let mut current = execution();
    for (second, mark) in timeline.chars().enumerate() {
        let input = match mark {
            's' => RunInput::Started { indicator: Some(0.4) },
            'a' => RunInput::Returned(acted(true)),
            'A' => RunInput::Returned(acted(false)),
            'd' => RunInput::Returned(Outcome {
                kind: OutcomeKind::Declined,
                summary: "no".into(),
                inverse: vec![],
            }),
            'f' => RunInput::Failed { reason: "trapped".into(), diverged: false },
            '.' => RunInput::Indicator(Some(0.0)),
            '#' => RunInput::Indicator(Some(0.4)),
            'u' => RunInput::Undone { failure: None },
            'U' => RunInput::Undone { failure: Some("gone".into()) },
            _ => RunInput::Cancelled { by: "ann".into() },
        };
        current = step(&current, input, Timestamp::from_secs(second as i64), &policy()).unwrap().0;
    }
    current
}

#[rstest]
#[case("sa...", "helped")]
#[case("sa#...", "helped")]
#[case("ssa...", "helped")]
#[case("sd", "declined")]
#[case("sf", "failed")]
#[case("f", "failed")]
#[case("sa#####u", "undone")]
#[case("sa#####U", "did-not-help")]
#[case("sA#####", "did-not-help")]
#[case("sac", "cancelled")]
#[case("c", "cancelled")]
fn ends_as(#[case] timeline: &str, #[case] verdict: &str) {
    match drive(timeline).state {
        ExecutionState::Finished { verdict: found, .. } => assert_eq!(found.name(), verdict),
        state => panic!("{timeline} is still {state:?}"),
    }
}

#[test]
fn without_an_objective_it_stays_unverified() {
    let bare = Execution { objective: None, ..execution() };
    let (running, ..) =
        step(&bare, RunInput::Started { indicator: None }, Timestamp::default(), &policy()).unwrap();
    let (over, ..) =
        step(&running, RunInput::Returned(acted(true)), Timestamp::default(), &policy()).unwrap();
    assert!(matches!(over.state, ExecutionState::Finished { verdict: Verdict::Unverified, .. }));
}

#[test]
fn the_evidence_names_before_after_and_target() {
    let (mut current, mut text) = (drive("sa"), None);
    for second in 2..6 {
        let now = Timestamp::from_secs(second);
        let input = RunInput::Indicator(Some(0.002));
        match step(&current, input, now, &policy()) {
            Ok((next, _, line)) => (current, text) = (next, line.or(text)),
            Err(_) => break,
        }
    }
    let text = text.unwrap();
    assert_eq!(text, "helped: error-rate of api was 0.4000, is 0.0020, target 0.01");
}

proptest! {
    #[test]
    fn a_finished_execution_never_moves_and_nothing_is_undone_twice(inputs in "[saAdf.#uUc]{1,40}") {
        let (mut current, mut undos) = (execution(), 0);
        for (second, mark) in inputs.chars().enumerate() {
            let input = match mark {
                's' => RunInput::Started { indicator: None },
                'a' => RunInput::Returned(acted(true)),
                'A' => RunInput::Returned(acted(false)),
                'f' => RunInput::Failed { reason: String::new(), diverged: false },
                '.' => RunInput::Indicator(Some(0.0)),
                '#' => RunInput::Indicator(Some(1.0)),
                'u' => RunInput::Undone { failure: None },
                'c' => RunInput::Cancelled { by: String::new() },
                _ => continue,
            };
            let was_finished = current.state.is_finished();
            match step(&current, input, Timestamp::from_secs(second as i64), &policy()) {
                Ok((next, action, _)) => {
                    prop_assert!(!was_finished);
                    undos += u32::from(action == Some(RunAction::ApplyInverse));
                    current = next;
                }
                Err(error) => prop_assert_eq!(error.state, current.state.name()),
            }
        }
        prop_assert!(undos <= 1);
    }
}
