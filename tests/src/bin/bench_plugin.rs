//! Measures what a plugin costs: start, call and drop, alone and on two cores, and the memory of an instance that lives.
//!
//! `cargo xtask bench plugin` builds it with the release profile and reads the JSON lines that it prints. What is measured is
//! the way that a run really goes: the runtime, a fresh store with its limits, an instance, one call of the guest to
//! the door, the outcome, the drop. No journal is behind the door, because that is measured where it lives.

use std::error::Error;
use std::future::{Future, pending};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ballast_ports::plugin_runtime::{Door, Halt, PluginRuntime as _, RunFailure, RunRequest};
use ballast_sandbox::{SandboxConfig, WasmRuntime};
use ballast_types::call::{Call, CallError, Output};
use ballast_types::execution::{Outcome, RunMode};
use ballast_types::plugin::{Grant, RunLimits};
use ballast_types::{Digest, ExecutionId, IncidentId, Labels, ServiceName, Timestamp};
use serde_json::json;
use tokio::task::unconstrained;

const ROUNDS: usize = 7;
const RUNS_PER_ROUND: usize = 3_000;
const CORES: usize = 2;
const LIVE: usize = 2_000;
const MEDIAN_AIM_US: f64 = 10.0;
const PER_GIB_AIM: f64 = 20_000.0;
const GIB: f64 = (1_u64 << 30) as f64;

type Failed = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failed> {
    let guest = guest_path(std::env::args().skip(1))?;
    let cache = tempfile::tempdir()?;
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(CORES).enable_all().build()?;
    threads.block_on(async {
        let config = SandboxConfig { instances_max: LIVE as u32 + 8, ..SandboxConfig::new(cache.path()) };
        let runtime = Arc::new(WasmRuntime::new(config)?);
        let digest = runtime.install(std::fs::read(guest)?).await?.digest;
        latency(&runtime, &digest).await?;
        throughput(&runtime, &digest).await?;
        memory(&runtime, &digest)
    })
}

fn guest_path(mut arguments: impl Iterator<Item = String>) -> Result<PathBuf, Failed> {
    match (arguments.next().as_deref(), arguments.next(), arguments.next()) {
        (Some("--guest"), Some(path), None) => Ok(path.into()),
        _ => Err("usage: bench-plugin --guest FILE".into()),
    }
}

/// Answers at once, so that only the sandbox is measured.
struct Prompt;

#[async_trait]
impl Door for Prompt {
    async fn call(&self, _: Call) -> Result<Result<Output, CallError>, Halt> {
        Ok(Ok(Output::Done))
    }
}

/// Never answers, so that instances stay; counts them.
#[derive(Default)]
struct Silent(AtomicUsize);

#[async_trait]
impl Door for Silent {
    async fn call(&self, _: Call) -> Result<Result<Output, CallError>, Halt> {
        self.0.fetch_add(1, Ordering::Relaxed);
        pending().await
    }
}

fn request(digest: &Digest) -> RunRequest {
    RunRequest {
        digest: digest.clone(),
        grant: Grant::default(),
        limits: RunLimits { call_max: Duration::from_secs(600), ..RunLimits::default() },
        execution: ExecutionId::new("EX-1"),
        incident: IncidentId::new("INC-1"),
        service: ServiceName::new("api-gateway"),
        alert_name: "HighErrorRate".into(),
        alert_labels: Labels::from_pairs([("service", "api-gateway"), ("severity", "critical")]),
        parameters: "{}".into(),
        mode: RunMode::Live,
        started_at: Timestamp::from_millis(1_700_000_000_000),
    }
}

/// Medians and tails of the cheapest call (`describe`, which asks the host nothing) and of a whole run, a round each.
async fn latency(runtime: &WasmRuntime, digest: &Digest) -> Result<(), Failed> {
    let door: Arc<dyn Door> = Arc::new(Prompt);
    let (mut runs, mut calls) = (Rounds::default(), Rounds::default());
    for round in 0..=ROUNDS {
        let mut taken = Vec::with_capacity(RUNS_PER_ROUND);
        for _ in 0..RUNS_PER_ROUND {
            let request = request(digest);
            let began = Instant::now();
            runtime.run_runbook(request, Arc::clone(&door)).await?;
            taken.push(began.elapsed());
        }
        runs.add(round, taken);
        let mut taken = Vec::with_capacity(RUNS_PER_ROUND);
        for _ in 0..RUNS_PER_ROUND {
            let began = Instant::now();
            runtime.describe(digest).await?;
            taken.push(began.elapsed());
        }
        calls.add(round, taken);
    }
    let aim: Aim = Some((format!("at most {MEDIAN_AIM_US} us"), |us| us <= MEDIAN_AIM_US));
    print("instantiate, call, drop: median", "us", &calls.medians, aim.clone());
    print("instantiate, call, drop: p99", "us", &calls.tails, NO_AIM);
    print("instantiate, run with one host call, drop: median", "us", &runs.medians, aim);
    print("instantiate, run with one host call, drop: p99", "us", &runs.tails, NO_AIM);
    Ok(())
}

