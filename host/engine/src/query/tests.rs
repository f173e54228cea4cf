//! Turns, time-outs and giving up, on a store whose reads wait until they are let go.

use std::sync::{Condvar, Mutex};

use super::*;
use async_trait::async_trait;
use ballast_ports::StoreError;
use ballast_types::ingest::Appended;
use ballast_types::{Queryable, Series};
use tokio::sync::watch;

/// A store whose reads wait until they are let go.
#[derive(Default)]
struct Held {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Held {
    fn let_go(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

impl Queryable for Held {
    fn select(&self, _: &[Matcher], _: TimeRange) -> Result<Vec<Series>, QueryError> {
        let _open = self.opened.wait_while(self.open.lock().unwrap(), |open| !*open).unwrap();
        Ok(Vec::new())
    }
}

impl SeriesStore for Held {
    fn append(&self, _: &[(Labels, Sample)]) -> Result<Appended, StoreError> {
        Ok(Appended::default())
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn forget_before(&self, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    fn series_count(&self) -> usize {
        0
    }
}

struct Driven(watch::Sender<Timestamp>);

#[async_trait]
impl Clock for Driven {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    async fn sleep_until(&self, until: Timestamp) {
        self.0.subscribe().wait_for(|now| *now >= until).await.unwrap();
    }
}

struct Bench {
    asking: Arc<Asking>,
    held: Arc<Held>,
    clock: Arc<Driven>,
}

impl Bench {
    fn new() -> Self {
        let (held, clock) =
            (Arc::new(Held::default()), Arc::new(Driven(watch::channel(Timestamp::default()).0)));
        Bench {
            asking: Arc::new(Asking::new(
                Source {
                    local: held.clone(),
                    remote: None,
                    rulebook: Default::default(),
                    features: Default::default(),
                },
                clock.clone(),
            )),
            held,
            clock,
        }
    }

    fn ask(&self, expression: &str, when: When) -> tokio::task::JoinHandle<Result<Answer, AskError>> {
        let timeout = Duration::from_secs(10);
        let question = Question { expression: expression.to_owned(), when, timeout, lookback: None };
        let asking = self.asking.clone();
        tokio::spawn(async move { asking.ask(question, |answer| answer).await })
    }

    fn pass(&self, secs: i64) {
        self.clock.0.send_replace(Timestamp::from_secs(secs));
    }

    /// Waits until so many turns of a lane are taken.
    async fn until_taken(&self, lane: &Semaphore, left: usize) {
        while lane.available_permits() != left {
            tokio::task::yield_now().await;
        }
    }
}

fn at() -> When {
    When::At(Timestamp::from_secs(1))
}

fn range() -> When {
    When::Range { start: Timestamp::from_secs(0), end: Timestamp::from_secs(9), step: Duration::from_secs(1) }
}

#[tokio::test]
async fn an_instant_never_waits_for_ranges() {
    let bench = Bench::new();
    let ranges: Vec<_> = (0..RANGES_MAX + 3).map(|_| bench.ask("slow", range())).collect();
    bench.until_taken(&bench.asking.ranges, 0).await;
    let quick = bench.ask("1 + 1", at()).await.unwrap().unwrap();
    assert_eq!(quick.value, Value::Scalar(Sample { at: Timestamp::from_secs(1), value: 2.0 }));
    bench.held.let_go();
    for range in ranges {
        assert_eq!(range.await.unwrap().unwrap().value, Value::Matrix(Vec::new()));
    }
}

#[tokio::test]
async fn what_takes_too_long_is_told_with_its_stage_and_keeps_its_turn_until_it_ends() {
    let bench = Bench::new();
    let working: Vec<_> = (0..RANGES_MAX).map(|_| bench.ask("slow", range())).collect();
    bench.until_taken(&bench.asking.ranges, 0).await;
    let waiting = bench.ask("slow", range());
    tokio::task::yield_now().await;
    bench.pass(10);
    for late in working {
        assert_eq!(late.await.unwrap().unwrap_err().to_string(), "query timed out in expression evaluation");
    }
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string()),
        (AskErrorKind::Timeout, "query timed out in query queue".into())
    );
    assert_eq!(bench.asking.ranges.available_permits(), 0, "what nobody waits for is still under way");
    bench.held.let_go();
    bench.until_taken(&bench.asking.ranges, RANGES_MAX).await;
}

#[tokio::test]
async fn what_is_given_up_stops_and_gives_its_turn_back() {
    let bench = Bench::new();
    let given_up = bench.ask("slow", at());
    bench.until_taken(&bench.asking.instants, INSTANTS_MAX - 1).await;
    given_up.abort();
    assert!(given_up.await.unwrap_err().is_cancelled());
    bench.held.let_go();
    bench.until_taken(&bench.asking.instants, INSTANTS_MAX).await;
}

#[test]
fn a_selector_is_a_selector_and_nothing_else() {
    assert_eq!(parse_selector("up{job=\"a\"}").unwrap().len(), 2);
    for text in ["up[5m]", "up offset 5m", "sum(up)", "1", "", "up{", "up or down"] {
        assert!(parse_selector(text).is_err(), "{text}");
    }
    assert_eq!(selectors_of("a + rate(b[5m])").unwrap().len(), 2);
}
