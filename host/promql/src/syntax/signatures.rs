//! The functions of the language: names, arguments and results, as of Prometheus 3.5 and what later versions added.
//!
//! What a function computes lives elsewhere. Invariant: the table is sorted by name.

use super::ValueType;
use super::ValueType::{Matrix, Scalar, String, Vector};

/// How many arguments a function may have beyond those that must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variadic {
    /// None.
    No,
    /// The last type of the list may be absent, and may stand up to so many times.
    UpTo(usize),
    /// The last type of the list may be absent, and may stand any number of times.
    Any,
}

/// One function as a caller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Its name.
    pub name: &'static str,
    /// Types of its arguments.
    pub arguments: &'static [ValueType],
    /// Whether the last may be absent or stand several times.
    pub variadic: Variadic,
    /// What it yields.
    pub result: ValueType,
    /// Whether it needs the switch for experimental functions.
    pub is_experimental: bool,
}

/// The function of a name.
pub fn signature(name: &str) -> Option<&'static Signature> {
    let index = SIGNATURES.binary_search_by(|signature| signature.name.cmp(name)).ok()?;
    SIGNATURES.get(index)
}

const fn plain(name: &'static str, arguments: &'static [ValueType]) -> Signature {
    Signature { name, arguments, variadic: Variadic::No, result: Vector, is_experimental: false }
}

/// A function of the time of a vector's samples' values, or of now.
const fn calendar(name: &'static str) -> Signature {
    Signature { variadic: Variadic::UpTo(1), ..plain(name, &[Vector]) }
}

const fn experimental(signature: Signature) -> Signature {
    Signature { is_experimental: true, ..signature }
}

const fn variadic(signature: Signature, variadic: Variadic) -> Signature {
    Signature { variadic, ..signature }
}

const fn scalar(signature: Signature) -> Signature {
    Signature { result: Scalar, ..signature }
}

/// All functions.
pub static SIGNATURES: &[Signature] = &[
    plain("abs", &[Vector]),
    plain("absent", &[Vector]),
    plain("absent_over_time", &[Matrix]),
    plain("acos", &[Vector]),
    plain("acosh", &[Vector]),
    plain("asin", &[Vector]),
    plain("asinh", &[Vector]),
    plain("atan", &[Vector]),
    plain("atanh", &[Vector]),
    plain("avg_over_time", &[Matrix]),
    plain("ceil", &[Vector]),
    plain("changes", &[Matrix]),
    plain("clamp", &[Vector, Scalar, Scalar]),
    plain("clamp_max", &[Vector, Scalar]),
    plain("clamp_min", &[Vector, Scalar]),
    plain("cos", &[Vector]),
    plain("cosh", &[Vector]),
    plain("count_over_time", &[Matrix]),
    calendar("day_of_month"),
    calendar("day_of_week"),
    calendar("day_of_year"),
    calendar("days_in_month"),
    plain("deg", &[Vector]),
    plain("delta", &[Matrix]),
    plain("deriv", &[Matrix]),
    experimental(plain("double_exponential_smoothing", &[Matrix, Scalar, Scalar])),
    experimental(scalar(plain("end", &[]))),
    plain("exp", &[Vector]),
    experimental(plain("first_over_time", &[Matrix])),
    plain("floor", &[Vector]),
    plain("histogram_avg", &[Vector]),
    plain("histogram_count", &[Vector]),
    plain("histogram_fraction", &[Scalar, Scalar, Vector]),
    plain("histogram_quantile", &[Scalar, Vector]),
    experimental(variadic(
        plain("histogram_quantiles", &[Vector, String, Scalar, Scalar]),
        Variadic::UpTo(9),
    )),
    plain("histogram_stddev", &[Vector]),
    plain("histogram_stdvar", &[Vector]),
    plain("histogram_sum", &[Vector]),
    calendar("hour"),
    plain("idelta", &[Matrix]),
    plain("increase", &[Matrix]),
    experimental(variadic(plain("info", &[Vector, Vector]), Variadic::UpTo(1))),
    plain("irate", &[Matrix]),
    variadic(plain("label_join", &[Vector, String, String, String]), Variadic::Any),
    plain("label_replace", &[Vector, String, String, String, String]),
    plain("last_over_time", &[Matrix]),
    plain("ln", &[Vector]),
    plain("log10", &[Vector]),
    plain("log2", &[Vector]),
    experimental(plain("mad_over_time", &[Matrix])),
    plain("max_over_time", &[Matrix]),
    plain("min_over_time", &[Matrix]),
    calendar("minute"),
    calendar("month"),
    scalar(plain("pi", &[])),
    plain("predict_linear", &[Matrix, Scalar]),
    plain("present_over_time", &[Matrix]),
    plain("quantile_over_time", &[Scalar, Matrix]),
    plain("rad", &[Vector]),
    experimental(scalar(plain("range", &[]))),
    plain("rate", &[Matrix]),
    plain("resets", &[Matrix]),
    variadic(plain("round", &[Vector, Scalar]), Variadic::UpTo(1)),
    scalar(plain("scalar", &[Vector])),
    plain("sgn", &[Vector]),
    plain("sin", &[Vector]),
    plain("sinh", &[Vector]),
    plain("sort", &[Vector]),
    experimental(variadic(plain("sort_by_label", &[Vector, String]), Variadic::Any)),
    experimental(variadic(plain("sort_by_label_desc", &[Vector, String]), Variadic::Any)),
    plain("sort_desc", &[Vector]),
    plain("sqrt", &[Vector]),
    experimental(scalar(plain("start", &[]))),
    plain("stddev_over_time", &[Matrix]),
    plain("stdvar_over_time", &[Matrix]),
    experimental(scalar(plain("step", &[]))),
    plain("sum_over_time", &[Matrix]),
    plain("tan", &[Vector]),
    plain("tanh", &[Vector]),
    scalar(plain("time", &[])),
    plain("timestamp", &[Vector]),
    experimental(plain("ts_of_first_over_time", &[Matrix])),
    experimental(plain("ts_of_last_over_time", &[Matrix])),
    experimental(plain("ts_of_max_over_time", &[Matrix])),
    experimental(plain("ts_of_min_over_time", &[Matrix])),
    plain("vector", &[Scalar]),
    calendar("year"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_found_by_its_name() {
        assert!(SIGNATURES.is_sorted_by(|a, b| a.name < b.name));
        assert!(SIGNATURES.iter().all(|s| signature(s.name) == Some(s)));
        assert_eq!(signature("nope"), None);
    }

    #[test]
    fn what_may_be_absent_has_a_type() {
        assert!(SIGNATURES.iter().all(|s| s.variadic == Variadic::No || !s.arguments.is_empty()));
    }
}
