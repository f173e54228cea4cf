//! Bench `window`: what a rate costs over windows from five minutes to thirty days.

use crate::data::{self, FAMILIES};
use crate::line::{self, Aim, Spread};
use crate::promql::reading;
use crate::server::Server;
use crate::{Failed, Programs};

/// Thirty days and a little, at an interval of 15 s.
const SAMPLES: i64 = 31 * 5_760;
const ROUNDS: usize = 5;
const WINDOWS: [&str; 4] = ["5m", "1h", "1d", "30d"];
/// The longest window may cost so many times the shortest.
const FACTOR_AIM: f64 = 2.0;

pub(crate) async fn measure(programs: &Programs) -> Result<(), Failed> {
    let ours = Server::ballast(programs, "").await?;
    let end = data::end()?;
    // A tenth of the series of the other bench: thirty days of them are as many samples.
    let families = [data::Family { count: 20, ..FAMILIES[0] }];
    data::feed(&[&ours], &families, SAMPLES, end).await?;
    let mut shortest = None;
    for window in WINDOWS {
        let query = format!("rate(http_requests_total[{window}])");
        let mut readings = Vec::new();
        for _ in 0..ROUNDS {
            readings.push(reading(&ours, &query, false, end).await?);
        }
        let spread = Spread::of(readings);
        let most = *shortest.get_or_insert(spread.median) * FACTOR_AIM;
        let aim = if window == "30d" { Aim::AtMost(most) } else { Aim::None };
        line::print(&format!("rate[{window}] of 20 series, 31 days of data"), "ms CPU", spread, None, aim);
    }
    Ok(())
}
