//! Appends: judged against the head, written to the log, and only then visible, as a whole.

use std::sync::Arc;

use ballast_types::ingest::{Appended, Exemplar, Metadata, Refused};
use ballast_types::{Labels, Sample, TimeRange, Timestamp};

use super::upkeep::LATE_MS;
use super::{SeriesDb, State};
use crate::TsdbError;
use crate::head::{SeriesId, Verdict};
use crate::log::Log;

impl SeriesDb {
    /// Appends a sample to each of the series named. Visible as a whole on return, durable once [`SeriesDb::flush`] has
    /// returned. Fails, and keeps nothing of the batch, where the log cannot be written.
    pub fn append(&self, batch: &[(Labels, Sample)]) -> Result<Appended, TsdbError> {
        let mut log = self.lock_log();
        self.append_to(log.as_mut(), batch)
    }

    /// Appends a zero at the instant that each counter says it was created, where the series has nothing at or after it
    /// and the instant is not long past. Zeroes that cannot be kept are left out in silence: they are a courtesy.
    pub fn append_created(&self, created: &[(Labels, Timestamp)]) -> Result<(), TsdbError> {
        let mut log = self.lock_log();
        let accepted = {
            let mut state = self.write_state();
            let oldest = self.oldest_that_may_come(&state);
            let recent = created.iter().filter(|(_, at)| *at >= oldest);
            recent.filter_map(|(labels, at)| state.head.reserve_created(labels, *at)).collect()
        };
        self.commit(log.as_mut(), accepted)
    }

    /// Keeps exemplars of series, the latest of them in bounded memory. They are durable as samples are, until the segment
    /// of the log that they are in goes.
    pub fn append_exemplars(&self, batch: &[(Labels, Exemplar)]) -> Result<(), TsdbError> {
        let mut log = self.lock_log();
        let kept: Vec<(Labels, Exemplar)> = {
            let mut notes = self.lock_notes();
            batch
                .iter()
                .filter(|(labels, exemplar)| notes.exemplars.append(labels, exemplar))
                .cloned()
                .collect()
        };
        match log.as_mut() {
            Some(log) if !kept.is_empty() => log.append_exemplars(&kept),
            _ => Ok(()),
        }
    }

    /// Notes what metrics are, by the name of their family.
    pub fn note_metadata(&self, batch: &[(Arc<str>, Metadata)]) -> Result<(), TsdbError> {
        let mut log = self.lock_log();
        let new: Vec<(Arc<str>, Metadata)> = {
            let mut notes = self.lock_notes();
            let is_new = |(name, metadata): &&(Arc<str>, Metadata)| {
                notes.metadata.note(name, metadata, &self.interner)
            };
            batch.iter().filter(is_new).cloned().collect()
        };
        match log.as_mut() {
            Some(log) if !new.is_empty() => log.append_metadata(&new),
            _ => Ok(()),
        }
    }

    fn append_to(&self, log: Option<&mut Log>, batch: &[(Labels, Sample)]) -> Result<Appended, TsdbError> {
        let (accepted, appended) = self.judge(batch);
        self.commit(log, accepted)?;
        Ok(appended)
    }

    /// Writes what was reserved to the log and makes it visible.
    fn commit(&self, log: Option<&mut Log>, accepted: Vec<(SeriesId, Sample)>) -> Result<(), TsdbError> {
        if accepted.is_empty() {
            return Ok(());
        }
        if let Some(log) = log {
            let written = {
                let state = self.read_state();
                log.append(&accepted, |id| state.head.labels(id))
            };
            if let Err(error) = written {
                self.write_state().head.release();
                return Err(error);
            }
        }
        let mut state = self.write_state();
        for (id, sample) in accepted {
            state.head.apply(id, sample);
        }
        Ok(())
    }

    /// Judges a batch and reserves the places of what is accepted.
    fn judge(&self, batch: &[(Labels, Sample)]) -> (Vec<(SeriesId, Sample)>, Appended) {
        let mut accepted = Vec::with_capacity(batch.len());
        let mut appended = Appended::default();
        let mut state = self.write_state();
        for (labels, sample) in batch {
            match judge_one(&mut state, labels, *sample) {
                Verdict::Append { id, is_new } => {
                    appended.kept += 1;
                    appended.series_added += usize::from(is_new);
                    accepted.push((id, *sample));
                }
                Verdict::Repeated => appended.kept += 1,
                Verdict::Refused(reason) => appended.refuse(reason, labels, sample.at),
            }
        }
        (accepted, appended)
    }

    /// What is older is as good as lost: it lies before what goes to blocks next.
    fn oldest_that_may_come(&self, state: &State) -> Timestamp {
        let newest = state.head.newest().map_or(i64::MIN, Timestamp::as_millis);
        let late = newest.saturating_sub(LATE_MS.max(self.options.out_of_order_ms));
        Timestamp::from_millis(late).max(state.head.floor()).max(state.horizon)
    }
}

fn judge_one(state: &mut State, labels: &Labels, sample: Sample) -> Verdict {
    match sample.at < state.horizon {
        true => Verdict::Refused(Refused::Timestamp),
        false => state.head.reserve(labels, sample),
    }
}

/// A range from an instant on.
pub(super) fn from(start: Timestamp) -> TimeRange {
    TimeRange { start, end: Timestamp::MAX }
}
