//! ballast-store
