//! Guards: limits on effects that hold whatever a plugin wants. They look at what was done, not at what is intended.

use std::collections::VecDeque;
use std::time::Duration;

use ballast_types::call::{CallError, CallErrorKind};
use ballast_types::{PluginName, ServiceName, Timestamp};

const HOUR: Duration = Duration::from_secs(3600);

/// Limits for one runbook; each counts per service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guards {
    /// Most effects in any hour.
    pub effects_per_hour_max: u32,
    /// How long after a run that did not help no other may begin.
    pub cool_down: Duration,
}

impl Default for Guards {
    fn default() -> Self {
        Guards { effects_per_hour_max: 10, cool_down: Duration::from_secs(600) }
    }
}

/// When which runbook did something to which service; only the last hour.
#[derive(Clone, Debug, Default)]
pub struct EffectLog {
    effects: VecDeque<(Timestamp, PluginName, ServiceName)>,
}

impl EffectLog {
    /// Notes an effect and forgets those older than an hour.
    pub fn record(&mut self, at: Timestamp, runbook: &PluginName, service: &ServiceName) {
        self.effects.push_back((at, runbook.clone(), service.clone()));
        while self.effects.front().is_some_and(|(first, ..)| at.since(*first) >= HOUR) {
            self.effects.pop_front();
        }
    }

    /// How many effects a runbook had on a service in the hour before `now`.
    pub fn count(&self, runbook: &PluginName, service: &ServiceName, now: Timestamp) -> usize {
        let counts = |(at, r, s): &&(Timestamp, PluginName, ServiceName)| {
            r == runbook && s == service && now.since(*at) < HOUR
        };
        self.effects.iter().filter(counts).count()
    }

    /// Lets one more effect pass, or says why not.
    pub fn admit(
        &self,
        guards: &Guards,
        runbook: &PluginName,
        service: &ServiceName,
        now: Timestamp,
    ) -> Result<(), CallError> {
        let done = self.count(runbook, service, now);
        if done < guards.effects_per_hour_max as usize {
            return Ok(());
        }
        let message = format!(
            "act on {service}: {runbook} has had {done} effects on it within an hour, and at most {} are allowed",
            guards.effects_per_hour_max
        );
        Err(CallError::new(CallErrorKind::Refused, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_per_service_and_passes_with_the_hour() {
        let (runbook, api, web) = (PluginName::new("fix"), ServiceName::new("api"), ServiceName::new("web"));
        let guards = Guards { effects_per_hour_max: 2, ..Guards::default() };
        let mut log = EffectLog::default();
        log.record(Timestamp::from_secs(0), &runbook, &api);
        assert!(log.admit(&guards, &runbook, &api, Timestamp::from_secs(1)).is_ok());
        log.record(Timestamp::from_secs(10), &runbook, &api);
        let refused = log.admit(&guards, &runbook, &api, Timestamp::from_secs(3599)).unwrap_err();
        assert_eq!(refused.kind, CallErrorKind::Refused);
        assert!(log.admit(&guards, &runbook, &web, Timestamp::from_secs(11)).is_ok());
        assert!(log.admit(&guards, &runbook, &api, Timestamp::from_secs(3600)).is_ok());
    }
}
