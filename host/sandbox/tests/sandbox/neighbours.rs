//! What a guest does hurts no other: the thread is shared, instances come back, waiting runs get theirs.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ballast_ports::plugin_runtime::{Door, PluginRuntime as _, RunFailure};

use crate::support::{Scripted, Silent, guest, installed, request, runtime};

#[tokio::test(flavor = "current_thread")]
async fn on_one_thread_a_good_run_ends_while_hostile_ones_go_on() {
    let (runtime, digest) = installed("hostile").await;
    let looping = |deed: &str| {
        let mut request = request(&digest, deed);
        request.limits.busy_max = Duration::from_secs(1);
        runtime.run_runbook(request, Scripted::obliging())
    };
    let hostile = async { tokio::join!(looping("loop"), looping("loop"), looping("calls")) };
    let mut hostile = Box::pin(hostile);
    let good = async {
        for _ in 0..3 {
            let outcome = runtime.run_runbook(request(&digest, "good"), Scripted::obliging()).await.unwrap();
            assert_eq!(outcome.summary, "0 points, done");
        }
    };
    tokio::select! {
        biased;
        _ = &mut hostile => panic!("the good runs had to wait for the hostile ones"),
        () = good => {}
    }
    let (first, second, _) = hostile.await;
    assert_eq!(first, Err(RunFailure::Deadline { limit_ms: 1_000 }));
    assert_eq!(second, Err(RunFailure::Deadline { limit_ms: 1_000 }));
}

/// Polls once; a run behind a silent door then hangs in its first call.
fn poll_once<F: Future + Unpin>(future: &mut F) -> bool {
    matches!(future.poll_unpin_once(), Poll::Ready(_))
}

trait PollOnce: Future + Unpin {
    fn poll_unpin_once(&mut self) -> Poll<Self::Output> {
        std::pin::Pin::new(self).poll(&mut Context::from_waker(Waker::noop()))
    }
}

impl<F: Future + Unpin> PollOnce for F {}

#[tokio::test]
async fn a_run_beyond_the_last_instance_waits_and_a_dropped_run_gives_its_instance_back() {
    let runtime = runtime(1);
    let digest = runtime.install(guest("hostile")).await.unwrap().digest;
    let mut held = runtime.run_runbook(request(&digest, "query"), Arc::new(Silent) as Arc<dyn Door>);
    assert!(!poll_once(&mut held));
    let mut waiting = runtime.run_runbook(request(&digest, "good"), Scripted::obliging());
    assert!(!poll_once(&mut waiting));
    drop(held);
    assert_eq!(waiting.await.unwrap().summary, "0 points, done");
}

#[tokio::test]
async fn a_thousand_runs_leave_nothing_behind() {
    let runtime = runtime(2);
    let digest = runtime.install(guest("minimal")).await.unwrap().digest;
    for _ in 0..1_000 {
        let outcome = runtime.run_runbook(request(&digest, ""), Scripted::obliging()).await.unwrap();
        assert_eq!(outcome.summary, "nothing to do");
    }
}
