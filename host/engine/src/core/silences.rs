//! Silences in the core: kept, told of, and looked up. What makes one valid and when it is over is `ballast_alerting`'s.

use ballast_alerting::{check_silence, expire, forgettable, muted_by, silence_state};
use ballast_types::event::{Event, Mutation, Record, RecordKey};
use ballast_types::silence::Silence;
use ballast_types::{Labels, SilenceId, Timestamp};

use super::{CommandError, Core, Draft, NewSilence, Reply, put};

impl Core {
    /// The silence that mutes these labels.
    pub(super) fn muted(&self, labels: &Labels, now: Timestamp) -> Option<SilenceId> {
        muted_by(self.silences.values(), labels, now).cloned()
    }

    pub(super) fn silence(&mut self, new: NewSilence, draft: &mut Draft) -> Result<Reply, CommandError> {
        let silence = Silence {
            id: SilenceId::new(format!("SIL-{}", self.last.silence + 1)),
            matchers: new.matchers,
            starts_at: new.starts_at,
            ends_at: new.ends_at,
            created_by: new.created_by,
            comment: new.comment,
        };
        check_silence(&silence, draft.now).map_err(|error| CommandError::Invalid(error.to_string()))?;
        self.last.silence += 1;
        self.keep_silence(silence.clone(), false, draft);
        Ok(Reply::Silence(silence))
    }

    pub(super) fn expire_silence(
        &mut self,
        id: &SilenceId,
        draft: &mut Draft,
    ) -> Result<Reply, CommandError> {
        let Some(silence) = self.silences.get(id) else {
            return Err(CommandError::NotFound(format!("silence {id}")));
        };
        if silence_state(silence, draft.now) == ballast_alerting::SilenceState::Expired {
            return Err(CommandError::Conflict(format!("expire silence {id}: it is over already")));
        }
        let over = expire(silence, draft.now);
        self.keep_silence(over.clone(), true, draft);
        self.fire_unmuted(draft);
        Ok(Reply::Silence(over))
    }

    /// Tells of silences that have ended since the last look, and forgets those that ended long ago.
    pub(super) fn tick_silences(&mut self, since: Timestamp, draft: &mut Draft) {
        let now = draft.now;
        let ended =
            self.silences.values().filter(|silence| since < silence.ends_at && silence.ends_at <= now);
        for id in ended.map(|silence| silence.id.clone()).collect::<Vec<_>>() {
            draft.commit(Event::SilenceChanged { id, expired: true }, []);
        }
        let old = self.silences.values().filter(|silence| forgettable(silence, now));
        for id in old.map(|silence| silence.id.clone()).collect::<Vec<_>>() {
            let mutation = Mutation::Remove(RecordKey::Silence(id));
            self.apply(&mutation);
            draft.commit(Event::Noted, [mutation]);
        }
    }

    fn keep_silence(&mut self, silence: Silence, expired: bool, draft: &mut Draft) {
        let event = Event::SilenceChanged { id: silence.id.clone(), expired };
        let mutation = put(Record::Silence(silence));
        self.apply(&mutation);
        draft.commit(event, [mutation]);
    }
}
