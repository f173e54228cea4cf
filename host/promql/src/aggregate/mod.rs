//! Aggregations: series are put into groups by their labels once, and each group folded or picked from at each instant.
//!
//! Groups keep the order in which they first appeared.

mod choose;
mod count_values;
mod fold;

use crate::EvalError;
use crate::columns::Frame;
use crate::groups::{Groups, Members, Signature};
use crate::notes::wording;
use crate::plan::AggregateOp;
use crate::run::{Context, Outcome};
use crate::syntax::ast::Aggregation;

/// Evaluates an aggregation at all instants.
pub(crate) fn evaluate(cx: &mut Context<'_>, op: &AggregateOp) -> Result<Outcome, EvalError> {
    let frame = cx.vector(0);
    let grouped = Grouped::new(&frame, op);
    let aggregation = op.aggregation;
    let result = match aggregation {
        Aggregation::CountValues => count_values::evaluate(cx, &grouped)?,
        Aggregation::Topk | Aggregation::Bottomk | Aggregation::Limitk => {
            let counts = choose::counts(aggregation, &cx.scalar(1))?;
            choose::some_of(aggregation, &counts, &grouped)
        }
        Aggregation::LimitRatio => {
            let (ratios, place) = (cx.scalar(1), cx.place_of(1));
            let cap = |ratio: &f64| wording::ratio_capped(&mut cx.notes, place, *ratio);
            let ratios: Vec<f64> = ratios.iter().map(cap).collect();
            choose::part_of(&ratios, &frame)?
        }
        Aggregation::Quantile => {
            let (phis, place) = (cx.scalar(1), cx.place_of(1));
            let mut last = None;
            for phi in phis.iter().filter(|phi| last.replace(phi.to_bits()) != Some(phi.to_bits())) {
                wording::quantile_out_of_range(&mut cx.notes, place, *phi);
            }
            fold::quantiles(&phis, &grouped)
        }
        _ => fold::fold(aggregation, &grouped),
    };
    Ok(Outcome::vector(result))
}

/// The series of a vector by their groups.
struct Grouped<'f> {
    frame: &'f Frame,
    groups: Groups<'f, 'f>,
    members: Members,
}

impl<'f> Grouped<'f> {
    fn new(frame: &'f Frame, op: &'f AggregateOp) -> Self {
        let mut groups = Groups::new(Signature::of(&op.grouping));
        let places: Vec<usize> = frame.headers().iter().map(|header| groups.place(&header.labels)).collect();
        let members = Members::new(&places, groups.len());
        Grouped { frame, groups, members }
    }

    /// The numbers of each member of a group.
    fn columns(&self, group: usize) -> impl Iterator<Item = &'f [f64]> + Clone {
        self.members.of(group).iter().map(|member| self.frame.column(*member))
    }

    /// Whether a member is to drop its name.
    fn drops_name(&self, group: usize) -> bool {
        let drops = |member: &usize| self.frame.headers().get(*member).is_some_and(|header| header.drop_name);
        self.members.of(group).iter().any(drops)
    }
}
