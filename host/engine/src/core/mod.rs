//! The core: all state, and everything that is decided on it. `handle(input, now)` changes the state and returns the
//! commits that make the change durable and the actions that follow; it does no I/O and reads no clock, so that a
//! simulation drives it through a week in seconds. The three domains meet here, and only here.

mod alerts;
mod executions;
mod incidents;
mod input;
mod plugin_state;
mod silences;
mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ballast_automation::EffectLog;
use ballast_types::alert::{Alert, AlertKey};
use ballast_types::event::{Commit, Event, Mutation, Record, RecordKey};
use ballast_types::execution::Execution;
use ballast_types::incident::Incident;
use ballast_types::plugin::InstalledPlugin;
use ballast_types::silence::Silence;
use ballast_types::{ExecutionId, IncidentId, PluginName, RuleId, SilenceId, Timestamp};

pub use input::{
    Action, Command, CommandError, EffectTold, Input, NewIncident, NewSilence, Reaction, Reply, RunEvent,
};

use crate::settings::Settings;

/// All state of one host.
pub struct Core {
    settings: Arc<Settings>,
    plugins: BTreeMap<PluginName, InstalledPlugin>,
    alerts: BTreeMap<AlertKey, Alert>,
    silences: BTreeMap<SilenceId, Silence>,
    incidents: BTreeMap<IncidentId, Incident>,
    executions: BTreeMap<ExecutionId, Execution>,
    plugin_state: BTreeMap<(PluginName, String), Vec<u8>>,
    effects: EffectLog,
    /// Ids of all rules in force; `None` until they were read.
    rules: Option<BTreeSet<RuleId>>,
    last: Numbers,
    last_tick: Timestamp,
}

impl Core {
    /// A core with the state that the store had kept.
    pub fn new(settings: Arc<Settings>, records: Vec<Record>) -> Self {
        let mut core = Core {
            settings,
            plugins: BTreeMap::new(),
            alerts: BTreeMap::new(),
            silences: BTreeMap::new(),
            incidents: BTreeMap::new(),
            executions: BTreeMap::new(),
            plugin_state: BTreeMap::new(),
            effects: EffectLog::default(),
            rules: None,
            last: Numbers::default(),
            last_tick: Timestamp::MAX,
        };
        for record in records {
            core.last.saw(&record.key());
            core.put(record);
        }
        core.recall_effects();
        core
    }

    /// Decides on one input.
    pub fn handle(&mut self, input: Input, now: Timestamp) -> Reaction {
        let mut draft = Draft::new(now);
        let reply = match input {
            Input::Command(command) => self.command(command, &mut draft),
            Input::Rule(outcome) => {
                self.rule_evaluated(*outcome, &mut draft);
                Ok(Reply::Done)
            }
            Input::RulesReplaced { rules } => {
                self.rules = Some(rules);
                self.retire_alerts(&mut draft);
                Ok(Reply::Done)
            }
            Input::Run(id, event) => self.run_event(&id, event, &mut draft),
            Input::Plugins(plugins) => {
                self.plugins = plugins;
                Ok(Reply::Done)
            }
            Input::PluginState { plugin, key, value } => {
                self.keep_plugin_state(plugin, key, value, &mut draft)
            }
            Input::Told(event) => {
                draft.commit(event, []);
                Ok(Reply::Done)
            }
            Input::Tick => {
                self.tick(&mut draft);
                Ok(Reply::Done)
            }
        };
        Core::decided(draft, reply)
    }

    /// All changes of one decision go with its first event: a crash may then lose events from the end of the list, but
    /// never leaves half a decision in the state. Of a record that changed often (an incident that many alerts join), only
    /// what it became in the end is written.
    fn decided(draft: Draft, reply: Result<Reply, CommandError>) -> Reaction {
        let Draft { mut commits, actions, .. } = draft;
        let mutations: Vec<_> =
            commits.iter_mut().flat_map(|commit| std::mem::take(&mut commit.mutations)).collect();
        if let Some(first) = commits.first_mut() {
            first.mutations = last_of_each(mutations);
        }
        Reaction { commits, actions, reply }
    }

