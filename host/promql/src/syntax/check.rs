//! What a tree must satisfy beyond the grammar: types, counts of arguments, selectors that select something.
//!
//! Messages are those of Prometheus. The first fault in the order of the text's nesting is told; the check also forgets
//! matching that has no meaning, as between a vector and a number.

use ballast_types::labels::METRIC_NAME;

use super::ValueType;
use super::ValueType::{Matrix, Scalar, String, Vector};
use super::ast::{
    Aggregate, Aggregation, Binary, Call, Cardinality, Expr, Fill, LabelChoice, Operator, VectorSelector,
};
use super::error::{Fault, Parsed};
use super::quote::quote;
use super::signatures::{Signature, Variadic, signature};

/// Checks a tree and tells its type.
pub(super) fn check(expr: &mut Expr) -> Parsed<ValueType> {
    let start = expr.span().start;
    match expr {
        Expr::Number(_) => Ok(Scalar),
        Expr::Text(_) => Ok(String),
        Expr::Vector(selector) => check_selector(selector).map(|()| Vector),
        Expr::Matrix(matrix) => check_selector(&matrix.selector).map(|()| Matrix),
        Expr::Paren(paren) => check(&mut paren.inner),
        Expr::Subquery(subquery) => match check(&mut subquery.inner)? {
            Vector => Ok(Matrix),
            other => {
                let other = if other == Matrix { "matrix".to_owned() } else { other.to_string() };
                let message = format!("subquery is only allowed on instant vector, got {other} instead");
                Err(Fault::new(start, message))
            }
        },
        Expr::Unary(unary) => match check(&mut unary.inner)? {
            found @ (Scalar | Vector) => Ok(found),
            other => Err(Fault::new(
                start,
                format!(
                    "unary expression only allowed on expressions of type scalar or instant vector, got \"{other}\""
                ),
            )),
        },
        Expr::Binary(binary) => check_binary(binary),
        Expr::Aggregate(aggregate) => check_aggregate(aggregate).map(|()| Vector),
        Expr::Call(call) => check_call(call),
    }
}

/// A name stands once, and something is selected: all series at once are a mistake far more often than a wish.
fn check_selector(selector: &VectorSelector) -> Parsed<()> {
    let fault = |message| Err(Fault::new(selector.span.start, message));
    if let Some(name) = &selector.name {
        let twice = selector.matchers.iter().skip(1).find(|matcher| matcher.name() == METRIC_NAME);
        return twice.map_or(Ok(()), |matcher| {
            let (first, second) = (quote(name.as_bytes()), quote(matcher.value().as_bytes()));
            fault(format!("metric name must not be set twice: {first} or {second}"))
        });
    }
    if selector.matchers.iter().all(|matcher| matcher.matches_value("")) {
        return fault("vector selector must contain at least one non-empty matcher".to_owned());
    }
    Ok(())
}

fn expect(expr: &mut Expr, wanted: ValueType, context: &str) -> Parsed<()> {
    let start = expr.span().start;
    match check(expr)? {
        found if found == wanted => Ok(()),
        found => Err(Fault::new(start, format!("expected type {wanted} in {context}, got {found}"))),
    }
}

fn check_aggregate(aggregate: &mut Aggregate) -> Parsed<()> {
    expect(&mut aggregate.inner, Vector, "aggregation expression")?;
    let wanted = if aggregate.aggregation == Aggregation::CountValues { String } else { Scalar };
    match &mut aggregate.parameter {
        Some(parameter) => expect(parameter, wanted, "aggregation parameter"),
        None => Ok(()),
    }
}

fn check_call(call: &mut Call) -> Parsed<ValueType> {
    let start = call.span.start;
    let Some(signature) = signature(call.function) else {
        return Err(Fault::new(
            start,
            format!("unknown function with name {}", quote(call.function.as_bytes())),
        ));
    };
    check_count(signature, call.arguments.len()).map_err(|message| Fault::new(start, message))?;
    if signature.name == "info" {
        return check_info(call).map(|()| Vector);
    }
    let context = format!("call to function \"{}\"", signature.name);
    for (index, argument) in call.arguments.iter_mut().enumerate() {
        let wanted = signature.arguments.get(index).or(signature.arguments.last()).copied();
        expect(argument, wanted.unwrap_or(Vector), &context)?;
    }
    Ok(signature.result)
}

