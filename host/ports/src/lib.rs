//! What the engine asks of the rooms that touch the world: traits only, no implementation.
//!
//! Invariant: nothing here decides. Each trait has one implementation in production and may have another in a test or
//! simulation; what they share is written in the trait's documentation.

pub mod clock;
pub mod connector;
pub mod http_client;
pub mod http_send;
pub mod plugin_runtime;
pub mod remote_queries;
pub mod scraper;
pub mod series_store;
pub mod store;

pub use clock::Clock;
pub use connector::{Connector, Settled};
pub use http_send::HttpSend;
pub use plugin_runtime::{Door, Halt, PluginRuntime, RunFailure, RunRequest};
pub use remote_queries::{RemoteError, RemoteQueries, RemoteValue};
pub use scraper::{
    Scrape, ScrapeError, ScrapeOptions, ScrapeProtocol, ScrapeSession, ScrapeTarget, ScrapedSample, Scraper,
    TargetSet, TargetSource,
};
pub use series_store::{Selectors, SeriesStore};
pub use store::{Store, StoreError};
