//! One measure as one line of JSON, as `cargo xtask bench` reads it.

use serde_json::json;

/// Readings of one contestant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    pub(crate) fn of(mut readings: Vec<f64>) -> Self {
        readings.sort_by(f64::total_cmp);
        let at = |index: usize| readings.get(index).copied().unwrap_or(f64::NAN);
        Spread { median: at(readings.len() / 2), min: at(0), max: at(readings.len().saturating_sub(1)) }
    }

    pub(crate) fn one(value: f64) -> Self {
        Spread { median: value, min: value, max: value }
    }
}

/// What the measure should reach.
pub(crate) enum Aim {
    /// At most this part of the peer's figure.
    Ratio(f64),
    /// At most this.
    AtMost(f64),
    None,
}

/// Prints a measure.
pub(crate) fn print(measure: &str, unit: &str, ours: Spread, peer: Option<Spread>, aim: Aim) {
    let (aim, met) = match (aim, peer) {
        (Aim::Ratio(most), Some(peer)) => {
            (Some(format!("at most {most} of prometheus")), Some(ours.median <= most * peer.median))
        }
        (Aim::AtMost(most), _) => (Some(format!("at most {most:.3} {unit}")), Some(ours.median <= most)),
        (Aim::Ratio(_) | Aim::None, _) => (None, None),
    };
    let peer = peer.map(|s| json!({"name": "prometheus", "value": s.median, "min": s.min, "max": s.max}));
    println!(
        "{}",
        json!({
            "measure": measure, "unit": unit, "value": ours.median, "min": ours.min, "max": ours.max,
            "peer": peer, "aim": aim, "met": met,
        })
    );
}
