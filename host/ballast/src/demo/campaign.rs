//! A campaign: one fault after another, each watched from its injection until all is calm again.

use std::time::Duration;

use jiff::Timestamp;

use super::draw::Screen;
use super::host::{Host, Incident};
use super::platform::Platform;
use crate::failure::Failure;

/// How often the host is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How long a fault may stay undetected.
const DETECTED_WITHIN: Duration = Duration::from_secs(30);
/// How long a repair with its verification may take.
const REPAIRED_WITHIN: Duration = Duration::from_secs(120);
/// How long it may take until nothing fires and no incident is open.
const CALM_WITHIN: Duration = Duration::from_secs(90);
/// How long a fault that nobody repairs is left for the spectator.
const LEFT_BROKEN: Duration = Duration::from_secs(4);

/// A fault that the platform knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: &'static str,
    pub(super) service: &'static str,
    /// Whether a runbook is there for it.
    pub(super) repairable: bool,
}

const fn fault(kind: &'static str, service: &'static str, repairable: bool) -> Fault {
    Fault { kind, service, repairable }
}

const FAULTS: [Fault; 5] = [
    fault("bad-release", "document-processing", true),
    fault("memory-leak", "model-management", false),
    fault("pool-leak", "document-processing", false),
    fault("kill", "model-management", false),
    fault("slow-dependency", "document-store", false),
];

/// What was seen of one fault. Times count from its injection, in milliseconds.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    pub(super) fault: Fault,
    pub(super) detected_after_ms: Option<i64>,
    pub(super) first_action_after_ms: Option<i64>,
    pub(super) recovered_after_ms: Option<i64>,
    pub(super) verified: bool,
    pub(super) wrong_effects: usize,
}

/// The faults that were asked for; all where none was.
pub(super) fn chosen(names: &[String]) -> Result<Vec<Fault>, Failure> {
    if names.is_empty() {
        return Ok(FAULTS.to_vec());
    }
    let find = |name: &String| {
        FAULTS.iter().find(|fault| fault.kind == name).cloned().ok_or_else(|| {
            let known = FAULTS.map(|fault| fault.kind).join(", ");
            Failure::with_help(
                "choose the faults",
                format!("there is no fault `{name}`"),
                format!("known are {known}"),
            )
        })
    };
    names.iter().map(find).collect()
}

/// Another order, the same for the same seed.
pub(super) fn shuffle(faults: &mut [Fault], dice: &mut u64) {
    for last in (1..faults.len()).rev() {
        *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(*dice >> 33).unwrap_or(0) % (last + 1);
        faults.swap(last, other);
    }
}

