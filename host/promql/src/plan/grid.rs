//! The instants at which a node is evaluated: those of the query, or of the subqueries within it.

use std::ops::Deref;
use std::sync::Arc;

use super::Pin;

/// A grid of an arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct GridId(pub(crate) usize);

/// Rising instants in milliseconds. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Grid(Arc<[i64]>);

impl Grid {
    /// One instant.
    pub(crate) fn single(at_ms: i64) -> Self {
        Grid(Arc::new([at_ms]))
    }

    /// `start_ms`, and every `step_ms` up to `end_ms`; `step_ms` is positive.
    pub(crate) fn steps(start_ms: i64, end_ms: i64, step_ms: i64) -> Self {
        let next = |at: &i64| at.checked_add(step_ms).filter(|at| *at <= end_ms);
        Grid(std::iter::successors(Some(start_ms), next).collect())
    }

    /// The instants at which a subquery evaluates what is in it: the multiples of its step within its windows.
    /// `None` where they are more than `most`.
    pub(crate) fn of_subquery(&self, pin: Pin, range_ms: i64, step_ms: i64, most: usize) -> Option<Self> {
        let mut instants: Vec<i64> = Vec::new();
        let mut next = i64::MIN;
        for end_ms in self.iter().map(|at| pin.resolve(*at)) {
            let mut at = next.max(first_after(end_ms.saturating_sub(range_ms), step_ms));
            if at > end_ms {
                continue;
            }
            let more = usize::try_from((end_ms - at) / step_ms).unwrap_or(usize::MAX);
            if more >= most.saturating_sub(instants.len()) {
                return None;
            }
            while at <= end_ms {
                instants.push(at);
                at = at.saturating_add(step_ms);
            }
            next = at;
        }
        Some(Grid(instants.into()))
    }

    /// The first instant.
    pub(crate) fn start(&self) -> i64 {
        self.first().copied().unwrap_or(0)
    }

    /// The last instant.
    pub(crate) fn end(&self) -> i64 {
        self.last().copied().unwrap_or(0)
    }
}

impl Deref for Grid {
    type Target = [i64];
    fn deref(&self) -> &[i64] {
        &self.0
    }
}

/// The first multiple of `every_ms` after `start_ms`.
fn first_after(start_ms: i64, every_ms: i64) -> i64 {
    start_ms.div_euclid(every_ms).saturating_add(1).saturating_mul(every_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subquery_looks_at_multiples_of_its_step_each_once() {
        let grid = |instants: &[i64]| Grid(instants.into());
        let found = |outer: &[i64], range, step| grid(outer).of_subquery(Pin::default(), range, step, 100);
        assert_eq!(found(&[100], 30, 10), Some(grid(&[80, 90, 100])));
        assert_eq!(found(&[105, 110], 30, 10), Some(grid(&[80, 90, 100, 110])));
        // What lies in no window is not looked at.
        assert_eq!(found(&[100, 200], 20, 10), Some(grid(&[90, 100, 190, 200])));
        assert_eq!(found(&[105], 4, 10), Some(grid(&[])));
        assert_eq!(found(&[2000], 2000, 10), None);
    }
}
