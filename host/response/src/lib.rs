//! ballast-response
