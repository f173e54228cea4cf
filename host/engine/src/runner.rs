//! The runner: performs the core's actions. Each run is a task of its own; a run that is already under way is not begun again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ballast_ports::{Door, Halt, RunFailure, RunRequest};
use ballast_types::call::{Call, ServiceEffect};
use ballast_types::execution::{Execution, ExecutionState};
use ballast_types::plugin::{Grant, ServiceScope};
use ballast_types::{ExecutionId, Timestamp};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::core::{Action, Input, RunEvent};
use crate::door::{Bounds, DoorShared, RunDoor};
use crate::plugins::Plugins;
use crate::verifier::indicator_value;

/// How long the host's own effects (an inverse) may take each.
const UNDO_CALL_MAX: Duration = Duration::from_secs(60);

/// What the runner needs.
pub(crate) struct Runner {
    pub(crate) shared: Arc<DoorShared>,
    pub(crate) plugins: Arc<Plugins>,
}

/// Performs actions until their source is gone.
pub(crate) async fn run(runner: Arc<Runner>, mut actions: mpsc::UnboundedReceiver<Action>) {
    let mut tasks = JoinSet::new();
    let mut under_way = HashMap::new();
    loop {
        let action = tokio::select! {
            action = actions.recv() => action,
            Some(ended) = tasks.join_next_with_id() => {
                let id = match &ended { Ok((id, ())) => *id, Err(error) => error.id() };
                under_way.retain(|_: &ExecutionId, (task, _): &mut (tokio::task::Id, tokio::task::AbortHandle)| *task != id);
                continue;
            }
        };
        match action {
            None => return,
            Some(Action::Stop(id)) => {
                if let Some((_, handle)) = under_way.remove(&id) {
                    handle.abort();
                }
            }
            Some(Action::Run(id)) if !under_way.contains_key(&id) => {
                let runner = runner.clone();
                let execution = id.clone();
                let handle = tasks.spawn(async move { runner.run(&execution).await });
                under_way.insert(id, (handle.id(), handle));
            }
            Some(Action::Undo(id)) => {
                // The run itself is over when this comes, so that its entry may be replaced.
                let runner = runner.clone();
                let execution = id.clone();
                let handle = tasks.spawn(async move { runner.undo(&execution).await });
                under_way.insert(id, (handle.id(), handle));
            }
            Some(Action::Run(_)) => {}
        }
    }
}

impl Runner {
    fn execution(&self, id: &ExecutionId) -> Option<Execution> {
        self.shared.dispatcher.core().execution(id).cloned()
    }

    async fn run(&self, id: &ExecutionId) {
        let Some(execution) = self.execution(id) else { return };
        let indicator = execution.objective.as_ref().and_then(|objective| {
            indicator_value(&*self.shared.series, &objective.indicator, self.shared.clock.now())
        });
        if !self.tell(id, RunEvent::Started { indicator }).await {
            return;
        }
        let event = match self.component(&execution).await {
            Ok(outcome) => RunEvent::Returned(outcome),
            Err(failure) => {
                let diverged = matches!(failure, RunFailure::Halted(Halt::Diverged { .. }));
                RunEvent::Failed { reason: failure.to_string(), diverged }
            }
        };
        self.tell(id, event).await;
    }

    async fn component(
        &self,
        execution: &Execution,
    ) -> Result<ballast_types::execution::Outcome, RunFailure> {
        let settings = self.shared.dispatcher.core().settings().clone();
        let policy = settings.policy(&execution.runbook).ok_or_else(|| {
            RunFailure::NotGranted(format!("anything: no policy names {} any more", execution.runbook))
        })?;
        self.plugins.ensure(&execution.digest).await?;
        let shared = self.shared.clone();
        let bounds = Bounds {
            grant: policy.grant.clone(),
            guards: policy.guards.clone(),
            call_time_max: policy.limits.call_max,
            ends_at: execution.requested_at + policy.limits.total_max,
        };
        let door = RunDoor::open(shared, execution.clone(), execution.id.clone(), bounds).await?;
        let request = RunRequest {
            digest: execution.digest.clone(),
            grant: policy.grant.clone(),
            limits: policy.limits,
            execution: execution.id.clone(),
            incident: execution.incident.clone(),
            service: execution.service.clone(),
            alert_name: execution.alert_name.clone(),
            alert_labels: execution.alert_labels.clone(),
            parameters: execution.parameters.clone(),
            mode: execution.mode,
            started_at: execution.requested_at,
        };
        self.plugins.runtime().run_runbook(request, Arc::new(door)).await
    }

    /// Applies the declared inverse through the same door, with a journal of its own.
    async fn undo(&self, id: &ExecutionId) {
        let Some(execution) = self.execution(id) else { return };
        let ExecutionState::Undoing { outcome, .. } = &execution.state else { return };
        let inverse = outcome.inverse.clone();
        let failure = match self.apply_all(&execution, inverse).await {
            Ok(failures) if failures.is_empty() => None,
            Ok(failures) => Some(failures.join("; ")),
            Err(halt) => Some(halt.to_string()),
        };
        self.tell(id, RunEvent::Undone { failure }).await;
    }

    async fn apply_all(
        &self,
        execution: &Execution,
        inverse: Vec<ServiceEffect>,
    ) -> Result<Vec<String>, Halt> {
        let settings = self.shared.dispatcher.core().settings().clone();
        let policy = settings.policy(&execution.runbook);
        // An inverse may touch what the runbook may touch and nothing else, but no hourly limit holds it back:
        // what was begun must be undone.
        let grant = policy
            .map(|policy| policy.grant.clone())
            .unwrap_or_else(|| Grant { act: ServiceScope::None, ..Grant::default() });
        let guards = ballast_automation::Guards { effects_per_hour_max: u32::MAX, ..Default::default() };
        let journal = ExecutionId::new(format!("{}-undo", execution.id));
        let bounds = Bounds { grant, guards, call_time_max: UNDO_CALL_MAX, ends_at: Timestamp::MAX };
        let door = RunDoor::open(self.shared.clone(), execution.clone(), journal, bounds).await?;
        let mut failures = Vec::new();
        for effect in inverse {
            if let Err(error) = door.call(Call::ServiceEffect(effect)).await? {
                failures.push(error.to_string());
            }
        }
        Ok(failures)
    }

    /// Tells the core; whether it accepted.
    async fn tell(&self, id: &ExecutionId, event: RunEvent) -> bool {
        match self.shared.dispatcher.submit(Input::Run(id.clone(), event)).await {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(execution = %id, %error, "an execution's event was refused");
                false
            }
        }
    }
}
