//! From the tree as written to nodes: parentheses go, durations and `@` become numbers, identical parts become one.
//!
//! A chain of operators (`a + b + c`) is as deep as it is long on its left, so it is walked and not recursed into.

use std::collections::HashMap;
use std::sync::Arc;

use ballast_types::labels::METRIC_NAME;
use ballast_types::{Labels, MatchOp, Matcher};

use super::durations::{self, Spans};
use super::op::{AggregateOp, BinaryOp, Matchers, Op, Pin, SelectorOp};
use super::{Arena, Node, NodeId};
use crate::EvalError;
use crate::syntax::ast::{At, Binary, Call, Expr, LabelChoice, Shift, Span, VectorSelector};

/// The instants of a whole query, which `@ start()`, `step()` and their like speak of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Horizon {
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
    /// Zero at a single instant.
    pub(crate) step_ms: i64,
    /// The step of a subquery that names none.
    pub(crate) subquery_step_ms: i64,
}

/// A query within an arena.
#[derive(Debug)]
pub(crate) struct Lowered {
    pub(crate) root: NodeId,
    /// Where each node stands in the text; the first place, where there are several.
    pub(crate) spans: HashMap<NodeId, Span, foldhash::fast::RandomState>,
}

/// Functions whose value depends on the instant of the evaluation, whatever their arguments are.
const ON_THE_INSTANT: [&str; 11] = [
    "time",
    "timestamp",
    "predict_linear",
    "minute",
    "hour",
    "day_of_week",
    "day_of_month",
    "day_of_year",
    "month",
    "year",
    "days_in_month",
];

/// Adds a query to an arena.
pub(crate) fn lower(arena: &mut Arena, tree: &Expr, horizon: Horizon) -> Result<Lowered, EvalError> {
    let spans = Spans {
        step_secs: horizon.step_ms as f64 / 1000.0,
        range_secs: horizon.end_ms.saturating_sub(horizon.start_ms) as f64 / 1000.0,
    };
    let mut lowering = Lowering { arena, horizon, durations: spans, spans: HashMap::default() };
    let root = lowering.node(tree)?;
    Ok(Lowered { root, spans: lowering.spans })
}

struct Lowering<'a> {
    arena: &'a mut Arena,
    horizon: Horizon,
    durations: Spans,
    spans: HashMap<NodeId, Span, foldhash::fast::RandomState>,
}

