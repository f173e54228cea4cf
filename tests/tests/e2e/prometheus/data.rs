//! The series that both are fed: counters that begin anew, gauges with gaps, NaN and infinities, series that end with a
//! staleness marker, a histogram.

use ballast_formats::remote_write::{WriteSeries, encode_v1};
use ballast_tests::Random;
use ballast_types::series::stale_nan;
use ballast_types::{Labels, Sample, Timestamp};

/// Between two samples, in seconds.
const INTERVAL: i64 = 15;
/// Samples of a series: half an hour.
const SAMPLES: i64 = 120;
/// The upper bounds of the histogram.
const BOUNDS: [&str; 6] = ["0.1", "0.25", "0.5", "1", "2.5", "+Inf"];

/// Samples lie so far behind whole seconds: neither an instant nor a step of a subquery ever meets one, because the windows
/// of prometheus 2 are closed on both sides and those of prometheus 3 are not.
const OFF_THE_GRID_MS: i64 = 100;

/// The last instant with samples but for a fraction of a second: a little ago, on a whole interval.
pub fn end() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    now / INTERVAL * INTERVAL - 2 * INTERVAL
}

/// Every series, the last sample at `end` (in seconds).
pub fn series(end: i64) -> Vec<WriteSeries> {
    let mut random = Random::seeded(7);
    let mut all = Vec::new();
    for number in 0..12 {
        let labels = |name: &str| labels(name, number);
        all.push(write(labels("requests_total"), counter(&mut random, end)));
        all.push(write(labels("errors_total"), counter(&mut random, end)));
        all.push(write(labels("temperature"), gauge(&mut random, end, number)));
        all.push(write(labels("limit"), gauge(&mut random, end, 0)));
    }
    for number in 0..4 {
        let mut below = vec![0.0; SAMPLES as usize];
        for bound in BOUNDS {
            let rise = counter(&mut random, end);
            let samples = rise.into_iter().zip(&mut below).map(|(sample, below)| {
                *below += sample.value;
                Sample { value: *below, ..sample }
            });
            all.push(write(labels("latency_seconds_bucket", number).with("le", bound), samples.collect()));
        }
    }
    let one = Labels::from_pairs([("__name__", "build_info"), ("version", "1.2"), ("job", "j0")]);
    all.push(write(one, every(end, |_| 1.0)));
    all
}

/// All of it as one remote write.
pub fn request(end: i64) -> Vec<u8> {
    encode_v1(&series(end))
}

fn write(labels: Labels, samples: Vec<Sample>) -> WriteSeries {
    WriteSeries { labels, samples, ..WriteSeries::default() }
}

fn labels(name: &str, number: usize) -> Labels {
    Labels::from_pairs([
        ("__name__".to_owned(), name.to_owned()),
        ("instance".to_owned(), format!("i{number}")),
        ("job".to_owned(), format!("j{}", number % 3)),
        ("zone".to_owned(), format!("z{}", number % 2)),
    ])
}

fn every(end: i64, value: impl FnMut(i64) -> f64) -> Vec<Sample> {
    let at = |index: i64| {
        Timestamp::from_millis((end - (SAMPLES - 1 - index) * INTERVAL) * 1000 + OFF_THE_GRID_MS)
    };
    (0..SAMPLES).map(value).enumerate().map(|(i, value)| Sample { at: at(i as i64), value }).collect()
}

/// Rises by little, and begins anew now and then. Both kinds of a histogram's counts must not, so `below` adds them up.
fn counter(random: &mut Random, end: i64) -> Vec<Sample> {
    let mut value = random.below(100) as f64;
    let anew = 30 + random.below(60) as i64;
    every(end, |index| {
        value = if index == anew { 0.0 } else { value + random.below(20) as f64 / 2.0 };
        value
    })
}

fn gauge(random: &mut Random, end: i64, number: usize) -> Vec<Sample> {
    let mut samples = every(end, |_| random.below(2_000) as f64 / 8.0 - 100.0);
    match number {
        3 => samples.retain(|sample| (sample.at.as_millis() / 600_000) % 2 == 0),
        5 => samples[60].value = f64::NAN,
        7 => samples[70].value = f64::INFINITY,
        9 => samples[80].value = f64::NEG_INFINITY,
        10 => {
            samples.truncate(90);
            samples[89].value = stale_nan();
        }
        _ => {}
    }
    samples
}
