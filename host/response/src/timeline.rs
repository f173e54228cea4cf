//! The timeline: never backwards, never longer than the limit.

use ballast_types::incident::{TimelineEntry, TimelineKind};
use ballast_types::limits::TIMELINE_ENTRIES_MAX;

use crate::BALLAST;

/// How many lines go at once when the timeline is full, so that thinning is rare.
const THINNED_AT_ONCE: usize = TIMELINE_ENTRIES_MAX / 4;
const THINNED: &str = "lines were left out here, the timeline was full";

/// Adds a line. Its time is moved up to the last line's where the clock has gone back.
///
/// A full timeline loses lines from its middle: how an incident began and what happens now are what people read.
pub(crate) fn push(timeline: &mut Vec<TimelineEntry>, mut entry: TimelineEntry) {
    if let Some(last) = timeline.last() {
        entry.at = entry.at.max(last.at);
    }
    if timeline.len() >= TIMELINE_ENTRIES_MAX {
        thin(timeline);
    }
    timeline.push(entry);
}

fn thin(timeline: &mut Vec<TimelineEntry>) {
    let start = TIMELINE_ENTRIES_MAX / 2;
    let Some(first) = timeline.get(start) else { return };
    let marker = TimelineEntry {
        at: first.at,
        kind: TimelineKind::Note,
        actor: BALLAST.to_owned(),
        text: THINNED.to_owned(),
    };
    let end = timeline.len().min(start + THINNED_AT_ONCE);
    timeline.splice(start..end, [marker]);
}

#[cfg(test)]
mod tests {
    use ballast_types::Timestamp;

    use super::*;

    fn line(at: i64) -> TimelineEntry {
        TimelineEntry {
            at: Timestamp::from_millis(at),
            kind: TimelineKind::Note,
            actor: "alice".to_owned(),
            text: at.to_string(),
        }
    }

    #[test]
    fn a_full_timeline_keeps_its_beginning_and_its_end() {
        let mut timeline = Vec::new();
        let count = 3 * TIMELINE_ENTRIES_MAX as i64;
        for at in 0..count {
            push(&mut timeline, line(at));
            assert!(timeline.len() <= TIMELINE_ENTRIES_MAX);
        }
        assert_eq!(timeline.first(), Some(&line(0)));
        assert_eq!(timeline.last(), Some(&line(count - 1)));
        assert_eq!(timeline.iter().filter(|entry| entry.text == THINNED).count(), 1);
        assert!(timeline.is_sorted_by_key(|entry| entry.at));
    }

    #[test]
    fn a_clock_that_goes_back_does_not_turn_the_timeline() {
        let mut timeline = vec![line(10)];
        push(&mut timeline, line(4));
        assert_eq!(timeline.last().map(|entry| (entry.at.as_millis(), entry.text.as_str())), Some((10, "4")));
    }
}