    fn command(&mut self, command: Command, draft: &mut Draft) -> Result<Reply, CommandError> {
        match command {
            Command::Silence(new) => self.silence(new, draft),
            Command::ExpireSilence { id } => self.expire_silence(&id, draft),
            Command::CancelExecution { id, by } => self.run_event(&id, RunEvent::Cancelled { by }, draft),
            other => self.incident_command(other, draft),
        }
    }

    /// What only time changes.
    fn tick(&mut self, draft: &mut Draft) {
        let since = std::mem::replace(&mut self.last_tick, draft.now);
        self.tick_silences(since, draft);
        self.retire_alerts(draft);
        self.fire_unmuted(draft);
        self.tick_incidents(draft);
        self.retry_remediations(draft);
    }

    /// Folds a mutation into the state, as the store does.
    fn apply(&mut self, mutation: &Mutation) {
        match mutation {
            Mutation::Put(record) => self.put((**record).clone()),
            Mutation::Remove(key) => self.remove(key),
        }
    }

    fn put(&mut self, record: Record) {
        match record {
            Record::Alert(alert) => drop(self.alerts.insert(alert.key.clone(), alert)),
            Record::Silence(silence) => drop(self.silences.insert(silence.id.clone(), silence)),
            Record::Incident(incident) => drop(self.incidents.insert(incident.id.clone(), incident)),
            Record::Execution(execution) => drop(self.executions.insert(execution.id.clone(), execution)),
            Record::PluginState { plugin, key, value } => {
                drop(self.plugin_state.insert((plugin, key), value))
            }
        }
    }

    fn remove(&mut self, key: &RecordKey) {
        match key {
            RecordKey::Alert(key) => drop(self.alerts.remove(key)),
            RecordKey::Silence(id) => drop(self.silences.remove(id)),
            RecordKey::Incident(id) => drop(self.incidents.remove(id)),
            RecordKey::Execution(id) => drop(self.executions.remove(id)),
            RecordKey::PluginState(plugin, key) => {
                drop(self.plugin_state.remove(&(plugin.clone(), key.clone())));
            }
        }
    }
}

/// What a decision is made of, while it is being made.
pub(crate) struct Draft {
    now: Timestamp,
    commits: Vec<Commit>,
    actions: Vec<Action>,
}

impl Draft {
    fn new(now: Timestamp) -> Self {
        Draft { now, commits: Vec::new(), actions: Vec::new() }
    }

    fn commit(&mut self, event: Event, mutations: impl IntoIterator<Item = Mutation>) {
        self.commits.push(Commit { at: self.now, event, mutations: mutations.into_iter().collect() });
    }
}

/// The highest number of each kind of record that is kept. The next one is one higher.
#[derive(Clone, Copy, Debug, Default)]
struct Numbers {
    incident: u64,
    execution: u64,
    silence: u64,
}

impl Numbers {
    /// Takes the number in `INC-42`, `EX-42` or `SIL-42` into account.
    fn saw(&mut self, key: &RecordKey) {
        let (last, text) = match key {
            RecordKey::Incident(id) => (&mut self.incident, id.as_str()),
            RecordKey::Execution(id) => (&mut self.execution, id.as_str()),
            RecordKey::Silence(id) => (&mut self.silence, id.as_str()),
            RecordKey::Alert(_) | RecordKey::PluginState(..) => return,
        };
        let number = text.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        *last = (*last).max(number);
    }
}

fn next(last: &mut u64) -> u64 {
    *last += 1;
    *last
}

fn last_of_each(mutations: Vec<Mutation>) -> Vec<Mutation> {
    let mut seen = BTreeSet::new();
    let mut kept: Vec<_> =
        mutations.into_iter().rev().filter(|mutation| seen.insert(key_of(mutation))).collect();
    kept.reverse();
    kept
}

fn key_of(mutation: &Mutation) -> RecordKey {
    match mutation {
        Mutation::Put(record) => record.key(),
        Mutation::Remove(key) => key.clone(),
    }
}

fn put(record: Record) -> Mutation {
    Mutation::Put(Box::new(record))
}

#[cfg(test)]
mod tests;
