//! ballast-sandbox