fn check_count(signature: &Signature, count: usize) -> Result<(), std::string::String> {
    let (listed, name) = (signature.arguments.len(), signature.name);
    let least = listed.saturating_sub(1);
    match signature.variadic {
        Variadic::No if count != listed => {
            Err(format!("expected {listed} argument(s) in call to \"{name}\", got {count}"))
        }
        Variadic::UpTo(_) | Variadic::Any if count < least => {
            Err(format!("expected at least {least} argument(s) in call to \"{name}\", got {count}"))
        }
        Variadic::UpTo(more) if count > least + more => {
            Err(format!("expected at most {} argument(s) in call to \"{name}\", got {count}", least + more))
        }
        _ => Ok(()),
    }
}

/// The second argument of `info` is no vector but label matchers, and none of them need select anything.
fn check_info(call: &mut Call) -> Parsed<()> {
    let context = "call to function \"info\"";
    let mut arguments = call.arguments.iter_mut();
    if let Some(vector) = arguments.next() {
        expect(vector, Vector, context)?;
    }
    match arguments.next() {
        None => Ok(()),
        Some(Expr::Vector(selector)) if selector.name.is_none() => Ok(()),
        Some(Expr::Vector(selector)) => {
            let message = "expected label selectors only, got vector selector instead";
            Err(Fault::new(selector.span.start, message))
        }
        Some(other) => {
            expect(other, Vector, context)?;
            Err(Fault::new(other.span().start, "expected label selectors only"))
        }
    }
}

fn check_binary(binary: &mut Binary) -> Parsed<ValueType> {
    let types = (check(&mut binary.left)?, check(&mut binary.right)?);
    let is_comparison = matches!(binary.operator, Operator::Comparison(_));
    let at_operator = |message: std::string::String| Err(Fault::new(binary.operator_span.start, message));
    if binary.returns_bool && !is_comparison {
        return at_operator("bool modifier can only be used on comparison operators".to_owned());
    }
    if is_comparison && !binary.returns_bool && types == (Scalar, Scalar) {
        return at_operator("comparisons between scalars must use BOOL modifier".to_owned());
    }
    if let Some(label) = label_on_both_sides(binary) {
        let label = quote(label.as_bytes());
        return at_operator(format!("label {label} must not occur in ON and GROUP clause at once"));
    }
    for (found, side) in [(types.0, &binary.left), (types.1, &binary.right)] {
        if !matches!(found, Scalar | Vector) {
            let message = "binary expression must contain only scalar and instant vector types";
            return Err(Fault::new(side.span().start, message));
        }
    }
    check_matching(binary, types)?;
    Ok(if types == (Scalar, Scalar) { Scalar } else { Vector })
}

fn label_on_both_sides(binary: &Binary) -> Option<&std::string::String> {
    let (Cardinality::ManyToOne(included) | Cardinality::OneToMany(included)) = &binary.cardinality else {
        return None;
    };
    match &binary.matching {
        Some(LabelChoice::Only(matched)) => matched.iter().find(|label| included.contains(label)),
        _ => None,
    }
}

/// Matching has a meaning between two vectors only, and grouping and filling none between sets.
fn check_matching(binary: &mut Binary, types: (ValueType, ValueType)) -> Parsed<()> {
    let fault = |message: &str| Err(Fault::new(binary.span.start, message));
    let Operator::Set(_) = binary.operator else {
        return if types == (Vector, Vector) { Ok(()) } else { forget_matching(binary) };
    };
    let name = binary.operator.as_str();
    if types != (Vector, Vector) {
        forget_matching(binary)?;
        let message = format!("set operator \"{name}\" not allowed in binary scalar expression");
        return Err(Fault::new(binary.span.start, message));
    }
    if binary.cardinality != Cardinality::ManyToMany {
        return fault(&format!("no grouping allowed for \"{name}\" operation"));
    }
    if binary.fill != Fill::default() {
        return fault("filling in missing series not allowed for set operators");
    }
    Ok(())
}

fn forget_matching(binary: &mut Binary) -> Parsed<()> {
    let fault = |message| Err(Fault::new(binary.span.start, message));
    if let Some(LabelChoice::Only(labels) | LabelChoice::AllBut(labels)) = &binary.matching
        && !labels.is_empty()
    {
        return fault("vector matching only allowed between instant vectors");
    }
    if binary.fill != Fill::default() {
        return fault("filling in missing series only allowed between instant vectors");
    }
    binary.matching = None;
    binary.cardinality = Cardinality::OneToOne;
    Ok(())
}
