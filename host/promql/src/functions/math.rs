//! Functions of one number: rounding, bounds, roots and logarithms, trigonometry.

use super::Function;
use crate::numeric::{max_or_nan, min_or_nan};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(Function::Each(match name {
        "abs" => |v, _| Some(v.abs()),
        "ceil" => |v, _| Some(v.ceil()),
        "floor" => |v, _| Some(v.floor()),
        "round" => |v, args| Some(round(v, args)),
        "clamp" => clamp,
        "clamp_min" => |v, args| args.first().map(|min| max_or_nan(*min, v)),
        "clamp_max" => |v, args| args.first().map(|max| min_or_nan(*max, v)),
        "exp" => |v, _| Some(v.exp()),
        "ln" => |v, _| Some(v.ln()),
        "log2" => |v, _| Some(v.log2()),
        "log10" => |v, _| Some(v.log10()),
        "sqrt" => |v, _| Some(v.sqrt()),
        "sgn" => |v, _| Some(sign(v)),
        _ => return trigonometry(name),
    }))
}

fn trigonometry(name: &str) -> Option<Function> {
    Some(Function::Each(match name {
        "sin" => |v, _| Some(v.sin()),
        "cos" => |v, _| Some(v.cos()),
        "tan" => |v, _| Some(v.tan()),
        "asin" => |v, _| Some(v.asin()),
        "acos" => |v, _| Some(v.acos()),
        "atan" => |v, _| Some(v.atan()),
        "sinh" => |v, _| Some(v.sinh()),
        "cosh" => |v, _| Some(v.cosh()),
        "tanh" => |v, _| Some(v.tanh()),
        "asinh" => |v, _| Some(v.asinh()),
        "acosh" => |v, _| Some(v.acosh()),
        "atanh" => |v, _| Some(v.atanh()),
        "deg" => |v, _| Some(v * 180.0 / std::f64::consts::PI),
        "rad" => |v, _| Some(v * std::f64::consts::PI / 180.0),
        _ => return None,
    }))
}

/// To the nearest multiple, halves upwards. The inverse is multiplied so that 0.1 stays 0.1.
fn round(value: f64, arguments: &[f64]) -> f64 {
    let inverse = 1.0 / arguments.first().copied().unwrap_or(1.0);
    (value * inverse + 0.5).floor() / inverse
}

fn clamp(value: f64, bounds: &[f64]) -> Option<f64> {
    let (min, max) = (*bounds.first()?, *bounds.get(1)?);
    let empty = max < min;
    (!empty).then(|| max_or_nan(min, min_or_nan(max, value)))
}

fn sign(value: f64) -> f64 {
    if value == 0.0 || value.is_nan() { value } else { value.signum() }
}
