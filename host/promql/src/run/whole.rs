//! Functions on a vector as a whole, and between scalars and vectors: `scalar`, `vector`, `time`, `sort` and their like.

use std::cmp::Ordering;

use ballast_types::Labels;

use super::{Context, Outcome};
use crate::columns::{Frame, Header, is_present};
use crate::functions::order;

/// The value of one of these functions; `None` for another.
pub(super) fn evaluate(cx: &mut Context<'_>, function: &str) -> Option<Outcome> {
    Some(match function {
        "time" => Outcome::scalars(cx.seconds().collect()),
        "pi" => Outcome::scalars(vec![std::f64::consts::PI; cx.steps()]),
        "scalar" => scalar(cx),
        "vector" => vector(cx),
        "timestamp" => timestamp(cx),
        "sort" => sorted(cx, order::ascending),
        "sort_desc" => sorted(cx, order::descending),
        "sort_by_label" => sorted_by_label(cx, false),
        "sort_by_label_desc" => sorted_by_label(cx, true),
        _ => return None,
    })
}

/// The value of the only element; NaN where there is another number of them.
fn scalar(cx: &mut Context<'_>) -> Outcome {
    let frame = cx.vector(0);
    let mut counts = vec![0_usize; cx.steps()];
    let mut values = vec![f64::NAN; cx.steps()];
    for (_, column) in frame.columns() {
        for ((count, slot), value) in counts.iter_mut().zip(&mut values).zip(column) {
            if is_present(*value) {
                *count += 1;
                *slot = if *count == 1 { *value } else { f64::NAN };
            }
        }
    }
    Outcome::scalars(values)
}

fn vector(cx: &mut Context<'_>) -> Outcome {
    let values = cx.scalar(0);
    let mut frame = Frame::with_room(cx.steps(), 1);
    frame.push(Header::new(Labels::empty()), values.iter().copied());
    Outcome::vector(frame)
}

/// Of anything computed, the instant of the evaluation; selectors have their own.
fn timestamp(cx: &mut Context<'_>) -> Outcome {
    let now: Vec<f64> = cx.seconds().collect();
    let mut frame = cx.own_vector(0);
    for (header, column) in frame.columns_mut() {
        header.drop_name = true;
        for (value, now) in column.iter_mut().zip(&now).filter(|(value, _)| is_present(**value)) {
            *value = *now;
        }
    }
    Outcome::vector(frame)
}

/// At one instant only: the results of a range are ordered by their labels.
fn sorted(cx: &mut Context<'_>, order: fn(f64, f64) -> Ordering) -> Outcome {
    reordered(cx, |frame, a, b| {
        let value = |index: usize| frame.column(index).first().copied().unwrap_or(f64::NAN);
        order(value(a), value(b))
    })
}

fn sorted_by_label(cx: &mut Context<'_>, descending: bool) -> Outcome {
    let names: Vec<String> = (1..cx.arity()).map(|input| cx.text(input).to_owned()).collect();
    reordered(cx, |frame, a, b| {
        let labels = |index: usize| frame.headers().get(index).map(|header| &header.labels);
        let (Some(a), Some(b)) = (labels(a), labels(b)) else { return Ordering::Equal };
        let (a, b) = if descending { (b, a) } else { (a, b) };
        order::by_labels(names.iter().map(String::as_str), a, b)
    })
}

fn reordered(cx: &mut Context<'_>, order: impl Fn(&Frame, usize, usize) -> Ordering) -> Outcome {
    let frame = cx.vector(0);
    if cx.steps() != 1 {
        return Outcome::Vector(frame);
    }
    let mut indices: Vec<usize> = (0..frame.len()).collect();
    indices.sort_by(|a, b| order(&frame, *a, *b));
    Outcome::vector(frame.pick(&indices))
}
