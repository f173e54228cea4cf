//! The evaluator: one task a rule group, each at its own pace, so that a slow group delays no other. A reload replaces only
//! the groups that changed; what alerts have learned lies in the core under the rule's content, and nothing starts anew.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ballast_alerting::{
    AlertRule, AlertRuleOutcome, Externals, Rule, RuleGroup, alert_series, evaluate_alert_rule,
    evaluate_recording_rule,
};
use ballast_ports::{Clock, SeriesStore};
use ballast_promql::{Options, Tick, Value};
use ballast_types::alert::{Alert, AlertState, AlertTransition};
use ballast_types::event::Event;
use ballast_types::series::stale_nan;
use ballast_types::{Labels, RuleId, Sample, Timestamp};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::core::Input;
use crate::dispatcher::Dispatcher;
use crate::rulebook::{RuleBook, RuleStatus};
use crate::settings::Settings;
use crate::source::{Source, SourceError};
use crate::telemetry::Telemetry;

/// What evaluation needs.
pub(crate) struct Evaluation {
    pub(crate) rulebook: Arc<RuleBook>,
    pub(crate) series: Arc<dyn SeriesStore>,
    pub(crate) source: Source,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) telemetry: Arc<Telemetry>,
    /// The latest instants and what their rules share.
    pub(crate) ticks: Mutex<VecDeque<(Timestamp, Arc<Tick>)>>,
    /// What each rule last wrote, so that what it no longer writes is marked stale.
    pub(crate) written: Mutex<HashMap<RuleId, HashSet<Labels>>>,
    /// From when on the samples since the start suffice to say that a condition is over.
    pub(crate) filled_at: Timestamp,
}

/// How long after a start an expression may see nothing only because nobody scraped while the host was down: a rate needs
/// two samples, and the first scrapes come one after another.
pub(crate) fn time_to_fill(settings: &Settings) -> Duration {
    let declared = settings.targets.iter().map(|declared| declared.target.interval).max();
    // What jobs discover and others send comes at a pace that is not known; as a rule that of the evaluation.
    declared.unwrap_or_default().max(settings.discovered_interval).max(settings.evaluation_interval) * 4
}

/// How long a group rests whose evaluation broke off.
const PAUSE: Duration = Duration::from_secs(5);

/// Instants whose results are kept: groups of other intervals and offsets have instants of their own.
const TICKS_MAX: usize = 4;

/// The task of each group in force. A group is told by everything in it, so that any change makes it another.
type Tasks = HashMap<String, AbortHandle>;

/// Evaluates until the engine stops. A group whose evaluation breaks off is begun again after a pause.
pub(crate) async fn run(evaluation: Arc<Evaluation>, mut changes: watch::Receiver<u64>) {
    let (mut tasks, mut running) = (JoinSet::new(), Tasks::new());
    loop {
        changes.mark_unchanged();
        replace_tasks(&evaluation, &mut tasks, &mut running);
        tokio::select! {
            // The sender lives in the reloader, which lives as long as the engine.
            changed = changes.changed() => if changed.is_err() { return },
            Some(Err(error)) = tasks.join_next() => {
                if error.is_panic() {
                    tracing::error!(%error, "the evaluation of a rule group broke off");
                    evaluation.clock.sleep_until(evaluation.clock.now() + PAUSE).await;
                }
            }
        }
        running.retain(|_, handle| !handle.is_finished());
    }
}

/// Starts what is new, ends what is gone, and leaves alone what is as it was.
fn replace_tasks(evaluation: &Arc<Evaluation>, tasks: &mut JoinSet<()>, running: &mut Tasks) {
    let rules = evaluation.rulebook.rules();
    let wanted: HashMap<_, _> = rules.groups().iter().map(|group| (format!("{group:?}"), group)).collect();
    running.retain(|key, handle| {
        let keep = wanted.contains_key(key);
        if !keep {
            handle.abort();
        }
        keep
    });
    for (key, group) in wanted {
        running
            .entry(key)
            .or_insert_with(|| tasks.spawn(evaluate_steadily(evaluation.clone(), group.clone())));
    }
    evaluation.retire(&evaluation.rulebook.ids());
}

