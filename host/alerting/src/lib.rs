//! ballast-alerting
