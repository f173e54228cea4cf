//! Whether what came out is what was expected. Numbers may differ by a millionth, as in the originals.

use ballast_types::series::is_stale;
use ballast_types::{Labels, Series};
use std::collections::BTreeMap;

use super::{Expected, Row, Steps};
use crate::Value;

const TOLERANCE: f64 = 1e-6;

/// Compares the result at one instant; says what differs.
pub(super) fn instant(expected: &Expected, found: &Value) -> Result<(), String> {
    match found {
        Value::String(text) => match &expected.text {
            Some(wanted) if wanted == text => Ok(()),
            wanted => Err(format!("expected {wanted:?}, got {text:?}")),
        },
        Value::Scalar(sample) => match expected.scalar {
            Some(wanted) if nearly(wanted, sample.value) => Ok(()),
            wanted => Err(format!("expected {wanted:?}, got {}", sample.value)),
        },
        Value::Matrix(series) => match expected.window {
            Some(steps) => range(expected, series, steps),
            None if series.is_empty() && expected.rows.is_empty() => Ok(()),
            None => Err("a range vector was not expected".to_owned()),
        },
        Value::Vector(samples) => {
            if expected.scalar.is_some() || expected.text.is_some() {
                return Err("a vector was not expected".to_owned());
            }
            let found: Vec<(Labels, f64)> = samples.iter().map(|s| (s.labels.clone(), s.value)).collect();
            vector(expected, &found)
        }
    }
}

fn vector(expected: &Expected, found: &[(Labels, f64)]) -> Result<(), String> {
    let wanted: Vec<(&Labels, f64)> = expected
        .rows
        .iter()
        .filter_map(|row| row.values.first().copied().flatten().map(|value| (&row.labels, value)))
        .collect();
    if wanted.len() != found.len() {
        return Err(format!("expected {} elements, got {}: {found:?}", wanted.len(), found.len()));
    }
    for (index, (labels, value)) in wanted.into_iter().enumerate() {
        let other = match expected.ordered {
            true => found.get(index).filter(|(found, _)| found == labels),
            false => found.iter().find(|(found, _)| found == labels),
        };
        match other {
            Some((_, other)) if nearly(value, *other) => {}
            Some((_, other)) => return Err(format!("{labels}: expected {value}, got {other}")),
            None => return Err(format!("{labels}: not there (at place {index}); got {found:?}")),
        }
    }
    Ok(())
}

/// Compares windows, or the result over a range.
pub(super) fn range(expected: &Expected, found: &[Series], steps: Steps) -> Result<(), String> {
    if expected.scalar.is_some() || expected.text.is_some() || expected.ordered {
        return Err("series over a range were not expected".to_owned());
    }
    if !found.is_sorted_by(|a, b| a.labels <= b.labels) {
        return Err("the series are not in the order of their labels".to_owned());
    }
    let rows = expected.rows.iter().map(|row| Ok((&row.labels, instants(row, steps)?)));
    let wanted = rows.collect::<Result<BTreeMap<&Labels, Vec<(i64, f64)>>, String>>()?;
    let found: BTreeMap<&Labels, Vec<(i64, f64)>> = found
        .iter()
        .map(|s| (&s.labels, s.samples.iter().map(|s| (s.at.as_millis(), s.value)).collect()))
        .collect();
    let same = |a: &[(i64, f64)], b: &[(i64, f64)]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && nearly(a.1, b.1))
    };
    for (labels, values) in wanted.iter().filter(|(_, values)| !values.is_empty()) {
        match found.get(labels) {
            Some(other) if same(values, other) => {}
            other => return Err(format!("{labels}: expected {values:?}, got {other:?}")),
        }
    }
    match found.keys().find(|labels| wanted.get(*labels).is_none_or(Vec::is_empty)) {
        Some(labels) => Err(format!("{labels}: not expected")),
        None => Ok(()),
    }
}

fn instants(row: &Row, steps: Steps) -> Result<Vec<(i64, f64)>, String> {
    let step_ms = i64::try_from(steps.step.as_millis()).unwrap_or(i64::MAX);
    let at = |index: i64| steps.start.as_millis().saturating_add(step_ms.saturating_mul(index));
    let count = i64::try_from(row.values.len()).unwrap_or(i64::MAX);
    if at(count - 1) > steps.end.as_millis() {
        return Err(format!("{}: {count} values are more than there are instants", row.labels));
    }
    let values = (0i64..).zip(&row.values);
    Ok(values.filter_map(|(index, value)| value.map(|value| (at(index), value))).collect())
}

fn nearly(a: f64, b: f64) -> bool {
    if is_stale(a) || is_stale(b) {
        return is_stale(a) && is_stale(b);
    }
    if a == b || (a.is_nan() && b.is_nan()) {
        return true;
    }
    let sum = a.abs() + b.abs();
    let difference = (a - b).abs();
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < TOLERANCE
}
