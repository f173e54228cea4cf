//! The runner: performs the core's actions. Each run is a task of its own; a run that is already under way is not begun again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ballast_ports::{Door, Halt, RunFailure, RunRequest};
use ballast_types::call::{Call, ServiceEffect};
use ballast_types::execution::{Execution, ExecutionState};
use ballast_types::plugin::{Grant, ServiceScope};
use ballast_types::{ExecutionId, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};

use crate::core::{Action, Input, RunEvent};
use crate::door::{Bounds, DoorShared, RunDoor};
use crate::plugins::Plugins;
use crate::verifier::indicator_of;

/// How long the host's own effects (an inverse) may take each.
const UNDO_CALL_MAX: Duration = Duration::from_secs(60);

/// What the runner needs.
pub(crate) struct Runner {
    pub(crate) shared: Arc<DoorShared>,
    pub(crate) plugins: Arc<Plugins>,
}

/// A run under way: its task, and the way to end it.
type UnderWay = HashMap<ExecutionId, (tokio::task::Id, watch::Sender<bool>)>;

/// Performs actions until their source is gone.
pub(crate) async fn run(runner: Arc<Runner>, mut actions: mpsc::UnboundedReceiver<Action>) {
    let (mut tasks, mut under_way) = (JoinSet::new(), UnderWay::new());
    loop {
        let action = tokio::select! {
            action = actions.recv() => action,
            Some(ended) = tasks.join_next_with_id() => {
                runner.ended(&mut under_way, ended).await;
                continue;
            }
        };
        let (id, undo) = match action {
            None => return,
            Some(Action::Stop(id)) => {
                // It ends before its next call, never in the middle of one. That nobody listens means that it is over.
                let _ = under_way.get(&id).map(|(_, cancel)| cancel.send(true));
                continue;
            }
            Some(Action::Run(id)) if under_way.contains_key(&id) => continue,
            Some(Action::Run(id)) => (id, false),
            // The run itself is over when this comes, so that its entry may be replaced.
            Some(Action::Undo(id)) => (id, true),
        };
        let (cancel, cancelled) = watch::channel(false);
        let (runner, execution) = (runner.clone(), id.clone());
        let handle = tasks.spawn(async move {
            match undo {
                true => runner.undo(&execution, cancelled).await,
                false => runner.run(&execution, cancelled).await,
            }
        });
        under_way.insert(id, (handle.id(), cancel));
    }
}

impl Runner {
    /// A task that broke off must not leave its execution running for ever.
    async fn ended(&self, under_way: &mut UnderWay, ended: Result<(tokio::task::Id, ()), JoinError>) {
        let (task, broke_off) = match &ended {
            Ok((task, ())) => (*task, None),
            Err(error) => (error.id(), Some(error.to_string())),
        };
        let Some(id) = under_way.iter().find(|(_, (own, _))| *own == task).map(|(id, _)| id.clone()) else {
            return;
        };
        under_way.remove(&id);
        if let Some(reason) = broke_off {
            tracing::error!(execution = %id, %reason, "a run broke off");
            self.tell(
                &id,
                RunEvent::Failed { reason: format!("the host broke off: {reason}"), diverged: false },
            )
            .await;
        }
    }

    fn execution(&self, id: &ExecutionId) -> Option<Execution> {
        self.shared.dispatcher.core().execution(id).cloned()
    }

    async fn run(&self, id: &ExecutionId, cancelled: watch::Receiver<bool>) {
        let Some(execution) = self.execution(id) else { return };
        let indicator = indicator_of(&execution, &self.shared).await;
        if !self.tell(id, RunEvent::Started { indicator }).await {
            return;
        }
        let event = match self.component(&execution, cancelled).await {
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
        cancelled: watch::Receiver<bool>,
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
        let door = RunDoor::open(shared, execution.clone(), execution.id.clone(), bounds, cancelled).await?;
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
    async fn undo(&self, id: &ExecutionId, cancelled: watch::Receiver<bool>) {
        let Some(execution) = self.execution(id) else { return };
        let ExecutionState::Undoing { outcome, .. } = &execution.state else { return };
        let inverse = outcome.inverse.clone();
        let failure = match self.apply_all(&execution, inverse, cancelled).await {
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
        cancelled: watch::Receiver<bool>,
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
        let door = RunDoor::open(self.shared.clone(), execution.clone(), journal, bounds, cancelled).await?;
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