/// Runs a second with as many tasks as cores.
async fn throughput(runtime: &Arc<WasmRuntime>, digest: &Digest) -> Result<(), Failed> {
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let tasks: Vec<_> =
            (0..CORES).map(|_| tokio::spawn(many(Arc::clone(runtime), digest.clone()))).collect();
        for task in tasks {
            task.await??;
        }
        rates.push((CORES * RUNS_PER_ROUND) as f64 / began.elapsed().as_secs_f64());
    }
    print("throughput on 2 cores", "runs/s", &rates, NO_AIM);
    Ok(())
}

async fn many(runtime: Arc<WasmRuntime>, digest: Digest) -> Result<(), RunFailure> {
    let door: Arc<dyn Door> = Arc::new(Prompt);
    for _ in 0..RUNS_PER_ROUND {
        runtime.run_runbook(request(&digest), Arc::clone(&door)).await?;
    }
    Ok(())
}

type Held<'a> = Pin<Box<dyn Future<Output = Result<Outcome, RunFailure>> + Send + 'a>>;

/// Resident memory of runs that wait in a host call, each with its instance, its stack and its store.
fn memory(runtime: &WasmRuntime, digest: &Digest) -> Result<(), Failed> {
    let silent = Arc::new(Silent::default());
    // The first ones pay for what all share.
    let mut held = hold(LIVE / 10, runtime, digest, &silent);
    let before = resident_bytes()?;
    let measured = hold(LIVE - held.len(), runtime, digest, &silent);
    let each = (resident_bytes()? - before) / measured.len() as f64;
    held.extend(measured);
    if silent.0.load(Ordering::Relaxed) != held.len() {
        return Err("the guest must call the host once, so that it can be held there".into());
    }
    drop(held);
    print("resident memory of a live instance", "KiB", &[each / 1024.0], NO_AIM);
    let aim: Aim = Some((format!("at least {PER_GIB_AIM}"), |count| count >= PER_GIB_AIM));
    print("live instances per GiB", "instances", &[GIB / each], aim);
    Ok(())
}

/// Starts runs and leaves them in their first call. Without tokio's budget, which would make the later ones wait.
fn hold<'a>(count: usize, runtime: &'a WasmRuntime, digest: &Digest, silent: &Arc<Silent>) -> Vec<Held<'a>> {
    let start = |_| {
        let door: Arc<dyn Door> = Arc::clone(silent) as _;
        let mut run: Held<'a> = Box::pin(unconstrained(runtime.run_runbook(request(digest), door)));
        let before = silent.0.load(Ordering::Relaxed);
        // Where a slice of time ends, a run yields once; one that ends without a call is ready, and the count tells.
        while silent.0.load(Ordering::Relaxed) == before {
            if run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                break;
            }
        }
        run
    };
    (0..count).map(start).collect()
}

fn resident_bytes() -> Result<f64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("find VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024.0)
}

/// Median and 99th percentile of each round, in microseconds.
#[derive(Default)]
struct Rounds {
    medians: Vec<f64>,
    tails: Vec<f64>,
}

impl Rounds {
    /// The first round only warms up.
    fn add(&mut self, round: usize, mut taken: Vec<Duration>) {
        taken.sort();
        let at = |share: f64| {
            let place = (taken.len().saturating_sub(1) as f64 * share) as usize;
            taken.get(place).map_or(f64::NAN, |taken| taken.as_secs_f64() * 1e6)
        };
        if round > 0 {
            self.medians.push(at(0.5));
            self.tails.push(at(0.99));
        }
    }
}

type Aim = Option<(String, fn(f64) -> bool)>;

const NO_AIM: Aim = None;

/// One line of JSON: the median over the rounds, with the least and the greatest.
fn print(measure: &str, unit: &str, rounds: &[f64], aim: Aim) {
    let mut sorted = rounds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let value = sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
    let met = aim.as_ref().map(|(_, holds)| holds(value));
    let aim = aim.map(|(text, _)| text);
    let (min, max) = (sorted.first(), sorted.last());
    println!(
        "{}",
        json!({ "measure": measure, "unit": unit, "value": value, "min": min, "max": max, "aim": aim, "met": met })
    );
}
