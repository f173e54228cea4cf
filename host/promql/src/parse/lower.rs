//! promql-parser's tree to ours. Refuses what that parser takes but Prometheus does not, and functions that are not there.
//!
//! Messages name what is wrong in backticks, by which the place is found.

use std::time::{Duration, UNIX_EPOCH};

use ballast_types::labels::METRIC_NAME;
use ballast_types::{MatchOp, Matcher};
use promql_parser::label::{MatchOp as TheirOp, Matcher as TheirMatcher};
use promql_parser::parser::token;
use promql_parser::parser::{self as theirs, AtModifier, LabelModifier, Offset, VectorMatchCardinality};

use crate::ast::{
    Aggregate, Aggregation, Arithmetic, At, Binary, Call, Cardinality, Comparison, Expr, LabelChoice,
    Operator, SelectorId, SelectorNode, SetOperator, Shift, Subquery,
};
use crate::functions;

/// What became of a tree.
pub(super) struct Lowered {
    pub(super) root: Expr,
    pub(super) selectors: Vec<SelectorNode>,
}

/// Translates a whole tree.
pub(super) fn lower(tree: &theirs::Expr) -> Result<Lowered, String> {
    let mut lowering = Lowering { selectors: Vec::new(), around_ms: 0 };
    let root = lowering.expr(tree)?;
    Ok(Lowered { root, selectors: lowering.selectors })
}

struct Lowering {
    selectors: Vec<SelectorNode>,
    /// How far back the subqueries around the node reach.
    around_ms: i64,
}

impl Lowering {
    fn expr(&mut self, tree: &theirs::Expr) -> Result<Expr, String> {
        use theirs::Expr as T;
        Ok(match tree {
            T::NumberLiteral(number) => Expr::Number(number.val),
            T::StringLiteral(text) => Expr::Text(text.val.clone()),
            T::Paren(paren) => self.expr(&paren.expr)?,
            T::Unary(unary) => Expr::Negate(Box::new(self.expr(&unary.expr)?)),
            T::VectorSelector(selector) => Expr::Instant(self.selector(selector, None)?),
            T::MatrixSelector(matrix) => Expr::Range(self.selector(&matrix.vs, Some(millis(matrix.range)))?),
            T::Subquery(subquery) => Expr::Subquery(Box::new(self.subquery(subquery)?)),
            T::Binary(binary) => self.chain(binary)?,
            T::Aggregate(aggregate) => Expr::Aggregate(Box::new(self.aggregate(aggregate)?)),
            T::Call(call) => Expr::Call(self.call(call)?),
            T::Extension(_) => return Err("an extension is not PromQL".to_owned()),
        })
    }

    fn selector(&mut self, vs: &theirs::VectorSelector, range_ms: Option<i64>) -> Result<SelectorId, String> {
        if !vs.matchers.or_matchers.is_empty() {
            return Err("`or` between matchers is not PromQL".to_owned());
        }
        let mut matchers: Vec<Matcher> =
            vs.name.iter().map(|name| Matcher::equal(METRIC_NAME, name)).collect();
        for matcher in &vs.matchers.matchers {
            matchers.push(lower_matcher(matcher)?);
        }
        let shift = lower_shift(vs.offset.as_ref(), vs.at.as_ref());
        let reach_ms = (self.around_ms + range_ms.unwrap_or(0) + shift.offset_ms).max(0);
        self.selectors.push(SelectorNode { matchers, range_ms, shift, reach_ms });
        Ok(SelectorId(self.selectors.len() - 1))
    }

    fn subquery(&mut self, subquery: &theirs::SubqueryExpr) -> Result<Subquery, String> {
        let shift = lower_shift(subquery.offset.as_ref(), subquery.at.as_ref());
        let range_ms = millis(subquery.range);
        let outer = self.around_ms;
        self.around_ms = outer.saturating_add(range_ms).saturating_add(shift.offset_ms);
        let inner = self.expr(&subquery.expr)?;
        self.around_ms = outer;
        Ok(Subquery { inner, range_ms, step_ms: subquery.step.map(millis).filter(|ms| *ms > 0), shift })
    }

    /// A chain of operators is a tree as deep as it is long, on its left; so it is walked and not recursed into.
    fn chain(&mut self, top: &theirs::BinaryExpr) -> Result<Expr, String> {
        let (mut chain, mut leftmost) = (vec![top], &*top.lhs);
        while let theirs::Expr::Binary(next) = leftmost {
            chain.push(next);
            leftmost = &next.lhs;
        }
        let mut left = self.expr(leftmost)?;
        for binary in chain.into_iter().rev() {
            left = self.binary(binary, left)?;
        }
        Ok(left)
    }

    fn binary(&mut self, binary: &theirs::BinaryExpr, left: Expr) -> Result<Expr, String> {
        let modifier = binary.modifier.clone().unwrap_or_default();
        if modifier.fill_values.lhs.is_some() || modifier.fill_values.rhs.is_some() {
            return Err("the modifier `fill` is not supported".to_owned());
        }
        let operator =
            lower_operator(binary.op.id()).ok_or_else(|| format!("unknown operator `{}`", binary.op))?;
        let right = self.expr(&binary.rhs)?;
        let matching = lower_choice(modifier.matching.as_ref(), LabelChoice::AllBut(Vec::new()));
        let cardinality = match modifier.card {
            VectorMatchCardinality::ManyToOne(labels) => Cardinality::ManyToOne(labels.labels),
            VectorMatchCardinality::OneToMany(labels) => Cardinality::OneToMany(labels.labels),
            _ => Cardinality::OneToOne,
        };
        let returns_bool = modifier.return_bool;
        Ok(Expr::Binary(Box::new(Binary { operator, left, right, returns_bool, matching, cardinality })))
    }

