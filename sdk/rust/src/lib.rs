//! ballast-sdk
