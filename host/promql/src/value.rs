//! What an evaluation yields, as others see it. Names are dropped and duplicates refused before a value gets here.

use ballast_types::{Labels, Sample, Series, Timestamp};

use crate::Notes;

/// One sample of an instant vector.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorSample {
    /// The series' labels after the evaluation.
    pub labels: Labels,
    /// The instant of the evaluation.
    pub at: Timestamp,
    /// The value.
    pub value: f64,
}

/// The result of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number at the instant of the evaluation.
    Scalar(Sample),
    /// One sample for each of several series; ordered only after `sort`, `topk` and their like.
    Vector(Vec<VectorSample>),
    /// Windows of samples, in the order of their labels.
    Matrix(Vec<Series>),
    /// A string.
    String(String),
}

impl Value {
    /// The elements of an instant vector; a scalar counts as one without labels, anything else as none.
    pub fn into_vector(self) -> Vec<VectorSample> {
        match self {
            Value::Vector(samples) => samples,
            Value::Scalar(Sample { at, value }) => vec![VectorSample { labels: Labels::empty(), at, value }],
            Value::Matrix(_) | Value::String(_) => Vec::new(),
        }
    }
}

/// The result of a query, with what there is to say about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The result.
    pub value: Value,
    /// Warnings and infos.
    pub notes: Notes,
}