/// Waits until traffic flows and nothing fires.
pub(super) async fn settle(host: &Host, screen: &Screen) -> Result<(), Failure> {
    let deadline = tokio::time::Instant::now() + CALM_WITHIN;
    while tokio::time::Instant::now() < deadline {
        screen.follow(host).await?;
        let traffic = host.query("sum(rate(http_requests_total[5s]))").await?.unwrap_or(0.0);
        if traffic > 1.0 && calm(host).await? {
            screen.say("calm", "traffic flows, nothing fires");
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(Failure::with_help("begin the campaign", "the platform did not come to rest", "see what fires above"))
}

async fn calm(host: &Host) -> Result<bool, Failure> {
    let firing = host.alerts().await?.iter().any(|alert| alert.state != "resolved");
    let open = host.incidents().await?.iter().any(|incident| incident.state != "resolved");
    Ok(!firing && !open)
}

/// Injects one fault and watches it to its end.
pub(super) async fn run_fault(
    fault: &Fault,
    platform: &Platform,
    host: &Host,
    screen: &Screen,
) -> Result<Observed, Failure> {
    let injected_at = Timestamp::now();
    let id = platform.inject(fault.kind, fault.service).await?;
    screen.say("fault", &format!("{} in {}", fault.kind, fault.service));
    let mut watch = Watch { fault, host, screen, injected_at };
    let detected = watch.detected().await?;
    if fault.repairable && detected.is_some() {
        watch.repaired().await?;
    } else {
        // Nobody repairs it: a person does, in the person of the demo.
        watch.look_on(LEFT_BROKEN).await?;
    }
    let verified_by_then = watch.verdict().await?.as_deref() == Some("helped");
    if !verified_by_then {
        platform.heal(&id).await?;
        screen.say(
            "healed",
            &format!("{} in {}, by hand: it has no runbook or was not repaired", fault.kind, fault.service),
        );
    }
    watch.until_calm().await?;
    watch.observed(platform, detected).await
}

struct Watch<'a> {
    fault: &'a Fault,
    host: &'a Host,
    screen: &'a Screen,
    injected_at: Timestamp,
}

impl Watch<'_> {
    /// When the first alert about the broken service fired.
    async fn detected(&mut self) -> Result<Option<Timestamp>, Failure> {
        let deadline = tokio::time::Instant::now() + DETECTED_WITHIN;
        while tokio::time::Instant::now() < deadline {
            self.screen.follow(self.host).await?;
            let alerts = self.host.alerts().await?;
            let about =
                alerts.iter().filter(|a| a.labels.get("service").is_some_and(|s| s == self.fault.service));
            let since =
                about.filter_map(|alert| alert.firing_since).filter(|since| *since >= self.injected_at).min();
            if since.is_some() {
                return Ok(since);
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(None)
    }

    /// Waits until an execution about the service is over.
    async fn repaired(&mut self) -> Result<(), Failure> {
        let deadline = tokio::time::Instant::now() + REPAIRED_WITHIN;
        while tokio::time::Instant::now() < deadline {
            self.screen.follow(self.host).await?;
            if self.verdict().await?.is_some()
                || self.incident().await?.is_some_and(|incident| incident.escalated)
            {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    async fn look_on(&mut self, time: Duration) -> Result<(), Failure> {
        let deadline = tokio::time::Instant::now() + time;
        while tokio::time::Instant::now() < deadline {
            self.screen.follow(self.host).await?;
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    async fn until_calm(&mut self) -> Result<(), Failure> {
        let deadline = tokio::time::Instant::now() + CALM_WITHIN;
        while tokio::time::Instant::now() < deadline {
            self.screen.follow(self.host).await?;
            if calm(self.host).await? {
                self.screen.say("calm", "nothing fires, no incident is open");
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(Failure::new("go on with the campaign", "the platform did not come to rest"))
    }

    /// The incident about the broken service that this fault opened.
    async fn incident(&self) -> Result<Option<Incident>, Failure> {
        let incidents = self.host.incidents().await?;
        let own = |incident: &&Incident| {
            incident.service.as_deref() == Some(self.fault.service) && incident.opened_at >= self.injected_at
        };
        Ok(incidents.iter().rev().find(own).cloned())
    }

    async fn verdict(&self) -> Result<Option<String>, Failure> {
        let Some(incident) = self.incident().await? else { return Ok(None) };
        let Some(execution) = incident.executions.last() else { return Ok(None) };
        Ok(self.host.execution(execution).await?.verdict)
    }

    async fn observed(&self, platform: &Platform, detected: Option<Timestamp>) -> Result<Observed, Failure> {
        let after = |at: Timestamp| at.as_millisecond() - self.injected_at.as_millisecond();
        let incident = match self.incident().await? {
            Some(incident) => Some(self.host.incident(&incident.id).await?),
            None => None,
        };
        let mut first_action = None;
        for id in incident.iter().flat_map(|incident| &incident.executions) {
            let journal = self.host.execution(id).await?.journal;
            let effects = journal.iter().filter(|call| call.class.ends_with("effect")).map(|call| call.at);
            first_action = first_action.into_iter().chain(effects).min();
        }
        let mitigated = |incident: &Incident| {
            let line =
                incident.timeline.iter().rev().find(|l| l.kind == "state" && l.text.starts_with("mitigated"));
            line.map(|line| line.at)
        };
        Ok(Observed {
            fault: self.fault.clone(),
            detected_after_ms: detected.map(after),
            first_action_after_ms: first_action.map(after),
            recovered_after_ms: incident.as_ref().and_then(mitigated).map(after),
            verified: self.verdict().await?.as_deref() == Some("helped"),
            wrong_effects: self.wrong_effects(platform).await?,
        })
    }

    /// Effects of the host since the injection that no runbook should have had: on services that had no fault, and any
    /// at all where there is no runbook for the fault.
    async fn wrong_effects(&self, platform: &Platform) -> Result<usize, Failure> {
        let effects = platform.effects().await?;
        let ours =
            effects.iter().filter(|effect| effect.key.as_deref().is_some_and(|key| key.starts_with("EX-")));
        let since =
            ours.filter(|effect| effect.at.parse::<Timestamp>().is_ok_and(|at| at >= self.injected_at));
        Ok(since.filter(|effect| effect.service != self.fault.service || !self.fault.repairable).count())
    }
}
