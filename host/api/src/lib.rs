//! ballast-api