impl Lowering<'_> {
    fn node(&mut self, tree: &Expr) -> Result<NodeId, EvalError> {
        let tree = tree.bare();
        let id = match tree {
            Expr::Number(number) => self.leaf(Op::Number(number.value.to_bits()), false),
            Expr::Text(text) => self.leaf(Op::Text(String::from_utf8_lossy(&text.value).into()), false),
            Expr::Vector(selector) => {
                let selector = self.selector(selector)?;
                let varies = selector.pin.at_ms.is_none();
                self.leaf(Op::Latest(selector), varies)
            }
            Expr::Matrix(matrix) => {
                let range_ms = durations::positive(&matrix.range, self.durations)?;
                let selector = self.selector(&matrix.selector)?;
                let varies = selector.pin.at_ms.is_none();
                self.leaf(Op::Windows(selector, range_ms), varies)
            }
            Expr::Subquery(subquery) => {
                let inner = self.node(&subquery.inner)?;
                let range_ms = durations::positive(&subquery.range, self.durations)?;
                let step_ms = match &subquery.step {
                    Some(step) => durations::positive(step, self.durations)?,
                    None => self.horizon.subquery_step_ms,
                };
                let pin = self.pin(&subquery.shift)?;
                self.add(Op::Subquery { pin, range_ms, step_ms }, vec![inner], pin.at_ms.is_none())
            }
            Expr::Unary(unary) => {
                let inner = self.node(&unary.inner)?;
                if unary.negate { self.compute(Op::Negate, vec![inner]) } else { inner }
            }
            Expr::Binary(binary) => self.chain(binary)?,
            Expr::Aggregate(aggregate) => {
                let mut inputs = vec![self.node(&aggregate.inner)?];
                if let Some(parameter) = &aggregate.parameter {
                    inputs.push(self.node(parameter)?);
                }
                let grouping = aggregate.grouping.clone().unwrap_or(LabelChoice::Only(Vec::new()));
                let op = AggregateOp { aggregation: aggregate.aggregation, grouping };
                self.compute(Op::Aggregate(op), inputs)
            }
            Expr::Call(call) => self.call(call)?,
            // `bare` took them off.
            Expr::Paren(paren) => self.node(&paren.inner)?,
        };
        self.spans.entry(id).or_insert_with(|| tree.span());
        Ok(id)
    }

    fn add(&mut self, op: Op, inputs: Vec<NodeId>, varies: bool) -> NodeId {
        self.arena.node(Node { op, inputs, varies })
    }

    fn leaf(&mut self, op: Op, varies: bool) -> NodeId {
        self.add(op, Vec::new(), varies)
    }

    /// A node that varies where its inputs do.
    fn compute(&mut self, op: Op, inputs: Vec<NodeId>) -> NodeId {
        let varies = inputs.iter().any(|input| self.arena.varies(*input));
        self.add(op, inputs, varies)
    }

    fn chain(&mut self, top: &Binary) -> Result<NodeId, EvalError> {
        let (mut chain, mut leftmost) = (vec![top], top.left.bare());
        while let Expr::Binary(next) = leftmost {
            chain.push(next);
            leftmost = next.left.bare();
        }
        let mut left = self.node(leftmost)?;
        for binary in chain.into_iter().rev() {
            let right = self.node(&binary.right)?;
            let op = BinaryOp {
                operator: binary.operator,
                returns_bool: binary.returns_bool,
                matching: binary.matching.clone().unwrap_or(LabelChoice::AllBut(Vec::new())),
                cardinality: binary.cardinality.clone(),
                fill: [binary.fill.left.map(f64::to_bits), binary.fill.right.map(f64::to_bits)],
            };
            left = self.compute(Op::Binary(op), vec![left, right]);
            self.spans.entry(left).or_insert(binary.span);
        }
        Ok(left)
    }

    fn call(&mut self, call: &Call) -> Result<NodeId, EvalError> {
        if matches!(call.function, "label_replace" | "label_join") {
            call.arguments.get(1).map_or(Ok(()), |target| refuse_no_utf8(call.function, target))?;
        }
        let argument = call.arguments.first().map(Expr::bare);
        match (call.function, argument) {
            ("timestamp", Some(Expr::Vector(selector))) => {
                let selector = self.selector(selector)?;
                let varies = selector.pin.at_ms.is_none();
                return Ok(self.leaf(Op::Stamps(selector), varies));
            }
            ("absent" | "absent_over_time", Some(argument)) => {
                let labels = labels_of(argument);
                let input = self.node(argument)?;
                return Ok(self.compute(Op::Absent(labels), vec![input]));
            }
            ("info", Some(argument)) => {
                let mut inputs = vec![self.node(argument)?];
                let own: &[Matcher] = match call.arguments.get(1).map(Expr::bare) {
                    Some(Expr::Vector(selector)) => &selector.matchers,
                    _ => &[],
                };
                let selector = info_selector(own);
                inputs.push(self.leaf(Op::Latest(selector.clone()), true));
                inputs.push(self.leaf(Op::Stamps(selector), true));
                return Ok(self.compute(Op::Info(Matchers(own.into())), inputs));
            }
            _ => {}
        }
        let inputs = call.arguments.iter().map(|a| self.node(a)).collect::<Result<Vec<_>, _>>()?;
        let on_the_instant = ON_THE_INSTANT.contains(&call.function);
        let varies = on_the_instant || inputs.iter().any(|input| self.arena.varies(*input));
        Ok(self.add(Op::Call(call.function), inputs, varies))
    }

    fn selector(&self, selector: &VectorSelector) -> Result<SelectorOp, EvalError> {
        Ok(SelectorOp {
            matchers: Matchers(selector.matchers.as_slice().into()),
            pin: self.pin(&selector.shift)?,
            extended: selector.extension.map(Into::into),
        })
    }

    fn pin(&self, shift: &Shift) -> Result<Pin, EvalError> {
        let offset_ms = match &shift.offset {
            Some(offset) => durations::millis(offset, self.durations)?,
            None => 0,
        };
        let at_ms = shift.at.map(|at| match at {
            At::Millis(millis) => millis,
            At::Start => self.horizon.start_ms,
            At::End => self.horizon.end_ms,
        });
        Ok(Pin { at_ms, offset_ms })
    }
}

/// A label's name is UTF-8; other strings of a query need not be.
fn refuse_no_utf8(function: &'static str, name: &Expr) -> Result<(), EvalError> {
    match name.bare() {
        Expr::Text(text) if std::str::from_utf8(&text.value).is_err() => {
            let name = text.value.escape_ascii();
            let reason = format!("invalid destination label name in {function}(): {name}");
            Err(EvalError::Parameter { function, reason })
        }
        _ => Ok(()),
    }
}

/// The labels that a selector pins by one equality each; anything but a selector pins none.
fn labels_of(argument: &Expr) -> Labels {
    let matchers = match argument {
        Expr::Vector(selector) => &selector.matchers,
        Expr::Matrix(matrix) => &matrix.selector.matchers,
        _ => return Labels::empty(),
    };
    let once = |m: &&Matcher| matchers.iter().filter(|other| other.name() == m.name()).count() == 1;
    let pinned = matchers.iter().filter(|m| m.op() == MatchOp::Equal && m.name() != METRIC_NAME);
    pinned.filter(once).map(|m| (m.name(), m.value())).collect()
}

/// The info series that may be joined: `target_info` where no name is asked for, and what the matchers say.
fn info_selector(own: &[Matcher]) -> SelectorOp {
    let mut matchers: Vec<Matcher> = own.to_vec();
    if !own.iter().any(|matcher| matcher.name() == METRIC_NAME) {
        matchers.push(Matcher::equal(METRIC_NAME, "target_info"));
    }
    SelectorOp { matchers: Matchers(Arc::from(matchers)), pin: Pin::default(), extended: None }
}
