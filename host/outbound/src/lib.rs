//! Everything that dials out: scraping, connectors, and the requests of plugins.
//!
//! Translates between the ports' words and the wire, and decides nothing: what to scrape, when to act and what a plugin
//! may reach is decided in front of it. No state of the domain here, and the only HTTP client in the host.

mod address;
mod client;
pub mod connectors;
pub mod discovery;
mod remote;
mod scraper;
mod sender;
mod settings_client;
mod tls;

#[cfg(test)]
mod test_server;

pub use client::BuildClientError;
pub use connectors::http::{
    DeclaredRequest, HttpConnector, HttpConnectorConfig, HttpConnectorError, Operation,
};
pub use discovery::{DiscoveredTargets, ScrapeJob};
pub use remote::{HttpRemote, RemoteConfig};
pub use scraper::HttpScraper;
pub use sender::{HttpSender, HttpSenderConfig};
