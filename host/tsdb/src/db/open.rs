//! A store from its folder: blocks first, then the log, of which only that counts which no block holds.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, RwLock};

use ballast_types::ingest::{Exemplar, Metadata};
use ballast_types::{Interner, Labels, Sample, TimeRange, Timestamp};

use super::{Notes, SeriesDb, State, Upkeep};
use crate::block::{BlockCache, Register, open_all};
use crate::files::lock;
use crate::head::{Exemplars, Head, HeadOptions, MetadataTable, SeriesId};
use crate::log::{Log, Sink};
use crate::{Options, TsdbError};

/// What opening a folder found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// Whole records of the log.
    pub records: usize,
    /// Samples in them, repeated ones included.
    pub samples: usize,
    /// Damaged parts: stretches of the log that hold no whole record, and of blocks the entry of a series, a meta, or a
    /// whole file. What they held is lost, but for the meta, which stands twice.
    pub damaged: usize,
    /// Samples whose series' labels are lost in both of their places.
    pub orphaned: usize,
    /// Blocks that are open.
    pub blocks: usize,
}

impl SeriesDb {
    /// A store that forgets everything when it is dropped.
    pub fn in_memory(options: Options, interner: Interner) -> Self {
        let state = empty_state(&options, &interner);
        let upkeep = Upkeep { folder: None, next_number: 1, _lock: None };
        let notes = Notes::new(&options);
        SeriesDb::assemble(options, interner, upkeep, None, state, notes)
    }

    /// Opens the store of a folder, which is made where it is not there, and tells what was found. Fails where the folder
    /// is open already; what is damaged is skipped and counted.
    pub fn open(
        folder: &Path,
        options: Options,
        interner: Interner,
    ) -> Result<(Self, OpenReport), TsdbError> {
        fs::create_dir_all(folder).map_err(TsdbError::io("create the folder", folder))?;
        let lock = lock(folder)?;
        let mut state = empty_state(&options, &interner);
        let opened = open_all(folder, &mut Registering { head: &mut state.head, interner: &interner })?;
        let blocks = opened.blocks;
        state.persisted = blocks.iter().map(|block| block.meta.end).max().unwrap_or(Timestamp::MIN);
        state.head.raise_floor(state.persisted);
        let mut notes = Notes::new(&options);
        let (log, tally) = replay(folder, &options, &interner, &mut state, &mut notes)?;
        state.horizon = tally.horizon.unwrap_or(Timestamp::MIN);
        let report = OpenReport {
            records: tally.records,
            samples: tally.samples,
            damaged: tally.damaged + opened.damaged,
            orphaned: tally.orphaned,
            blocks: blocks.len(),
        };
        state.blocks = blocks.into();
        state.head.forget_before(state.horizon);
        let folder = Some(folder.to_owned());
        let upkeep = Upkeep { folder, next_number: opened.next_number, _lock: Some(lock) };
        Ok((SeriesDb::assemble(options, interner, upkeep, Some(log), state, notes), report))
    }

    fn assemble(
        options: Options,
        interner: Interner,
        upkeep: Upkeep,
        log: Option<Log>,
        state: State,
        notes: Notes,
    ) -> Self {
        let cache = BlockCache::new(options.block_cache_bytes);
        let (upkeep, log, state) = (Mutex::new(upkeep), Mutex::new(log), RwLock::new(state));
        SeriesDb { options, interner, cache, upkeep, log, state, notes: Mutex::new(notes) }
    }
}

impl Notes {
    fn new(options: &Options) -> Self {
        let (exemplars, metadata) = (Exemplars::new(options.exemplars_max), MetadataTable::default());
        Notes { exemplars, metadata }
    }
}

fn empty_state(options: &Options, interner: &Interner) -> State {
    let bounds = HeadOptions {
        series_max: options.series_max,
        labels_max: options.labels_max,
        label_bytes_max: options.label_bytes_max,
        chunk_samples: options.chunk_samples,
        out_of_order_ms: options.out_of_order_ms,
    };
    let head = Head::new(bounds, interner.clone());
    State { head, blocks: Arc::default(), persisted: Timestamp::MIN, horizon: Timestamp::MIN }
}

fn replay(
    folder: &Path,
    options: &Options,
    interner: &Interner,
    state: &mut State,
    notes: &mut Notes,
) -> Result<(Log, crate::log::Tally), TsdbError> {
    let persisted = state.persisted;
    let mut replaying = Replaying { head: &mut state.head, notes, interner, persisted };
    Log::open(folder, options.segment_bytes_max, &mut replaying)
}

/// Takes the series of blocks into the head's index.
struct Registering<'o> {
    head: &'o mut Head,
    interner: &'o Interner,
}

impl Register for Registering<'_> {
    fn share(&mut self, text: &str) -> Arc<str> {
        self.interner.text(text)
    }

    fn series(&mut self, labels: Labels, samples: TimeRange) -> Option<SeriesId> {
        self.head.register(&labels, samples)
    }
}

/// Takes the log's records into the head. What was accepted once is accepted again, whatever the limits are now.
struct Replaying<'o> {
    head: &'o mut Head,
    notes: &'o mut Notes,
    interner: &'o Interner,
    persisted: Timestamp,
}

impl Sink for Replaying<'_> {
    fn share(&mut self, text: &str) -> Arc<str> {
        self.interner.text(text)
    }

    fn series(&mut self, labels: Labels) -> Option<SeriesId> {
        self.head.restore_series(&labels)
    }

    fn sample(&mut self, series: SeriesId, sample: Sample) {
        if sample.at >= self.persisted {
            self.head.restore(series, sample);
        }
    }

    fn exemplars(&mut self, batch: Vec<(Labels, Exemplar)>) {
        for (labels, exemplar) in batch {
            self.notes.exemplars.append(&labels, &exemplar);
        }
    }

    fn metadata(&mut self, batch: Vec<(Arc<str>, Metadata)>) {
        for (name, metadata) in batch {
            self.notes.metadata.note(&name, &metadata, self.interner);
        }
    }
}
