//! Several readings of one measure: median with spread, and the order in which readings are taken.

use crate::error::Result;

/// The median of a series of readings, with the extremes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    /// The smallest reading.
    pub(crate) min: f64,
    /// The middle reading; of an even number, the mean of the two in the middle.
    pub(crate) median: f64,
    /// The largest reading.
    pub(crate) max: f64,
}

impl Spread {
    /// Of these readings; `None` without any, or where one is not a number.
    pub(crate) fn of(readings: &[f64]) -> Option<Self> {
        if readings.iter().any(|reading| !reading.is_finite()) {
            return None;
        }
        let mut sorted = readings.to_vec();
        sorted.sort_by(f64::total_cmp);
        let upper = *sorted.get(sorted.len() / 2)?;
        let lower = *sorted.get((sorted.len() - 1) / 2)?;
        Some(Self { min: *sorted.first()?, median: f64::midpoint(lower, upper), max: *sorted.last()? })
    }
}

/// One contestant: each call is one reading.
pub(crate) type Contestant<'a> = Box<dyn FnMut() -> Result<f64> + 'a>;

/// Takes `rounds` readings of every contestant in turn (A B A B ..), so that a drift of the machine hits all alike.
///
/// The first round warms caches and is thrown away.
pub(crate) fn in_turn(rounds: usize, contestants: &mut [Contestant<'_>]) -> Result<Vec<Vec<f64>>> {
    let mut readings = vec![Vec::with_capacity(rounds); contestants.len()];
    for round in 0..=rounds {
        for (contestant, kept) in contestants.iter_mut().zip(&mut readings) {
            let reading = contestant()?;
            if round > 0 {
                kept.push(reading);
            }
        }
    }
    Ok(readings)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn the_median_ignores_an_outlier() {
        assert_eq!(Spread::of(&[3.0, 1.0, 900.0]), Some(Spread { min: 1.0, median: 3.0, max: 900.0 }));
        assert_eq!(Spread::of(&[4.0, 2.0]), Some(Spread { min: 2.0, median: 3.0, max: 4.0 }));
        assert_eq!(Spread::of(&[]), None);
        assert_eq!(Spread::of(&[1.0, f64::NAN]), None);
    }

    #[test]
    fn contestants_alternate_and_the_first_round_does_not_count() {
        let order = RefCell::new(String::new());
        let mut count = 0.0;
        let mut contestants: Vec<Contestant<'_>> = vec![
            Box::new(|| {
                order.borrow_mut().push('A');
                count += 1.0;
                Ok(count)
            }),
            Box::new(|| {
                order.borrow_mut().push('B');
                Ok(7.0)
            }),
        ];
        let readings = in_turn(2, &mut contestants).unwrap();
        drop(contestants);
        assert_eq!(readings, [vec![2.0, 3.0], vec![7.0, 7.0]]);
        assert_eq!(order.into_inner(), "ABABAB");
    }
}
