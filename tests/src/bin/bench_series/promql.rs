//! Bench `promql`: the same queries over the same data, CPU time a query.

use std::time::{Duration, Instant};

use ballast_types::Timestamp;

use crate::data::{self, FAMILIES, INTERVAL_MS};
use crate::line::{self, Aim, Spread};
use crate::server::Server;
use crate::{Failed, Programs};

/// Six hours.
const SAMPLES: i64 = 1_440;
/// Steps of a range.
const STEPS: i64 = 1_000;
const ROUNDS: usize = 5;
/// How long one reading lasts; the system books in ticks of 10 ms.
const READING: Duration = Duration::from_millis(1_500);
/// What the issue asks for at least, and aims at.
const AIM: f64 = 0.1;

const QUANTILE: &str = "histogram_quantile(0.9, sum by (le, job, instance) \
                        (rate(http_request_duration_seconds_bucket[5m])))";

/// Name, query, and whether it is a range.
const QUERIES: [(&str, &str, bool); 7] = [
    ("rate[5m] of 100 series, at an instant", "rate(http_requests_total[5m])", false),
    (
        "histogram_quantile over 1,100 series, at an instant",
        "histogram_quantile(0.9, rate(http_request_duration_seconds_bucket[5m]))",
        false,
    ),
    ("rate[1m] of 100 series, 1,000 steps", "rate(http_requests_total[1m])", true),
    ("rate[1h] of 100 series, 1,000 steps", "rate(http_requests_total[1h])", true),
    ("a - b of 100 series, 1,000 steps", "queue_limit - queue_length", true),
    (
        "histogram_quantile over 1,100 series, 1,000 steps",
        "histogram_quantile(0.9, rate(http_request_duration_seconds_bucket[5m]))",
        true,
    ),
    ("histogram_quantile of sum by, 1,000 steps", QUANTILE, true),
];

pub(crate) async fn measure(programs: &Programs) -> Result<(), Failed> {
    let ours = Server::ballast(programs, "").await?;
    let peer = Server::prometheus(programs, "").await?;
    let servers: Vec<&Server> = [Some(&ours), peer.as_ref()].into_iter().flatten().collect();
    let end = data::end()?;
    data::feed(&servers, &FAMILIES, SAMPLES, end).await?;
    for (name, query, is_range) in QUERIES {
        agree(&servers, query, is_range, end).await?;
        let mut readings = vec![Vec::new(); servers.len()];
        for _ in 0..ROUNDS {
            for (server, readings) in servers.iter().zip(&mut readings) {
                readings.push(reading(server, query, is_range, end).await?);
            }
        }
        let mut spreads = readings.into_iter().map(Spread::of);
        let ours = spreads.next().ok_or("there is no reading")?;
        line::print(name, "ms CPU", ours, spreads.next(), Aim::Ratio(AIM));
    }
    Ok(())
}

/// CPU milliseconds a query.
pub(crate) async fn reading(
    server: &Server,
    query: &str,
    is_range: bool,
    end: Timestamp,
) -> Result<f64, Failed> {
    let (before, began) = (server.cpu()?, Instant::now());
    let mut count = 0.0;
    while began.elapsed() < READING {
        ask(server, query, is_range, end).await?;
        count += 1.0;
    }
    Ok((server.cpu()? - before).as_secs_f64() * 1000.0 / count)
}

async fn ask(server: &Server, query: &str, is_range: bool, end: Timestamp) -> Result<Vec<u8>, Failed> {
    // Off the grid of the samples, because the windows of prometheus 2 are closed on both sides.
    let at = |ms: i64| format!("{:.3}", (end.as_millis() + 3_000 - ms) as f64 / 1000.0);
    if !is_range {
        return server.get("/api/v1/query", &[("query", query.to_owned()), ("time", at(0))]).await;
    }
    let step = format!("{}", INTERVAL_MS / 1000);
    let range = [
        ("query", query.to_owned()),
        ("start", at((STEPS - 1) * INTERVAL_MS)),
        ("end", at(0)),
        ("step", step),
    ];
    server.get("/api/v1/query_range", &range).await
}

/// A measurement of different work would say nothing: all must answer with as many series.
async fn agree(servers: &[&Server], query: &str, is_range: bool, end: Timestamp) -> Result<(), Failed> {
    let mut counts = Vec::new();
    for server in servers {
        let answer: serde_json::Value = serde_json::from_slice(&ask(server, query, is_range, end).await?)?;
        counts.push(answer["data"]["result"].as_array().map_or(0, Vec::len));
    }
    let same = counts.windows(2).all(|pair| pair[0] == pair[1]);
    if counts.iter().any(|count| *count == 0) || !same {
        return Err(format!("`{query}` yields {counts:?} series").into());
    }
    Ok(())
}