/// Groups of one interval share their instants, so that what their rules have in common is computed once.
async fn evaluate_steadily(evaluation: Arc<Evaluation>, group: Arc<RuleGroup>) {
    let default = evaluation.dispatcher.core().settings().evaluation_interval;
    let interval = group.interval.unwrap_or(default);
    let mut due = evaluation.clock.now();
    loop {
        let began = evaluation.clock.now();
        evaluation.group(&group, due).await;
        let now = evaluation.clock.now();
        evaluation.telemetry.group_took(now.since(began));
        due = slot_after(now, interval);
        evaluation.clock.sleep_until(due).await;
    }
}

/// The next instant that is a multiple of an interval; those that were missed are skipped, not made up for.
fn slot_after(now: Timestamp, interval: Duration) -> Timestamp {
    let interval_ms = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX).max(1);
    let slot = now.as_millis().div_euclid(interval_ms).saturating_add(1);
    Timestamp::from_millis(slot.saturating_mul(interval_ms))
}

/// What a template asks, from a thread that may wait.
fn ask(
    runtime: &Handle,
    source: &Source,
    expression: &str,
    at: Timestamp,
) -> Result<Vec<(Labels, f64)>, String> {
    let parsed = source.parse(expression).map_err(|error| error.to_string())?;
    let value = runtime.block_on(source.instant(&parsed, at, Options::default()));
    let elements = value.map_err(|error| error.to_string())?.into_vector().into_iter();
    Ok(elements.map(|sample| (sample.labels, sample.value)).collect())
}

/// What is not in a result right after a start is not over, it is unseen: it stays as it was.
fn keep_unseen(outcome: &mut AlertRuleOutcome) {
    let seen = |alert: &Alert| {
        matches!(alert.state, AlertState::Pending { .. } | AlertState::Firing { cleared_at: None, .. })
    };
    outcome.alerts.retain(seen);
    outcome.transitions.retain(|(_, t)| matches!(t, AlertTransition::Pending | AlertTransition::Firing));
    outcome.removed.clear();
}

impl Evaluation {
    /// Evaluates the rules of a group in their order, so that one may read what another has just recorded.
    async fn group(&self, group: &RuleGroup, due: Timestamp) {
        let at = due - group.query_offset.unwrap_or(Duration::ZERO);
        let expressions: Vec<_> = group.rules.iter().map(|rule| rule.expression().clone()).collect();
        let known = self.source.together(&expressions, at).await;
        for (rule, known) in group.rules.iter().zip(known) {
            self.rule(rule, known, at).await;
        }
    }

