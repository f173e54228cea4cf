//! A target with many series whose values change at each scrape.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::Failed;

/// Scrapes of all targets so far.
#[derive(Default)]
pub(crate) struct Exporter {
    scrapes: AtomicU64,
    series: u64,
}

impl Exporter {
    /// Serves targets of `series` series each at `/TARGET/metrics`; returns its address.
    pub(crate) async fn start(series: u64) -> Result<(Arc<Self>, String), Failed> {
        let exporter = Arc::new(Exporter { scrapes: AtomicU64::new(0), series });
        let router = Router::new().route("/{target}/metrics", get(metrics)).with_state(exporter.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((exporter, address))
    }

    pub(crate) fn scrapes(&self) -> u64 {
        self.scrapes.load(Ordering::SeqCst)
    }
}

async fn metrics(State(exporter): State<Arc<Exporter>>, Path(target): Path<u64>) -> String {
    use std::fmt::Write;
    let round = exporter.scrapes.fetch_add(1, Ordering::SeqCst);
    let mut body = String::with_capacity(exporter.series as usize * 120);
    for number in 0..exporter.series {
        if number % 100 == 0 {
            let _ = writeln!(
                body,
                "# HELP app_{}_total Things done.\n# TYPE app_{0}_total counter",
                number / 100
            );
        }
        let (family, shard) = (number / 100, number % 100);
        let value = round * (number % 17 + 1) + target;
        let _ = writeln!(
            body,
            "app_{family}_total{{code=\"200\",handler=\"/api/v1/thing\",method=\"GET\",shard=\"{shard}\"}} {value}"
        );
    }
    body
}
