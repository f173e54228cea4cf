//! Guests that misbehave: each is stopped, with the reason.

use std::time::{Duration, Instant};

use ballast_ports::plugin_runtime::{Halt, PluginRuntime as _, RunFailure};
use ballast_types::call::{Call, CallErrorKind};
use ballast_types::limits::{CALLS_PER_EXECUTION_MAX, PLUGIN_LOG_BYTES_MAX, PLUGIN_LOG_LINES_MAX};
use ballast_types::plugin::Grant;

use crate::support::{Scripted, everything, hostile, installed, request};

fn limit(failure: RunFailure) -> String {
    match failure {
        RunFailure::Halted(Halt::Limit(text)) => text,
        other => panic!("stopped otherwise: {other:?}"),
    }
}

#[tokio::test]
async fn a_loop_is_stopped_at_the_deadline() {
    let (runtime, digest) = installed("hostile").await;
    let began = Instant::now();
    let failure = runtime.run_runbook(request(&digest, "loop"), Scripted::obliging()).await.unwrap_err();
    assert_eq!(failure, RunFailure::Deadline { limit_ms: 60 });
    assert!(began.elapsed() >= Duration::from_millis(60));
    assert_eq!(failure.to_string(), "stopped: busy for more than 60 ms without a host call");
}

#[tokio::test]
async fn a_hoarder_meets_its_memory_limit() {
    let failure = hostile("memory", Scripted::obliging()).await.unwrap_err();
    assert_eq!(failure, RunFailure::Memory { limit_bytes: 64 << 20 });
}

#[tokio::test]
async fn a_limit_beyond_the_pools_is_the_pools() {
    let (runtime, digest) = installed("hostile").await;
    let mut request = request(&digest, "memory");
    request.limits.memory_bytes_max = usize::MAX;
    let failure = runtime.run_runbook(request, Scripted::obliging()).await.unwrap_err();
    assert_eq!(failure, RunFailure::Memory { limit_bytes: 256 << 20 });
}

#[tokio::test]
async fn endless_recursion_exhausts_the_guests_stack_only() {
    let failure = hostile("stack", Scripted::obliging()).await.unwrap_err();
    assert_eq!(failure, RunFailure::Stack);
}

#[tokio::test]
async fn a_panic_is_a_trap_with_a_reason() {
    let failure = hostile("panic", Scripted::obliging()).await.unwrap_err();
    assert_eq!(failure, RunFailure::Trap("it gave up (a panic)".into()));
    let failure = hostile("last-words", Scripted::obliging()).await.unwrap_err();
    let text = "trapped: it gave up (a panic); its last error was: no deployment has version 7";
    assert_eq!(failure.to_string(), text);
}

#[tokio::test]
async fn a_flood_of_log_lines_ends_the_run() {
    let door = Scripted::obliging();
    let failure = hostile("flood-lines", door.clone()).await.unwrap_err();
    assert_eq!(limit(failure), "more than 1000 log lines in one run");
    assert_eq!(door.calls().len() as u64, PLUGIN_LOG_LINES_MAX);
}

#[tokio::test]
async fn a_flood_of_long_log_lines_ends_the_run() {
    let door = Scripted::obliging();
    let failure = hostile("flood-bytes", door.clone()).await.unwrap_err();
    assert_eq!(limit(failure), "more than 262144 bytes of log in one run");
    let logged = |call: &Call| if let Call::Log { message, .. } = call { message.len() } else { 0 };
    let bytes: usize = door.calls().iter().map(logged).sum();
    assert!(bytes <= PLUGIN_LOG_BYTES_MAX && bytes > PLUGIN_LOG_BYTES_MAX / 2, "{bytes}");
}

#[tokio::test]
async fn a_hundred_megabytes_of_outcome_are_not_taken() {
    let (runtime, digest) = installed("hostile").await;
    let mut large = request(&digest, "output");
    large.limits.memory_bytes_max = 256 << 20;
    let failure = runtime.run_runbook(large, Scripted::obliging()).await.unwrap_err();
    assert_eq!(failure, RunFailure::Output { limit_bytes: 1 << 20 });
    let failure = runtime.run_runbook(request(&digest, "output"), Scripted::obliging()).await.unwrap_err();
    assert_eq!(failure, RunFailure::Memory { limit_bytes: 64 << 20 });
}

#[tokio::test]
async fn an_outcome_a_little_too_large_is_not_taken() {
    let (runtime, digest) = installed("hostile").await;
    let mut request = request(&digest, "loop-not");
    request.limits.output_bytes_max = 10;
    let failure = runtime.run_runbook(request, Scripted::obliging()).await.unwrap_err();
    assert_eq!(failure, RunFailure::Output { limit_bytes: 10 });
}

#[tokio::test]
async fn endless_calls_end_at_the_limit_though_no_deadline_sees_them() {
    let door = Scripted::obliging();
    let failure = hostile("calls", door.clone()).await.unwrap_err();
    assert_eq!(limit(failure), "more than 10000 calls in one run");
    assert_eq!(door.calls().len() as u64, CALLS_PER_EXECUTION_MAX);
}

#[tokio::test]
async fn an_argument_beyond_the_limit_never_reaches_the_door() {
    for (deed, expected) in [
        ("argument", "a call of `metrics` with more than 1048576 bytes"),
        ("huge-argument", "a call with too much data"),
        ("big-batch", "more than 100 effects in one batch"),
    ] {
        let door = Scripted::obliging();
        let failure = hostile(deed, door.clone()).await.unwrap_err();
        assert_eq!(limit(failure), expected, "{deed}");
        assert_eq!(door.calls(), [], "{deed}");
    }
}

#[tokio::test]
async fn an_import_that_was_not_granted_is_refused_before_anything_runs() {
    let (runtime, digest) = installed("hostile").await;
    let door = Scripted::obliging();
    let mut request = request(&digest, "good");
    request.grant = Grant::default();
    let refused = RunFailure::NotGranted("metrics".into());
    assert_eq!(runtime.check_grant(&digest, &request.grant), Err(refused.clone()));
    assert_eq!(runtime.run_runbook(request, door.clone()).await, Err(refused));
    let mut nearly = everything();
    nearly.capabilities.remove(&ballast_types::plugin::Capability::Database);
    assert_eq!(runtime.check_grant(&digest, &nearly), Err(RunFailure::NotGranted("database".into())));
    assert_eq!(runtime.check_grant(&digest, &everything()), Ok(()));
    assert_eq!(door.calls(), []);
}

#[tokio::test]
async fn what_the_door_denies_the_guest_learns_as_denied() {
    let denied = || crate::support::error(CallErrorKind::Denied, "`restart` of `api` was not granted");
    let door = Scripted::new(move |_| Ok(Err(denied())));
    let failure = hostile("restart", door.clone()).await.unwrap_err();
    assert_eq!(failure, RunFailure::Guest(denied()));
    assert_eq!(door.calls().len(), 1);
}

#[tokio::test]
async fn nothing_of_one_run_is_left_for_the_next() {
    let (runtime, digest) = installed("hostile").await;
    for deed in ["memory", "loop", "stack", "panic", "flood-lines", "output"] {
        runtime.run_runbook(request(&digest, deed), Scripted::obliging()).await.unwrap_err();
        let outcome = runtime.run_runbook(request(&digest, "good"), Scripted::obliging()).await.unwrap();
        assert_eq!(outcome.summary, "0 points, done", "after {deed}");
    }
}
