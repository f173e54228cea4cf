//! ballast-automation
