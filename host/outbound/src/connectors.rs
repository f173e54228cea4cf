//! Connectors: how a service is acted on, one folder a kind of platform. Each translates the verbs of the contract and
//! decides nothing.

pub mod http;
