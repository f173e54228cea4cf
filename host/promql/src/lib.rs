//! ballast-promql
