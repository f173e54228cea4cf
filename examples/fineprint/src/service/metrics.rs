//! The numbers that a service exposes, in Prometheus text. Counters are counted where things happen; gauges are read from
//! the replicas when they are scraped; rates come from [`Metrics::sample`], twice a second.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use prometheus::{
    Encoder, Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry,
    TextEncoder,
};

use super::fleet::{Fleet, Replica};
use crate::error::PlatformError;
use crate::parameters::Parameter;
use crate::topology::ServiceName;

const BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.5];
/// The simulated accelerator has 24 GiB, of which a model takes 6 GiB and each running inference 256 MiB.
const GPU_TOTAL_BYTES: f64 = 24.0 * 1_073_741_824.0;
const GPU_MODEL_BYTES: f64 = 6.0 * 1_073_741_824.0;
const GPU_JOB_BYTES: f64 = 268_435_456.0;
/// How many inferences at once the simulated accelerator computes.
const GPU_LANES: f64 = 4.0;

/// All of a process's metrics.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    pub(super) requests: IntCounterVec,
    pub(super) durations: HistogramVec,
    pub(super) upstream_requests: IntCounterVec,
    pub(super) upstream_durations: HistogramVec,
    pub(super) dependency_up: GaugeVec,
    pub(super) inferences: HistogramVec,
    pub(super) documents: IntCounter,
    gauges: Vec<(Gauge, Reading)>,
    document_rate: Gauge,
    gpu_utilization: Gauge,
    last: Mutex<Sample>,
}

/// How a gauge is read from the replicas.
type Reading = fn(&[std::sync::Arc<Replica>], &Fleet) -> f64;

#[derive(Debug)]
struct Sample {
    at: Instant,
    documents: u64,
    inference_secs: f64,
}

impl Metrics {
    /// Registers what this service has; every series carries `service`.
    ///
    /// # Errors
    /// Where two metrics have one name: a mistake in this file.
    pub(super) fn new(service: ServiceName, version: &str) -> Result<Self, PlatformError> {
        let labels = [("service".to_owned(), service.as_str().to_owned())].into();
        let registry = Registry::new_custom(None, Some(labels))?;
        let metrics = Self {
            requests: counters(
                &registry,
                "http_requests_total",
                "Requests answered.",
                &["method", "path", "code"],
            )?,
            durations: histograms(&registry, "http_request_duration_seconds", "Time to answer.", &["path"])?,
            upstream_requests: counters(
                &registry,
                "upstream_requests_total",
                "Calls to dependencies; code is an HTTP status, timeout or refused.",
                &["dependency", "code"],
            )?,
            upstream_durations: histograms(
                &registry,
                "upstream_request_duration_seconds",
                "Time that dependencies took.",
                &["dependency"],
            )?,
            dependency_up: GaugeVec::new(
                Opts::new("dependency_up", "Whether the last call to the dependency was answered in time."),
                &["dependency"],
            )?,
            inferences: HistogramVec::new(
                HistogramOpts::new("model_inference_latency_seconds", "Time that the model took.")
                    .buckets(BUCKETS.into()),
                &["model"],
            )?,
            documents: IntCounter::new("documents_processed_total", "Documents processed.")?,
            gauges: gauges(&registry, service)?,
            document_rate: Gauge::new("document_processing_rate", "Documents processed per second.")?,
            gpu_utilization: Gauge::new(
                "gpu_utilization_ratio",
                "Share of the simulated accelerator in use.",
            )?,
            last: Mutex::new(Sample { at: Instant::now(), documents: 0, inference_secs: 0.0 }),
            registry,
        };
        metrics.register_own(service, version)?;
        Ok(metrics)
    }

    fn register_own(&self, service: ServiceName, version: &str) -> Result<(), PlatformError> {
        let info = GaugeVec::new(Opts::new("build_info", "The running version; always 1."), &["version"])?;
        info.with_label_values(&[version]).set(1.0);
        self.registry.register(Box::new(info))?;
        if !service.dependencies().is_empty() {
            self.registry.register(Box::new(self.dependency_up.clone()))?;
        }
        if service == ServiceName::DocumentProcessing {
            self.registry.register(Box::new(self.documents.clone()))?;
            self.registry.register(Box::new(self.document_rate.clone()))?;
        }
        if service == ServiceName::ModelManagement {
            self.registry.register(Box::new(self.inferences.clone()))?;
            self.registry.register(Box::new(self.gpu_utilization.clone()))?;
        }
        Ok(())
    }

    /// Brings the rates up to date; called twice a second.
    pub(super) fn sample(&self) {
        let inference_secs = ["clause-classifier", "risk-summary", "other"]
            .iter()
            .map(|model| self.inferences.with_label_values(&[model]).get_sample_sum())
            .sum::<f64>();
        let now = Sample { at: Instant::now(), documents: self.documents.get(), inference_secs };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = now.at.duration_since(last.at).max(Duration::from_millis(1)).as_secs_f64();
        let documents = (now.documents - last.documents) as f64 / elapsed;
        let busy = (now.inference_secs - last.inference_secs) / elapsed / GPU_LANES;
        // Half of the old value: a gauge scraped once a second should not show the noise of half a second.
        self.document_rate.set((self.document_rate.get() + documents) / 2.0);
        self.gpu_utilization.set(((self.gpu_utilization.get() + busy) / 2.0).clamp(0.0, 1.0));
        *last = now;
    }

