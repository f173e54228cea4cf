//! The load generator: open-loop, so that a slow platform does not get less to do, and seeded, so that two runs send the
//! same. It watches nothing and decides nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry, TextEncoder,
};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

use crate::error::PlatformError;
use crate::protocol::Report;
use crate::release::OPTIONAL_FIELD;

/// Requests beyond so many in flight are dropped and counted.
const IN_FLIGHT_MAX: usize = 512;
/// How long a client of the platform waits.
const PATIENCE: Duration = Duration::from_secs(2);
/// Of a hundred requests, so many carry the optional field.
const WITH_FIELD_PERCENT: u64 = 60;

/// The command line of the load generator.
#[derive(Debug, clap::Args)]
pub(crate) struct LoadOptions {
    /// Base URL of the gateway.
    #[arg(long)]
    target: String,
    /// Requests a second; documents and inferences 1:2.
    #[arg(long, default_value_t = 60.0)]
    rps: f64,
    /// What the texts are drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Port for `/metrics`.
    #[arg(long)]
    metrics_port: u16,
}

/// What requests share.
struct Generator {
    client: reqwest::Client,
    target: String,
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    dropped: IntCounter,
    in_flight: AtomicUsize,
}

impl Generator {
    fn new(target: String) -> Result<Self, PlatformError> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("load_requests_total", "Requests sent; code is an HTTP status or error."),
            &["path", "code"],
        )?;
        let durations = HistogramVec::new(
            HistogramOpts::new(
                "load_request_duration_seconds",
                "Time until the answer, as a client sees it.",
            ),
            &["path"],
        )?;
        let dropped = IntCounter::new("load_dropped_total", "Requests not sent: too many were in flight.")?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(durations.clone()))?;
        registry.register(Box::new(dropped.clone()))?;
        let client = crate::http::client()?;
        Ok(Self { client, target, registry, requests, durations, dropped, in_flight: AtomicUsize::new(0) })
    }

    async fn send(self: Arc<Self>, path: &'static str, body: Value) {
        let began = Instant::now();
        let request = self.client.post(format!("{}{path}", self.target)).timeout(PATIENCE).json(&body);
        let code =
            status_of(request).await.map_or_else(|_| "error".to_owned(), |status| status.as_str().to_owned());
        self.requests.with_label_values(&[path, &code]).inc();
        self.durations.with_label_values(&[path]).observe(began.elapsed().as_secs_f64());
        self.in_flight.fetch_sub(1, Relaxed);
    }
}

/// Reads the answer to its end, so that the connection can be used again.
async fn status_of(request: reqwest::RequestBuilder) -> Result<reqwest::StatusCode, reqwest::Error> {
    let response = request.send().await?;
    let status = response.status();
    response.bytes().await?;
    Ok(status)
}

/// Sends until the supervisor is gone.
///
/// # Errors
/// Where the metrics port cannot be bound or the set-up fails.
pub(crate) async fn run(options: LoadOptions) -> Result<(), PlatformError> {
    let lifeline = crate::service::Lifeline::take()?;
    let generator = Arc::new(Generator::new(options.target)?);
    let listener = crate::http::listen_shared(options.metrics_port)?;
    let (drain, draining) = watch::channel(false);
    let router = Router::new().route("/metrics", get(page)).with_state(Arc::clone(&generator));
    tokio::spawn(crate::service::serve_until(listener, router, draining.clone()));
    let (reports, outgoing) = mpsc::channel(16);
    let _room_for_one = reports.try_send(Report::Ready);
    tokio::spawn(crate::service::speak_and_listen(lifeline, outgoing, drain, |_| Ok(Vec::new())));
    send_all(generator, options.rps, options.seed, draining).await;
    Ok(())
}

async fn page(State(generator): State<Arc<Generator>>) -> String {
    let mut page = Vec::new();
    if let Err(error) = TextEncoder::new().encode(&generator.registry.gather(), &mut page) {
        tracing::error!("failed to encode metrics: {error}");
    }
    String::from_utf8_lossy(&page).into_owned()
}

async fn send_all(generator: Arc<Generator>, rps: f64, seed: u64, draining: watch::Receiver<bool>) {
    let mut random = SplitMix(seed);
    let mut tick = tokio::time::interval(Duration::from_secs_f64(1.0 / rps.clamp(0.1, 10_000.0)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while !*draining.borrow() {
        tick.tick().await;
        let (path, body) = draw(&mut random);
        if generator.in_flight.load(Relaxed) >= IN_FLIGHT_MAX {
            generator.dropped.inc();
            continue;
        }
        generator.in_flight.fetch_add(1, Relaxed);
        tokio::spawn(Arc::clone(&generator).send(path, body));
    }
}

/// One request: a document for every two inferences, a text of its own, and for most the optional field.
fn draw(random: &mut SplitMix) -> (&'static str, Value) {
    let is_document = random.below(3) == 0;
    let text =
        format!("The tenant waives clause {} and all of section {}.", random.below(10_000), random.below(40));
    let mut body = json!({"text": text});
    if let Some(object) = body.as_object_mut() {
        if !is_document {
            object.insert("model".into(), "risk-summary".into());
        }
        if random.below(100) < WITH_FIELD_PERCENT {
            object.insert(OPTIONAL_FIELD.into(), random.below(500).into());
        }
    }
    (if is_document { "/documents" } else { "/infer" }, body)
}

/// SplitMix64: small, and the same on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_mix_is_as_promised_and_the_same_for_a_seed() {
        let drawn = |seed| {
            let mut random = SplitMix(seed);
            (0..3000).map(|_| draw(&mut random)).collect::<Vec<_>>()
        };
        let first = drawn(7);
        assert_eq!(first, drawn(7));
        assert_ne!(first, drawn(8));
        let documents = first.iter().filter(|(path, _)| *path == "/documents").count();
        let with_field = first.iter().filter(|(_, body)| body.get(OPTIONAL_FIELD).is_some()).count();
        assert!((900..1100).contains(&documents), "{documents}");
        assert!((1700..1900).contains(&with_field), "{with_field}");
    }
}
