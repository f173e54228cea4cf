//! Functions of one number: rounding, bounds, roots and logarithms, trigonometry.

use crate::numeric::{max_or_nan, min_or_nan};

/// A value with the scalar arguments to one value, or none.
pub(crate) type Each = fn(f64, &[f64]) -> Option<f64>;

/// The function of a name.
pub(crate) fn each_kernel(name: &str) -> Option<Each> {
    Some(match name {
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
    })
}

fn trigonometry(name: &str) -> Option<Each> {
    Some(match name {
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
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("abs", -1.5, &[], Some(1.5))]
    #[case("ceil", -1.5, &[], Some(-1.0))]
    #[case("floor", -1.5, &[], Some(-2.0))]
    #[case("round", 2.5, &[], Some(3.0))]
    #[case("round", -2.5, &[], Some(-2.0))]
    #[case("round", 7.3, &[5.0], Some(5.0))]
    #[case("round", 0.26, &[0.1], Some(0.3))]
    #[case("clamp", 7.0, &[1.0, 5.0], Some(5.0))]
    #[case("clamp", 7.0, &[5.0, 1.0], None)]
    #[case("clamp_min", -7.0, &[1.0], Some(1.0))]
    #[case("clamp_max", 7.0, &[1.0], Some(1.0))]
    #[case("sgn", -0.5, &[], Some(-1.0))]
    #[case("sgn", 0.0, &[], Some(0.0))]
    #[case("ln", 1.0, &[], Some(0.0))]
    #[case("log2", 8.0, &[], Some(3.0))]
    #[case("log10", 1000.0, &[], Some(3.0))]
    #[case("sqrt", 9.0, &[], Some(3.0))]
    #[case("exp", 0.0, &[], Some(1.0))]
    #[case("deg", std::f64::consts::PI, &[], Some(180.0))]
    #[case("rad", 180.0, &[], Some(std::f64::consts::PI))]
    #[case("acosh", 1.0, &[], Some(0.0))]
    fn reduces_as_computed_by_hand(
        #[case] name: &str,
        #[case] value: f64,
        #[case] arguments: &[f64],
        #[case] expected: Option<f64>,
    ) {
        let found = each_kernel(name).unwrap()(value, arguments);
        assert!(
            found.zip(expected).is_some_and(|(a, b)| (a - b).abs() < 1e-12) || found == expected,
            "{found:?}"
        );
    }

    #[test]
    fn nan_stays_nan_within_bounds() {
        for (name, arguments) in [("clamp", &[0.0, 1.0][..]), ("clamp_min", &[0.0]), ("clamp_max", &[0.0])] {
            assert!(each_kernel(name).unwrap()(f64::NAN, arguments).unwrap().is_nan(), "{name}");
        }
    }
}