    /// The page that a scraper reads.
    ///
    /// # Errors
    /// Where a family cannot be encoded.
    pub(super) fn page(&self, fleet: &Fleet) -> Result<String, PlatformError> {
        let replicas = fleet.replicas();
        for (gauge, reading) in &self.gauges {
            gauge.set(reading(&replicas, fleet));
        }
        let mut page = Vec::with_capacity(8192);
        TextEncoder::new().encode(&self.registry.gather(), &mut page)?;
        Ok(String::from_utf8_lossy(&page).into_owned())
    }
}

fn counters(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<IntCounterVec, PlatformError> {
    let family = IntCounterVec::new(Opts::new(name, help), labels)?;
    registry.register(Box::new(family.clone()))?;
    Ok(family)
}

fn histograms(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<HistogramVec, PlatformError> {
    let family = HistogramVec::new(HistogramOpts::new(name, help).buckets(BUCKETS.into()), labels)?;
    registry.register(Box::new(family.clone()))?;
    Ok(family)
}

fn gauges(registry: &Registry, service: ServiceName) -> Result<Vec<(Gauge, Reading)>, PlatformError> {
    let everywhere: [(&str, &str, Reading); 6] = [
        ("replicas", "Replicas that run.", |replicas, _| replicas.len() as f64),
        ("worker_pool_size", "Workers of all replicas.", |replicas, _| sum(replicas, |r| r.workers.size())),
        ("worker_pool_busy", "Workers that work.", |replicas, _| sum(replicas, |r| r.workers.held())),
        ("worker_pool_queue_depth", "Requests that wait for a worker.", |replicas, _| {
            sum(replicas, |r| r.workers.waiting())
        }),
        ("worker_pool_queue_size", "Requests that may wait for a worker.", |replicas, fleet| {
            replicas.len() as f64 * fleet.setting(Parameter::Queue) as f64
        }),
        ("process_resident_memory_bytes", "Resident memory of the process.", |_, _| resident_bytes()),
    ];
    let database: [(&str, &str, Reading); 3] = [
        ("db_pool_size", "Database connections of all replicas.", |replicas, _| {
            pools(replicas, |pool| pool.size())
        }),
        ("db_pool_in_use", "Database connections in use.", |replicas, _| pools(replicas, |pool| pool.held())),
        ("db_pool_waiting", "Requests that wait for a connection.", |replicas, _| {
            pools(replicas, |pool| pool.waiting())
        }),
    ];
    let model: [(&str, &str, Reading); 4] = [
        ("model_memory_used_bytes", "Memory of the fullest replica.", |replicas, _| {
            replicas.iter().filter_map(|r| r.memory.as_ref()).map(|m| m.used_bytes()).max().unwrap_or(0)
                as f64
        }),
        ("model_memory_limit_bytes", "Memory that a replica may hold.", |_, fleet| {
            fleet.setting(Parameter::ModelMemoryLimitBytes) as f64
        }),
        ("gpu_memory_used_bytes", "Memory of the simulated accelerator in use.", |replicas, _| {
            (GPU_MODEL_BYTES + GPU_JOB_BYTES * sum(replicas, |r| r.workers.held())).min(GPU_TOTAL_BYTES)
        }),
        ("gpu_memory_total_bytes", "Memory of the simulated accelerator.", |_, _| GPU_TOTAL_BYTES),
    ];
    let own: &[(&str, &str, Reading)] = match service {
        ServiceName::DocumentProcessing => &database,
        ServiceName::ModelManagement => &model,
        ServiceName::ApiGateway | ServiceName::DocumentStore => &[],
    };
    let register = |(name, help, reading): &(&str, &str, Reading)| {
        let gauge = Gauge::new(*name, *help)?;
        registry.register(Box::new(gauge.clone()))?;
        Ok((gauge, *reading))
    };
    everywhere.iter().chain(own).map(register).collect()
}

fn sum(replicas: &[std::sync::Arc<Replica>], count: impl Fn(&Replica) -> usize) -> f64 {
    replicas.iter().map(|replica| count(replica)).sum::<usize>() as f64
}

fn pools(replicas: &[std::sync::Arc<Replica>], count: impl Fn(&super::slots::Slots) -> usize) -> f64 {
    sum(replicas, |replica| replica.connections.as_ref().map_or(0, |pool| count(pool.slots())))
}

/// `VmRSS` is in kibibytes, so that the page size need not be known as with `statm`; 0 where there is no `/proc`.
fn resident_bytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kibibytes = line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap_or(0.0);
    kibibytes * 1024.0
}