    /// What the rules of an instant share.
    fn tick(&self, at: Timestamp) -> Arc<Tick> {
        let mut ticks = self.ticks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, tick)) = ticks.iter().find(|(of, _)| *of == at) {
            return tick.clone();
        }
        let tick = Arc::new(Tick::new(self.series.clone(), at, Options::default()));
        if ticks.len() >= TICKS_MAX {
            ticks.pop_front();
        }
        ticks.push_back((at, tick.clone()));
        tick
    }

    /// What the rules of an instant have computed so far may be another once these series are written.
    fn forget(&self, at: Timestamp, written: &HashSet<Labels>) {
        let names: HashSet<&str> = written.iter().filter_map(Labels::metric_name).collect();
        let tick = self.tick(at);
        names.into_iter().for_each(|name| tick.forget_metric(name));
    }

    /// `known` is the value of the rule's expression where it was asked for together with others.
    async fn rule(&self, rule: &Rule, known: Option<Result<Value, SourceError>>, at: Timestamp) {
        let began = self.clock.now();
        let value = match known {
            Some(known) => known,
            None => self.source.in_tick(&self.tick(at), rule.expression(), at).await,
        };
        // A failed query says nothing about the condition: every alert stays as it is.
        let (series, error) = match value {
            Ok(value) => {
                let elements = value.into_vector().into_iter();
                let vector: Vec<_> = elements.map(|sample| (sample.labels, sample.value)).collect();
                (vector.len(), self.take(rule, vector, at).await.err())
            }
            Err(error) => (0, Some(error.to_string())),
        };
        self.telemetry.evaluated(error.is_none());
        let took = self.clock.now().since(began);
        self.note(rule, RuleStatus { evaluated_at: Some(began), took, error, series }).await;
    }

    async fn take(&self, rule: &Rule, vector: Vec<(Labels, f64)>, at: Timestamp) -> Result<(), String> {
        let samples = match rule {
            Rule::Alert(rule) => self.alert(rule, vector, at).await?,
            Rule::Record(rule) => {
                evaluate_recording_rule(rule, &vector).map_err(|error| error.to_string())?
            }
        };
        self.write(rule.id(), samples, at)
    }

    /// Templates may ask queries and take long; they are expanded where that disturbs no task.
    async fn alert(
        &self,
        rule: &AlertRule,
        vector: Vec<(Labels, f64)>,
        at: Timestamp,
    ) -> Result<Vec<(Labels, f64)>, String> {
        let active = self.dispatcher.core().alerts_of(&rule.id);
        let (source, owned, runtime) = (self.source.clone(), rule.clone(), Handle::current());
        let step = move || {
            let mut query = |expression: &str, at: Timestamp| ask(&runtime, &source, expression, at);
            evaluate_alert_rule(&owned, &active, &vector, at, &mut query, &Externals::default())
        };
        let stepped = tokio::task::spawn_blocking(step).await;
        let mut outcome = stepped
            .map_err(|error| format!("expand the templates: {error}"))?
            .map_err(|error| error.to_string())?;
        if at < self.filled_at {
            keep_unseen(&mut outcome);
        }
        for warning in &outcome.warnings {
            tracing::warn!(rule = %rule.name, "{warning}");
        }
        self.dispatcher.submit(Input::Rule(Box::new(outcome))).await.map_err(|error| error.to_string())?;
        let now_active = self.dispatcher.core().alerts_of(&rule.id);
        Ok(now_active.values().flat_map(alert_series).collect())
    }

    /// Appends what a rule yields, and marks stale what it yielded before and does not yield any more.
    fn write(&self, rule: &RuleId, samples: Vec<(Labels, f64)>, at: Timestamp) -> Result<(), String> {
        let present: HashSet<_> = samples.iter().map(|(labels, _)| labels.clone()).collect();
        let before = {
            let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            written.insert(rule.clone(), present.clone()).unwrap_or_default()
        };
        let batch = samples.into_iter().map(|(labels, value)| (labels, Sample { at, value }));
        let gone: HashSet<Labels> = before.difference(&present).cloned().collect();
        let ended = gone.iter().map(|labels| (labels.clone(), Sample { at, value: stale_nan() }));
        self.append(&batch.chain(ended).collect::<Vec<_>>())?;
        self.forget(at, &present);
        self.forget(at, &gone);
        Ok(())
    }

    /// Marks stale what rules wrote that are not in force any more.
    fn retire(&self, in_force: &BTreeSet<RuleId>) {
        let mut gone = Vec::new();
        self.written.lock().unwrap_or_else(PoisonError::into_inner).retain(|rule, labels| {
            let keep = in_force.contains(rule);
            if !keep {
                gone.extend(labels.drain());
            }
            keep
        });
        let at = self.clock.now();
        let batch: Vec<_> =
            gone.into_iter().map(|labels| (labels, Sample { at, value: stale_nan() })).collect();
        if let Err(error) = self.append(&batch) {
            tracing::error!(%error, "cannot mark the series of retired rules as stale");
        }
    }

    fn append(&self, batch: &[(Labels, Sample)]) -> Result<(), String> {
        let summary = self.series.append(batch).map_err(|error| error.to_string())?;
        self.telemetry.appended(&summary);
        Ok(())
    }

    /// Tells when a rule's health changes, not each time it is as it was.
    async fn note(&self, rule: &Rule, status: RuleStatus) {
        let error = status.error.clone();
        let before = self.rulebook.note(rule.id(), status);
        if before.error == error {
            return;
        }
        let event = Event::RuleHealth { rule: rule.id().clone(), name: rule.name().to_owned(), error };
        if let Err(error) = self.dispatcher.submit(Input::Told(event)).await {
            tracing::warn!(%error, "cannot note a rule's health");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_one_interval_meet_at_the_same_instants() {
        let (interval, at) = (Duration::from_secs(15), Timestamp::from_millis);
        for now in [30_000, 30_001, 44_999] {
            assert_eq!(slot_after(at(now), interval), at(45_000));
        }
        assert_eq!(slot_after(at(-1), interval), at(0));
        assert_eq!(slot_after(at(7), Duration::ZERO), at(8));
    }
}
