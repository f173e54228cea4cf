//! ballast-engine