    fn aggregate(&mut self, aggregate: &theirs::AggregateExpr) -> Result<Aggregate, String> {
        let aggregation = lower_aggregation(aggregate.op.id())
            .ok_or_else(|| format!("the aggregation `{}` is not supported", aggregate.op))?;
        Ok(Aggregate {
            aggregation,
            parameter: aggregate.param.as_ref().map(|param| self.expr(param)).transpose()?,
            inner: self.expr(&aggregate.expr)?,
            grouping: lower_choice(aggregate.modifier.as_ref(), LabelChoice::Only(Vec::new())),
        })
    }

    fn call(&mut self, call: &theirs::Call) -> Result<Call, String> {
        let name = call.func.name;
        let function =
            functions::find(name).ok_or_else(|| format!("the function `{name}` is not supported"))?;
        let arguments =
            call.args.args.iter().map(|argument| self.expr(argument)).collect::<Result<_, _>>()?;
        Ok(Call { function, arguments })
    }
}

/// Their pattern is already made fit for the regex crate where the text itself is not (`a{b}`).
fn lower_matcher(matcher: &TheirMatcher) -> Result<Matcher, String> {
    let (op, repaired) = match &matcher.op {
        TheirOp::Equal => (MatchOp::Equal, None),
        TheirOp::NotEqual => (MatchOp::NotEqual, None),
        TheirOp::Re(regex) => (MatchOp::Regex, Some(regex.as_str())),
        TheirOp::NotRe(regex) => (MatchOp::NotRegex, Some(regex.as_str())),
    };
    Matcher::new(&matcher.name, op, &matcher.value)
        .or_else(|error| repaired.map_or(Err(error), |pattern| Matcher::new(&matcher.name, op, pattern)))
        .map_err(|error| error.to_string())
}

fn lower_shift(offset: Option<&Offset>, at: Option<&AtModifier>) -> Shift {
    let offset_ms = match offset {
        None => 0,
        Some(Offset::Pos(duration)) => millis(*duration),
        Some(Offset::Neg(duration)) => -millis(*duration),
    };
    let at = at.map(|at| match at {
        AtModifier::Start => At::Start,
        AtModifier::End => At::End,
        AtModifier::At(time) => At::Millis(match time.duration_since(UNIX_EPOCH) {
            Ok(after) => millis(after),
            Err(before) => -millis(before.duration()),
        }),
    });
    Shift { offset_ms, at }
}

fn lower_choice(modifier: Option<&LabelModifier>, otherwise: LabelChoice) -> LabelChoice {
    match modifier {
        None => otherwise,
        Some(LabelModifier::Include(labels)) => LabelChoice::Only(labels.labels.clone()),
        Some(LabelModifier::Exclude(labels)) => LabelChoice::AllBut(labels.labels.clone()),
    }
}

fn lower_operator(id: token::TokenId) -> Option<Operator> {
    use {Arithmetic as A, Comparison as C, Operator as O, SetOperator as S};
    Some(match id {
        token::T_ADD => O::Arithmetic(A::Add),
        token::T_SUB => O::Arithmetic(A::Subtract),
        token::T_MUL => O::Arithmetic(A::Multiply),
        token::T_DIV => O::Arithmetic(A::Divide),
        token::T_MOD => O::Arithmetic(A::Modulo),
        token::T_POW => O::Arithmetic(A::Power),
        token::T_ATAN2 => O::Arithmetic(A::Atan2),
        token::T_EQLC => O::Comparison(C::Equal),
        token::T_NEQ => O::Comparison(C::NotEqual),
        token::T_GTR => O::Comparison(C::Greater),
        token::T_LSS => O::Comparison(C::Less),
        token::T_GTE => O::Comparison(C::GreaterOrEqual),
        token::T_LTE => O::Comparison(C::LessOrEqual),
        token::T_LAND => O::Set(S::And),
        token::T_LOR => O::Set(S::Or),
        token::T_LUNLESS => O::Set(S::Unless),
        _ => return None,
    })
}

fn lower_aggregation(id: token::TokenId) -> Option<Aggregation> {
    Some(match id {
        token::T_SUM => Aggregation::Sum,
        token::T_AVG => Aggregation::Avg,
        token::T_MIN => Aggregation::Min,
        token::T_MAX => Aggregation::Max,
        token::T_COUNT => Aggregation::Count,
        token::T_GROUP => Aggregation::Group,
        token::T_STDDEV => Aggregation::Stddev,
        token::T_STDVAR => Aggregation::Stdvar,
        token::T_TOPK => Aggregation::Topk,
        token::T_BOTTOMK => Aggregation::Bottomk,
        token::T_LIMITK => Aggregation::Limitk,
        token::T_LIMIT_RATIO => Aggregation::LimitRatio,
        token::T_QUANTILE => Aggregation::Quantile,
        token::T_COUNT_VALUES => Aggregation::CountValues,
        _ => return None,
    })
}

/// Milliseconds, bounded so that sums of a few of them cannot overflow.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).min(i64::MAX >> 8)
}
