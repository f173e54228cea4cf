//! `fill`, `fill_left` and `fill_right`: a number stands for the side of a match that has no series at an instant.

use crate::columns::{ABSENT, Frame, Header, is_present};
use crate::groups::{Groups, Signature};
use crate::plan::BinaryOp;
use crate::syntax::ast::Cardinality;

use super::apply::{Outcome, apply};
use super::matching::result_labels;

/// The side whose series are there, and the number that stands for the other.
pub(super) struct Filling<'f> {
    pub(super) op: &'f BinaryOp,
    pub(super) there: &'f Frame,
    pub(super) missing: &'f Frame,
    pub(super) value: f64,
    /// The series that are there stand on the left.
    pub(super) there_is_left: bool,
    /// They are of the side that may have many series for one.
    pub(super) there_is_many: bool,
}

impl Filling<'_> {
    /// Adds what each series makes with the number, at the instants at which its match group has none on the other side.
    pub(super) fn add(&self, result: &mut Frame) {
        let signature = Signature::of(&self.op.matching);
        let mut groups = Groups::new(signature);
        let places: Vec<usize> =
            self.missing.headers().iter().map(|header| groups.place(&header.labels)).collect();
        for (header, column) in self.there.columns() {
            let mut met = vec![false; column.len()];
            let group = groups.find(&header.labels);
            let others = places.iter().enumerate().filter(|(_, place)| Some(**place) == group);
            for (other, _) in others {
                met.iter_mut().zip(self.missing.column(other)).for_each(|(met, v)| *met |= is_present(*v));
            }
            let labels = match (&self.op.cardinality, self.there_is_many) {
                (Cardinality::OneToOne, _) | (_, true) => {
                    result_labels(self.op, &header.labels, &ballast_types::Labels::empty())
                }
                // Nothing is known of the many but the labels that match.
                (_, false) => result_labels(self.op, &signature.labels(&header.labels), &header.labels),
            };
            let drop_name = header.drop_name || self.op.returns_bool;
            let slots = result.push_absent(Header { labels, drop_name });
            for ((slot, value), met) in slots.iter_mut().zip(column).zip(met) {
                if is_present(*value) && !met {
                    *slot = self.number(*value);
                }
            }
        }
    }

    fn number(&self, value: f64) -> f64 {
        let (left, right) = if self.there_is_left { (value, self.value) } else { (self.value, value) };
        match apply(self.op, left, right) {
            Outcome::Computed(result) => result,
            Outcome::Kept => left,
            Outcome::Dropped => ABSENT,
        }
    }
}
