//! Replay: what the journal says about the next call of a run that began again.
//!
//! | found | then |
//! |---|---|
//! | nothing | live |
//! | intent and result | the recorded result |
//! | intent only | unsettled: a read is made again, an effect is asked after |
//! | another request | diverged |

use std::collections::BTreeMap;

use ballast_types::call::{Call, CallError, Output};
use ballast_types::execution::{Intent, JournalEntry};

/// What to do about the next call.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplayStep {
    /// The journal has ended: perform it.
    Live {
        /// The call's position.
        sequence: u64,
    },
    /// It was performed, and this came of it.
    Recorded(Box<Intent>, Result<Output, CallError>),
    /// It was intended, and nobody noted what came of it.
    Unsettled(Box<Intent>),
    /// It is not what the journal has at this position.
    Diverged {
        /// The position.
        sequence: u64,
        /// What was expected and what came.
        reason: String,
    },
}

/// A cursor over a journal.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    recorded: BTreeMap<u64, (Intent, Option<Result<Output, CallError>>)>,
    position: u64,
}

impl Replay {
    /// A cursor at the start of a journal.
    pub fn new(entries: impl IntoIterator<Item = JournalEntry>) -> Self {
        let mut recorded = BTreeMap::<u64, (Intent, Option<_>)>::new();
        for entry in entries {
            match entry {
                // An intent may stand twice where a crash hit between it and its effect; the first is the truth.
                JournalEntry::Intent(intent) => {
                    recorded.entry(intent.sequence).or_insert((intent, None));
                }
                JournalEntry::Completion(completion) => {
                    if let Some((_, result)) = recorded.get_mut(&completion.sequence) {
                        *result = Some(completion.result);
                    }
                }
            }
        }
        Replay { recorded, position: 0 }
    }

    /// Advances by one call.
    pub fn next(&mut self, call: &Call) -> ReplayStep {
        self.position += 1;
        let sequence = self.position;
        let Some((intent, result)) = self.recorded.remove(&sequence) else {
            return match self.recorded.is_empty() {
                true => ReplayStep::Live { sequence },
                // Later entries without this one: the log lost a record in the middle.
                false => ReplayStep::Diverged { sequence, reason: "the journal has a gap here".into() },
            };
        };
        if intent.request_hash != call.request_hash() {
            let reason = format!("the journal has {:?}, the run asks for {call:?}", intent.call);
            return ReplayStep::Diverged { sequence, reason };
        }
        match result {
            Some(result) => ReplayStep::Recorded(Box::new(intent), result),
            None => ReplayStep::Unsettled(Box::new(intent)),
        }
    }

    /// How many calls have been made.
    pub fn position(&self) -> u64 {
        self.position
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballast_types::call::CallClass;
    use ballast_types::execution::Completion;
    use ballast_types::{ExecutionId, IdempotencyKey, Timestamp};
    use proptest::prelude::*;

    fn call(n: u64) -> Call {
        Call::IncidentNote { text: n.to_string() }
    }

    fn intent(sequence: u64) -> JournalEntry {
        let call = call(sequence);
        JournalEntry::Intent(Intent {
            sequence,
            at: Timestamp::default(),
            request_hash: call.request_hash(),
            class: CallClass::Read,
            key: IdempotencyKey::of(&ExecutionId::new("EX-1"), sequence),
            call,
        })
    }

    fn completion(sequence: u64) -> JournalEntry {
        let result = Ok(Output::Time { at_ms: sequence as i64 });
        JournalEntry::Completion(Completion { sequence, at: Timestamp::default(), result })
    }

    #[test]
    fn another_request_diverges() {
        let mut replay = Replay::new([intent(1), completion(1)]);
        assert!(matches!(replay.next(&call(9)), ReplayStep::Diverged { sequence: 1, .. }));
    }

    #[test]
    fn a_gap_is_never_taken_for_the_end() {
        let mut replay = Replay::new([intent(2), completion(2)]);
        assert!(matches!(replay.next(&call(1)), ReplayStep::Diverged { sequence: 1, .. }));
    }

    proptest! {
        #[test]
        fn every_cut_of_a_journal_replays_to_its_end_and_goes_on(calls in 1u64..30, cut in 0usize..60) {
            let whole: Vec<_> = (1..=calls).flat_map(|n| [intent(n), completion(n)]).collect();
            let cut = cut.min(whole.len());
            let mut replay = Replay::new(whole[..cut].iter().cloned());
            for n in 1..=calls {
                let step = replay.next(&call(n));
                let (intended, done) = ((n as usize - 1) * 2 < cut, (n as usize - 1) * 2 + 1 < cut);
                match (intended, done) {
                    (true, true) => {
                        let expected = Ok(Output::Time { at_ms: n as i64 });
                        prop_assert!(matches!(step, ReplayStep::Recorded(intent, result) if intent.sequence == n && result == expected));
                    }
                    (true, false) => prop_assert!(matches!(step, ReplayStep::Unsettled(_))),
                    _ => prop_assert_eq!(step, ReplayStep::Live { sequence: n }),
                }
            }
        }
    }
}
