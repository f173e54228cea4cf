//! ballast-outbound
