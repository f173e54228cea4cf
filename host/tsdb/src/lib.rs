//! ballast-tsdb
