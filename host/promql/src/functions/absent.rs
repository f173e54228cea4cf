//! `absent` and `absent_over_time`: one element where there is nothing, labelled by what was asked for.

use ballast_types::labels::METRIC_NAME;
use ballast_types::{Labels, MatchOp, Matcher};

use super::Function;
use crate::EvalError;
use crate::ast::Expr;
use crate::step::{Element, Partial, Step};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(Function::Special(match name {
        "absent" => |step, arguments| {
            let Some(tree) = arguments.first() else { return Ok(Partial::Vector(Vec::new())) };
            one_if(step.vector(tree)?.is_empty(), step, tree)
        },
        "absent_over_time" => |step, arguments| {
            let Some(tree) = arguments.first() else { return Ok(Partial::Vector(Vec::new())) };
            one_if(step.tracks(tree)?.is_empty(), step, tree)
        },
        _ => return None,
    }))
}

fn one_if(absent: bool, step: &Step<'_>, tree: &Expr) -> Result<Partial, EvalError> {
    let matchers = match tree {
        Expr::Instant(id) | Expr::Range(id) => step.query.node(*id).map_or(&[][..], |node| &node.matchers),
        _ => &[],
    };
    let elements = absent.then(|| Element::new(labels_of(matchers), 1.0));
    Ok(Partial::Vector(elements.into_iter().collect()))
}

/// The labels that the selector pins by one equality each.
fn labels_of(matchers: &[Matcher]) -> Labels {
    let once = |m: &&Matcher| matchers.iter().filter(|other| other.name() == m.name()).count() == 1;
    let pinned = matchers.iter().filter(|m| m.op() == MatchOp::Equal && m.name() != METRIC_NAME);
    pinned.filter(once).map(|m| (m.name(), m.value())).collect()
}
