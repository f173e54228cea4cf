//! Scraping: a pool of targets for each job, a task for each target. A target that fails leaves `up` at 0, its series
//! marked stale, and nobody else disturbed; one that goes away leaves its series marked stale.
//!
//! ```text
//! TargetSource ──► pool (starts and ends loops) ──► target loop ──► batch (what a scrape comes to) ──► series store
//! ```
//! What a target shows is read by the scraper behind its port; here is when, and what becomes of it.

mod batch;
mod pool;
mod status;
mod target_loop;

use std::sync::Arc;

use ballast_ports::{Clock, Scraper, SeriesStore};

use crate::dispatcher::Dispatcher;
use crate::supervision::Broken;
use crate::telemetry::Telemetry;

pub(crate) use batch::Window;
pub(crate) use pool::{declared, discovered};
pub(crate) use status::Statuses;
pub use status::{JobStatus, TargetStatus};

/// What the scraping tasks need.
pub(crate) struct Scraping {
    pub(crate) scraper: Arc<dyn Scraper>,
    pub(crate) series: Arc<dyn SeriesStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) statuses: Statuses,
    pub(crate) broken: Broken,
}
