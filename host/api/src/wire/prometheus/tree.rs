//! The tree of an expression as JSON, in the shape that Prometheus's own page reads.

use ballast_engine::ast::{
    At, Binary, Call, Cardinality, DurationExpr, Expr, LabelChoice, Shift, VectorSelector,
};
use ballast_engine::{Variadic, signature};
use ballast_types::Matcher;
use serde_json::{Value as Json, json};

/// A node and all below it.
pub(crate) fn node(expr: &Expr) -> Json {
    match expr {
        Expr::Number(number) => json!({ "type": "numberLiteral", "val": number_text(number.value) }),
        Expr::Text(text) => json!({ "type": "stringLiteral", "val": String::from_utf8_lossy(&text.value) }),
        Expr::Vector(selector) => selector_node("vectorSelector", selector, None),
        Expr::Matrix(matrix) => selector_node("matrixSelector", &matrix.selector, Some(&matrix.range)),
        Expr::Subquery(subquery) => with_shift(
            json!({
                "type": "subquery",
                "expr": node(&subquery.inner),
                "range": millis(Some(&subquery.range)),
                "step": millis(subquery.step.as_ref()),
            }),
            &subquery.shift,
        ),
        Expr::Paren(paren) => json!({ "type": "parenExpr", "expr": node(&paren.inner) }),
        Expr::Unary(unary) => {
            let op = if unary.negate { "-" } else { "+" };
            json!({ "type": "unaryExpr", "op": op, "expr": node(&unary.inner) })
        }
        Expr::Binary(binary) => json!({
            "type": "binaryExpr",
            "op": binary.operator.as_str(),
            "lhs": node(&binary.left),
            "rhs": node(&binary.right),
            "matching": matching(binary),
            "bool": binary.returns_bool,
        }),
        Expr::Aggregate(aggregate) => json!({
            "type": "aggregation",
            "op": aggregate.aggregation.as_str(),
            "expr": node(&aggregate.inner),
            "param": aggregate.parameter.as_ref().map(node),
            "grouping": aggregate.grouping.as_ref().map(names).unwrap_or_default(),
            "without": matches!(aggregate.grouping, Some(LabelChoice::AllBut(_))),
        }),
        Expr::Call(call) => call_node(call),
    }
}

fn call_node(call: &Call) -> Json {
    let function = signature(call.function).map(|signature| {
        let types: Vec<&str> = signature.arguments.iter().map(|one| type_name(one.to_string())).collect();
        let variadic = match signature.variadic {
            Variadic::No => 0,
            Variadic::UpTo(most) => most as i64,
            Variadic::Any => -1,
        };
        json!({
            "name": signature.name,
            "argTypes": types,
            "variadic": variadic,
            "returnType": type_name(signature.result.to_string()),
        })
    });
    let arguments: Vec<Json> = call.arguments.iter().map(node).collect();
    json!({ "type": "call", "func": function, "args": arguments })
}

/// The short name of a type.
fn type_name(in_words: String) -> &'static str {
    match in_words.as_str() {
        "instant vector" => "vector",
        "range vector" => "matrix",
        "string" => "string",
        _ => "scalar",
    }
}

fn selector_node(kind: &str, selector: &VectorSelector, range: Option<&DurationExpr>) -> Json {
    let matchers: Vec<Json> = selector.matchers.iter().map(matcher).collect();
    let mut node = with_shift(
        json!({ "type": kind, "name": selector.name.as_deref().unwrap_or_default(), "matchers": matchers }),
        &selector.shift,
    );
    if let (Some(range), Some(map)) = (range, node.as_object_mut()) {
        map.insert("range".into(), millis(Some(range)));
    }
    node
}

fn matcher(matcher: &Matcher) -> Json {
    json!({ "name": matcher.name(), "type": matcher.op().as_str(), "value": matcher.value() })
}

fn with_shift(mut node: Json, shift: &Shift) -> Json {
    let (timestamp, bound) = match shift.at {
        None => (None, None),
        Some(At::Millis(millis)) => (Some(millis), None),
        Some(At::Start) => (None, Some("start")),
        Some(At::End) => (None, Some("end")),
    };
    if let Some(map) = node.as_object_mut() {
        map.insert("offset".into(), millis(shift.offset.as_ref()));
        map.insert("timestamp".into(), json!(timestamp));
        map.insert("startOrEnd".into(), json!(bound));
    }
    node
}

/// A duration in milliseconds; 0 for none, and for arithmetic that only an evaluation resolves.
fn millis(duration: Option<&DurationExpr>) -> Json {
    json!(duration.and_then(DurationExpr::literal).map_or(0, |secs| (secs * 1000.0).round() as i64))
}

fn names(choice: &LabelChoice) -> &[String] {
    match choice {
        LabelChoice::Only(names) | LabelChoice::AllBut(names) => names,
    }
}

/// How series are matched; nothing where one side is a number.
fn matching(binary: &Binary) -> Json {
    if is_scalar(&binary.left) || is_scalar(&binary.right) {
        return Json::Null;
    }
    let (card, include): (&str, &[String]) = match &binary.cardinality {
        Cardinality::OneToOne => ("one-to-one", &[]),
        Cardinality::ManyToMany => ("many-to-many", &[]),
        Cardinality::ManyToOne(include) => ("many-to-one", include),
        Cardinality::OneToMany(include) => ("one-to-many", include),
    };
    json!({
        "card": card,
        "labels": binary.matching.as_ref().map(names).unwrap_or_default(),
        "on": matches!(binary.matching, Some(LabelChoice::Only(_))),
        "include": include,
    })
}

fn is_scalar(expr: &Expr) -> bool {
    match expr {
        Expr::Number(_) => true,
        Expr::Paren(paren) => is_scalar(&paren.inner),
        Expr::Unary(unary) => is_scalar(&unary.inner),
        Expr::Binary(binary) => is_scalar(&binary.left) && is_scalar(&binary.right),
        Expr::Call(call) => signature(call.function)
            .is_some_and(|signature| type_name(signature.result.to_string()) == "scalar"),
        _ => false,
    }
}

/// A number without an exponent.
fn number_text(value: f64) -> String {
    match value {
        _ if value.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        _ => value.to_string(),
    }
}
