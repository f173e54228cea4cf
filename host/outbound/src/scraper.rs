//! Scraping over HTTP: one request, one limit on time, one on size, and an answer that says plainly when it is not
//! metrics. What the lines mean is the formats' room; what their series are called is [`naming`]'s.
//!
//! ```text
//! request ──► headers (which format?) ──► body ──► lines ──► cache: known? its labels : named once ──► limits ──► Scrape
//! ```
//! Invariant: a scrape that breaks a limit brings nothing at all, and the series that it had before are all told as ended.

mod answer;
mod naming;
mod session;

#[cfg(test)]
mod session_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use ballast_ports::{ScrapeError, ScrapeOptions, ScrapeSession, ScrapeTarget, Scraper};
use ballast_types::Interner;

use crate::settings_client::SettingsClient;
use session::HttpSession;

/// Fetches metrics in the text formats. Targets of a job share a client, and so its connections.
pub struct HttpScraper {
    interner: Interner,
    clients: Mutex<Vec<Weak<SettingsClient>>>,
}

impl HttpScraper {
    /// A scraper whose labels are of a table that others share.
    pub fn new(interner: Interner) -> Self {
        HttpScraper { interner, clients: Mutex::default() }
    }

    /// The client that all targets with the same settings share, for as long as one of them is there.
    fn client(&self, options: &ScrapeOptions) -> Arc<SettingsClient> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.retain(|client| client.strong_count() > 0);
        let (settings, compression) = (&options.client, options.enable_compression);
        let known = clients.iter().filter_map(Weak::upgrade).find(|c| c.is_for(settings, compression));
        known.unwrap_or_else(|| {
            let client = Arc::new(SettingsClient::new(settings.clone(), compression));
            clients.push(Arc::downgrade(&client));
            client
        })
    }
}

impl Scraper for HttpScraper {
    fn open(&self, target: &ScrapeTarget) -> Result<Box<dyn ScrapeSession>, ScrapeError> {
        let client = self.client(&target.options);
        client.check().map_err(|reason| ScrapeError::Unreachable { url: target.url.clone(), reason })?;
        Ok(Box::new(HttpSession::new(target.clone(), client, self.interner.clone())))
    }
}
