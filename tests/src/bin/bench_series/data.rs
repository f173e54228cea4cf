//! The data that all contestants are fed: series that look like those of services, the same on every run.

use ballast_formats::remote_write::{WriteSeries, encode_v1};
use ballast_types::{Labels, Sample, Timestamp};

use crate::Failed;
use crate::server::Server;

/// Between two samples, in milliseconds.
pub(crate) const INTERVAL_MS: i64 = 15_000;
/// Most samples of one request.
const SAMPLES_PER_REQUEST: usize = 20_000;

/// A kind of series: its labels by number, and its value at a sample.
pub(crate) struct Family {
    pub(crate) count: usize,
    pub(crate) labels: fn(usize) -> Labels,
    pub(crate) value: fn(usize, i64) -> f64,
}

/// The upper bounds of the histogram.
const BOUNDS: [&str; 11] = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "+Inf"];

/// 100 counters, 100 series on each side of an operator, and a histogram of 100 services with 11 buckets each.
pub(crate) const FAMILIES: [Family; 4] = [
    Family { count: 100, labels: |n| service("http_requests_total", n), value: counter },
    Family { count: 100, labels: |n| service("queue_limit", n), value: |n, at| wave(n, at) + 50.0 },
    Family { count: 100, labels: |n| service("queue_length", n), value: wave },
    Family { count: 1_100, labels: bucket, value: |n, at| counter(n / 11, at) * ((n % 11) + 1) as f64 },
];

fn service(name: &str, number: usize) -> Labels {
    Labels::from_pairs([
        ("__name__".to_owned(), name.to_owned()),
        ("instance".to_owned(), format!("10.0.{}.{}:9100", number / 50, number % 50)),
        ("job".to_owned(), format!("service-{}", number % 10)),
        ("method".to_owned(), ["GET", "PUT", "POST"][number % 3].to_owned()),
        ("code".to_owned(), ["200", "404", "500"][number % 3].to_owned()),
        ("zone".to_owned(), format!("zone-{}", number % 3)),
    ])
}

fn bucket(number: usize) -> Labels {
    service("http_request_duration_seconds_bucket", number / BOUNDS.len())
        .with("le", BOUNDS[number % BOUNDS.len()])
}

/// Rises by a little that differs from sample to sample; begins anew once in a thousand samples.
fn counter(number: usize, at: i64) -> f64 {
    let steps = at % 1_000;
    (steps * (number as i64 % 7 + 3) + (at * 7 + number as i64) % 5) as f64
}

fn wave(number: usize, at: i64) -> f64 {
    let phase = (at + number as i64) as f64 / 40.0;
    (phase.sin() * 20.0 + 40.0 + ((at * 31 + number as i64 * 17) % 13) as f64 / 13.0).round() / 8.0
}

/// Feeds samples `from..to` (counted in intervals) ending at `end`, oldest first, to every server.
pub(crate) async fn feed(
    servers: &[&Server],
    families: &[Family],
    samples: i64,
    end: Timestamp,
) -> Result<usize, Failed> {
    let all: Vec<(&Family, usize)> =
        families.iter().flat_map(|family| (0..family.count).map(move |number| (family, number))).collect();
    let per_request = (SAMPLES_PER_REQUEST / all.len()).clamp(1, 500) as i64;
    let mut from = 0;
    while from < samples {
        let to = (from + per_request).min(samples);
        let series = all.iter().map(|(family, number)| WriteSeries {
            labels: (family.labels)(*number),
            samples: (from..to).map(|at| sample(family, *number, at, samples, end)).collect(),
            ..WriteSeries::default()
        });
        let body = encode_v1(&series.collect::<Vec<_>>());
        for server in servers {
            server.write(body.clone()).await?;
        }
        from = to;
    }
    Ok(all.len() * samples as usize)
}

fn sample(family: &Family, number: usize, at: i64, samples: i64, end: Timestamp) -> Sample {
    let ms = end.as_millis() - (samples - 1 - at) * INTERVAL_MS;
    Sample { at: Timestamp::from_millis(ms), value: (family.value)(number, at) }
}

/// The present, rounded down to a whole interval and a little more, so that no query lies on a sample.
pub(crate) fn end() -> Result<Timestamp, Failed> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis() as i64;
    Ok(Timestamp::from_millis(now / INTERVAL_MS * INTERVAL_MS - 7_000))
}
