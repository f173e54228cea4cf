//! The smallest runbook that is of use: what the front page of the SDK shows does what it says.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "../examples/restart-when-stalled.rs"]
mod minimal;

use ballast_sdk::testing::Host;
use ballast_sdk::{Effect, Error, OutcomeKind, Runbook};

#[test]
fn a_minimal_runbook_has_at_most_25_lines_and_no_bindings() {
    let text = include_str!("../examples/restart-when-stalled.rs");
    assert!(text.lines().count() <= 25, "{} lines", text.lines().count());
    for word in ["wit", "bindgen", "export", "unsafe", "extern"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn the_page_for_authors_shows_it_as_it_is() {
    let page = include_str!("../../../docs/writing-runbooks.md");
    assert!(page.contains(include_str!("../examples/restart-when-stalled.rs")));
}

#[test]
fn the_manifest_takes_the_version_of_the_package_where_none_is_given() {
    let manifest = minimal::Plugin::manifest();
    assert_eq!((manifest.name.as_str(), manifest.version.as_str()), ("restart-when-stalled", "0.1.0"));
    assert_eq!(manifest.parameters_schema, "");
    assert_eq!(manifest.needs.iter().map(|need| need.capability.as_str()).collect::<Vec<_>>(), ["services"]);
}

#[test]
fn only_the_instances_that_stall_are_restarted() {
    let host = Host::new();
    host.service("api").instance("a", "ready").instance("b", "stalled").instance("c", "stalled");
    let outcome = host.run::<minimal::Plugin>(&host.context("api")).unwrap();
    assert_eq!(host.effects(), [Effect::restart_instance("api", "b"), Effect::restart_instance("api", "c")]);
    assert_eq!((outcome.kind, outcome.summary.as_str()), (OutcomeKind::Acted, "restarted 2 of 3 instances"));
    let again = host.run::<minimal::Plugin>(&host.context("api")).unwrap();
    assert_eq!(again.kind, OutcomeKind::Declined);
}

#[test]
fn where_all_stall_a_person_decides() {
    let host = Host::new();
    host.service("api").instance("a", "stalled");
    let outcome = host.run::<minimal::Plugin>(&host.context("api")).unwrap();
    assert_eq!(outcome.kind, OutcomeKind::NeedsPerson);
    assert!(host.effects().is_empty());
}

#[test]
fn a_refusal_ends_the_run_with_the_reason() {
    let host = Host::new();
    host.service("api").instance("a", "ready").instance("b", "stalled");
    host.fail("services.restart", Error::Refused("restart api: 3 effects in this hour".to_owned()));
    let error = host.run::<minimal::Plugin>(&host.context("api")).unwrap_err();
    assert_eq!(error.to_string(), "refused: restart api: 3 effects in this hour");
}
