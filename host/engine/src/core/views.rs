//! Looks at the core's state, for the API and for the tasks of the engine.

use std::sync::Arc;

use ballast_automation::{EffectLog, Funnel, funnel};
use ballast_types::alert::Alert;
use ballast_types::execution::{Execution, ExecutionState};
use ballast_types::incident::Incident;
use ballast_types::silence::Silence;
use ballast_types::{ExecutionId, IncidentId, PluginName, SilenceId, Timestamp};

use super::Core;
use crate::settings::Settings;

impl Core {
    /// What is configured.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// All alerts that are not inactive.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values()
    }

    /// The silence that mutes an alert now.
    pub fn muted_by(&self, alert: &Alert, now: Timestamp) -> Option<SilenceId> {
        self.muted(&alert.labels, now)
    }

    /// All silences, those that are over among them.
    pub fn silences(&self) -> impl Iterator<Item = &Silence> {
        self.silences.values()
    }

    /// All incidents.
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values()
    }

    /// One incident.
    pub fn incident(&self, id: &IncidentId) -> Option<&Incident> {
        self.incidents.get(id)
    }

    /// All executions.
    pub fn executions(&self) -> impl Iterator<Item = &Execution> {
        self.executions.values()
    }

    /// One execution.
    pub fn execution(&self, id: &ExecutionId) -> Option<&Execution> {
        self.executions.get(id)
    }

    /// Executions whose indicator is being watched.
    pub fn verifying(&self) -> Vec<Execution> {
        let verifying = |e: &&Execution| matches!(e.state, ExecutionState::Verifying { .. });
        self.executions.values().filter(verifying).cloned().collect()
    }

    /// The auto-remediation funnel.
    pub fn funnel(&self) -> Funnel {
        funnel(self.executions.values())
    }

    /// What was done within the last hour.
    pub fn effects(&self) -> &EffectLog {
        &self.effects
    }

    /// A value that a plugin keeps.
    pub fn plugin_state(&self, plugin: &PluginName, key: &str) -> Option<Vec<u8>> {
        self.plugin_state.get(&(plugin.clone(), key.to_owned())).cloned()
    }
}
