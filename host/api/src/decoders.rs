//! What decoders remember between requests: the labels of series that were seen before, so that a known series costs no
//! work on labels. Bounded in bytes; nothing depends on what is remembered.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ballast_engine::Engine;
use ballast_formats::remote_write::LabelCache;
use ballast_types::Interner;

/// Most bytes of labels that are remembered of remote write.
const REMOTE_WRITE_BYTES: usize = 128 << 20;

/// One memory an endpoint.
pub(crate) struct Decoders {
    remote_write: Mutex<LabelCache>,
    /// The texts that all of them share.
    pub(crate) texts: Interner,
}

impl Decoders {
    /// Memories that are empty.
    pub(crate) fn new(engine: &Engine) -> Arc<Self> {
        let texts = engine.label_texts().clone();
        let remote_write = Mutex::new(LabelCache::new(texts.clone(), REMOTE_WRITE_BYTES));
        Arc::new(Decoders { remote_write, texts })
    }

    /// That of remote write. Held while one request is decoded.
    pub(crate) fn remote_write(&self) -> MutexGuard<'_, LabelCache> {
        self.remote_write.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
