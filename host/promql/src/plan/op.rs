//! What a node does. Two operations are equal where they say the same, so that nodes can be shared.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use ballast_types::{Labels, Matcher};

use crate::syntax::ast::{Aggregation, Cardinality, Extension, LabelChoice, Operator};

/// The instant that is read where another is evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Pin {
    /// `@`, in milliseconds.
    pub(crate) at_ms: Option<i64>,
    /// `offset`, in milliseconds; positive looks into the past.
    pub(crate) offset_ms: i64,
}

impl Pin {
    /// The instant that is read where `at_ms` is evaluated.
    pub(crate) fn resolve(self, at_ms: i64) -> i64 {
        self.at_ms.unwrap_or(at_ms).saturating_sub(self.offset_ms)
    }
}

/// Matchers that hash by what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Matchers(pub(crate) Arc<[Matcher]>);

impl Hash for Matchers {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for matcher in self.0.iter() {
            (matcher.name(), matcher.op(), matcher.value()).hash(state);
        }
    }
}

/// Which series, and when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SelectorOp {
    pub(crate) matchers: Matchers,
    pub(crate) pin: Pin,
    pub(crate) extended: Option<Extended>,
}

/// [`Extension`] that hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Extended {
    Anchored,
    Smoothed,
}

impl From<Extension> for Extended {
    fn from(extension: Extension) -> Self {
        match extension {
            Extension::Anchored => Extended::Anchored,
            Extension::Smoothed => Extended::Smoothed,
        }
    }
}

/// An operator between two nodes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct BinaryOp {
    pub(crate) operator: Operator,
    pub(crate) returns_bool: bool,
    pub(crate) matching: LabelChoice,
    pub(crate) cardinality: Cardinality,
    /// The bits of what fills the left side, and the right.
    pub(crate) fill: [Option<u64>; 2],
}

/// An aggregation of the first input; the second is its parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AggregateOp {
    pub(crate) aggregation: Aggregation,
    pub(crate) grouping: LabelChoice,
}

/// What a node does with its inputs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    /// The bits of a number.
    Number(u64),
    /// A string.
    Text(Arc<str>),
    /// The latest sample of each series.
    Latest(SelectorOp),
    /// When the latest sample of each series was taken.
    Stamps(SelectorOp),
    /// A window of samples of each series, that many milliseconds long.
    Windows(SelectorOp, i64),
    /// The input, evaluated over and over, as windows.
    Subquery { pin: Pin, range_ms: i64, step_ms: i64 },
    /// `-x`
    Negate,
    /// An operator between two inputs.
    Binary(BinaryOp),
    /// An aggregation.
    Aggregate(AggregateOp),
    /// 1 with these labels where the input, a vector or windows, has nothing.
    Absent(Labels),
    /// `info(x, {..})`: the labels to take and the series to take them from.
    Info(Matchers),
    /// A function.
    Call(&'static str),
}
