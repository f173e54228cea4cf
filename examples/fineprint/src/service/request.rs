//! The way of one request through a replica: find one, wait for a worker, work, count, log. What the work is lives beside
//! the routes. The invariant: every request that arrives is counted once, also when its caller goes away.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Service;
use super::fleet::Replica;
use super::slots::Refusal;
use crate::parameters::Parameter;
use crate::protocol::{ErrorRecord, Report};

/// The method and the path as metrics know them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
}

/// A request that was not answered well.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    /// A word for filters.
    pub(super) cause: &'static str,
    /// For people, and for the error log.
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(status: StatusCode, cause: &'static str, message: impl Into<String>) -> Self {
        Self { status, cause, message: message.into() }
    }
}

/// Serves a request on the next replica. The work is a task of its own: a caller that gives up does not free the worker.
pub(super) async fn serve<Work, Outcome>(service: Arc<Service>, route: Route, work: Work) -> Response
where
    Work: FnOnce(Arc<Service>, Arc<Replica>) -> Outcome + Send + 'static,
    Outcome: Future<Output = Result<Value, Failure>> + Send + 'static,
{
    let tally = Tally { service: Arc::clone(&service), route, began: Instant::now(), counted: false };
    let Some(replica) = service.fleet.pick() else {
        let message = format!("no instance of {} is ready", service.name);
        return tally.end("none", Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "no-instance", message)));
    };
    let queue = usize::try_from(service.fleet.setting(Parameter::Queue)).unwrap_or(usize::MAX);
    let worker = match replica.admit(queue, service.fleet.patience()).await {
        Ok(worker) => worker,
        Err(refusal) => return tally.end(&replica.id, Err(no_worker(&replica, refusal))),
    };
    let id = replica.id.clone();
    let job = tokio::spawn(async move {
        let outcome = work(service, Arc::clone(&replica)).await;
        replica.progressed();
        drop(worker);
        tally.end(&replica.id, outcome)
    });
    job.await.unwrap_or_else(|broken| {
        tracing::error!("a request on {id} broke: {broken}");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}

fn no_worker(replica: &Replica, refusal: Refusal) -> Failure {
    let (busy, size) = (replica.workers.held(), replica.workers.size());
    let why = match refusal {
        Refusal::QueueFull => "its queue is full",
        Refusal::TimedOut => "none became free in time",
    };
    let message = format!("no worker of {}: {why}, {busy} of {size} busy", replica.id);
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, "no-worker", message)
}

/// Counts a request when it ends; one that is dropped before counts as 499, the caller gone.
struct Tally {
    service: Arc<Service>,
    route: Route,
    began: Instant,
    counted: bool,
}

impl Tally {
    fn end(mut self, replica: &str, outcome: Result<Value, Failure>) -> Response {
        let status = outcome.as_ref().map_or_else(|failure| failure.status, |_| StatusCode::OK);
        self.count(status.as_str());
        match outcome {
            Ok(body) => Json(body).into_response(),
            Err(failure) => {
                self.log(replica, &failure);
                (failure.status, Json(json!({"error": failure.message}))).into_response()
            }
        }
    }

    fn count(&mut self, code: &str) {
        self.counted = true;
        let metrics = &self.service.metrics;
        metrics.requests.with_label_values(&[self.route.method, self.route.path, code]).inc();
        metrics.durations.with_label_values(&[self.route.path]).observe(self.began.elapsed().as_secs_f64());
    }

    fn log(&self, replica: &str, failure: &Failure) {
        if !failure.status.is_server_error() {
            return;
        }
        let fields = [
            ("cause", failure.cause),
            ("status", failure.status.as_str()),
            ("path", self.route.path),
            ("instance", replica),
            ("version", self.service.release.version()),
        ];
        self.service.report(Report::Error(ErrorRecord::now(failure.message.clone(), fields)));
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        if !self.counted {
            self.count("499");
        }
    }
}
