//! Silences: which one mutes a label set, whether a new one makes sense, and its early end. A silence mutes notifications
//! and actions; it never changes an alert. How it is written as text is `matcher_text`'s business.

use std::time::Duration;

use ballast_types::silence::Silence;
use ballast_types::{Labels, SilenceId, Timestamp};

/// How long an ended silence stays listed: five days, as Alertmanager has it.
pub const ENDED_RETENTION: Duration = Duration::from_secs(5 * 86_400);

/// Why a silence is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSilence {
    /// It would mute everything.
    #[error(
        "make a silence: it needs at least one matcher that an empty label does not satisfy, or it would mute every alert"
    )]
    MutesEverything,
    /// It ends before it begins.
    #[error("make a silence: it ends before it begins")]
    EndsBeforeItBegins,
    /// It is over already.
    #[error("make a silence: it would already be over")]
    AlreadyOver,
}

/// Where a silence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SilenceState {
    /// It begins later.
    Pending,
    /// It is in force.
    Active,
    /// It is over.
    Expired,
}

/// The silence that mutes a label set at `now`: of several the one that lasts longest, and of those the first by id.
pub fn muted_by<'a>(
    silences: impl IntoIterator<Item = &'a Silence>,
    labels: &Labels,
    now: Timestamp,
) -> Option<&'a SilenceId> {
    let muting = silences.into_iter().filter(|silence| silence.mutes(labels, now));
    let longest = muting.min_by(|a, b| b.ends_at.cmp(&a.ends_at).then_with(|| a.id.cmp(&b.id)));
    longest.map(|silence| &silence.id)
}

/// Where a silence stands at `now`.
pub fn silence_state(silence: &Silence, now: Timestamp) -> SilenceState {
    if now >= silence.ends_at {
        SilenceState::Expired
    } else if now < silence.starts_at {
        SilenceState::Pending
    } else {
        SilenceState::Active
    }
}

/// Checks a silence that somebody wants to make.
pub fn check_silence(silence: &Silence, now: Timestamp) -> Result<(), InvalidSilence> {
    if silence.matchers.iter().all(|matcher| matcher.matches_value("")) {
        return Err(InvalidSilence::MutesEverything);
    }
    if silence.ends_at <= silence.starts_at {
        return Err(InvalidSilence::EndsBeforeItBegins);
    }
    if silence.ends_at <= now {
        return Err(InvalidSilence::AlreadyOver);
    }
    Ok(())
}

/// The same silence, over at `now`; one that is over already stays as it was. One that had not begun never will.
#[must_use]
pub fn expire(silence: &Silence, now: Timestamp) -> Silence {
    let ends_at = silence.ends_at.min(now);
    Silence { starts_at: silence.starts_at.min(ends_at), ends_at, ..silence.clone() }
}

/// Whether an ended silence may be forgotten.
pub fn forgettable(silence: &Silence, now: Timestamp) -> bool {
    silence_state(silence, now) == SilenceState::Expired && now.since(silence.ends_at) > ENDED_RETENTION
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_matchers;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn silence(id: &str, matchers: &str, from: i64, to: i64) -> Silence {
        Silence {
            id: SilenceId::new(id),
            matchers: parse_matchers(matchers).unwrap(),
            starts_at: at(from),
            ends_at: at(to),
            created_by: "ada".to_owned(),
            comment: "maintenance".to_owned(),
        }
    }

    #[test]
    fn it_mutes_only_what_matches_and_only_in_its_time() {
        let silences = [silence("a", r#"job=~"api|web", code!="500""#, 10, 20)];
        let api = Labels::from_pairs([("job", "api")]);
        let muted = |labels: &Labels, now| muted_by(&silences, labels, at(now)).map(SilenceId::as_str);
        assert_eq!(
            [muted(&api, 9), muted(&api, 10), muted(&api, 19), muted(&api, 20)],
            [None, Some("a"), Some("a"), None]
        );
        assert_eq!(muted(&api.with("code", "500"), 10), None);
        assert_eq!(muted(&Labels::from_pairs([("job", "db")]), 10), None);
    }

    #[test]
    fn of_several_the_one_that_lasts_longest_is_named() {
        let silences = [silence("c", "a=b", 0, 20), silence("b", "a=b", 0, 30), silence("a", "a=b", 0, 30)];
        let named = muted_by(&silences, &Labels::from_pairs([("a", "b")]), at(5));
        assert_eq!(named.map(SilenceId::as_str), Some("a"));
    }

    #[test]
    fn an_expired_silence_mutes_no_more_and_is_forgotten_later() {
        let over = expire(&silence("a", "a=b", 0, 100), at(50));
        assert_eq!(silence_state(&over, at(49)), SilenceState::Active);
        assert_eq!(silence_state(&over, at(50)), SilenceState::Expired);
        assert_eq!(expire(&over, at(70)), over);
        assert!(!forgettable(&over, at(50 + 5 * 86_400)));
        assert!(forgettable(&over, at(51 + 5 * 86_400)));
        let unborn = expire(&silence("a", "a=b", 80, 100), at(50));
        assert_eq!((unborn.starts_at, unborn.ends_at), (at(50), at(50)));
    }

    #[test]
    fn what_mutes_everything_or_nothing_is_refused() {
        let check = |matchers, from, to| check_silence(&silence("a", matchers, from, to), at(15));
        assert_eq!(check("a=b", 10, 20), Ok(()));
        assert_eq!(check(r#"a=~".*""#, 10, 20), Err(InvalidSilence::MutesEverything));
        assert_eq!(check("a=b", 20, 10), Err(InvalidSilence::EndsBeforeItBegins));
        assert_eq!(check("a=b", 10, 15), Err(InvalidSilence::AlreadyOver));
    }
}
