//! Executions in the core: the policy chooses, the run's step decides, and what comes of it goes to the incident.

use ballast_automation::{RunAction, RunInput, VerificationPolicy, choose, step};
use ballast_types::alert::Alert;
use ballast_types::event::{Event, Record};
use ballast_types::execution::{Execution, ExecutionState, RunMode};
use ballast_types::incident::Incident;
use ballast_types::plugin::PluginKind;
use ballast_types::{ExecutionId, IncidentId, ServiceName, Timestamp};

use super::incidents::IncidentNews;
use super::{Action, CommandError, Core, Draft, EffectTold, Reply, RunEvent, next, put};

impl Core {
    /// Decides whether an alert that joined an incident starts a runbook.
    pub(super) fn remediate(
        &mut self,
        alert: &Alert,
        incident: &IncidentId,
        service: Option<&ServiceName>,
        draft: &mut Draft,
    ) {
        let Some(policy) = choose(&self.settings.policies, &alert.labels).cloned() else {
            let reason = format!("no runbook is configured for {}", alert.name);
            return self.incident_news(incident, IncidentNews::Escalated(reason), draft);
        };
        let Some(service) = service else {
            let reason =
                format!("{} has no label `service`, so {} cannot be started", alert.name, policy.runbook);
            return self.incident_news(incident, IncidentNews::Escalated(reason), draft);
        };
        if let Some(reason) = self.may_not_start(&policy, service, incident, draft.now) {
            return self.incident_news(incident, IncidentNews::Noted(reason), draft);
        }
        let Some(plugin) = self.plugins.get(&policy.runbook) else {
            let reason = format!("the runbook {} is not installed", policy.runbook);
            return self.incident_news(incident, IncidentNews::Escalated(reason), draft);
        };
        if plugin.kind != PluginKind::Runbook {
            let reason = format!("{} is a {}, not a runbook", policy.runbook, plugin.kind.name());
            return self.incident_news(incident, IncidentNews::Escalated(reason), draft);
        }
        let objective = self.settings.service(service).and_then(|service| policy.objective_of(service));
        let execution = Execution {
            digest: plugin.digest.clone(),
            id: ExecutionId::new(format!("EX-{}", next(&mut self.last.execution))),
            incident: incident.clone(),
            runbook: policy.runbook.clone(),
            service: service.clone(),
            alert_name: alert.name.clone(),
            alert_labels: alert.labels.clone(),
            parameters: policy.parameters.clone(),
            mode: RunMode::Live,
            requested_at: draft.now,
            state: ExecutionState::Requested,
            objective,
            indicator_before: f64::NAN,
            indicator_after: None,
            effects: 0,
            told: Vec::new(),
        };
        let (id, runbook) = (execution.id.clone(), execution.runbook.clone());
        self.keep_execution(execution, "requested".to_owned(), draft);
        self.incident_news(incident, IncidentNews::ExecutionStarted(id.clone(), runbook), draft);
        draft.actions.push(Action::Run(id));
    }

    /// Open incidents that no runbook has been tried for, because another run or a cool-down was in the way.
    pub(super) fn retry_remediations(&mut self, draft: &mut Draft) {
        let mut due = Vec::new();
        for incident in
            self.incidents.values().filter(|i| i.state.is_open() && !i.escalated && i.executions.is_empty())
        {
            let firing = incident.alerts.iter().filter(|alert| alert.firing);
            let alert = firing.filter_map(|own| self.alerts.get(&own.key)).find(|alert| {
                let policy = choose(&self.settings.policies, &alert.labels);
                let service = alert.labels.get("service").map(ServiceName::new);
                policy.zip(service).is_some_and(|(policy, service)| {
                    self.may_not_start(policy, &service, &incident.id, draft.now).is_none()
                })
            });
            due.extend(alert.map(|alert| (alert.clone(), incident.id.clone())));
        }
        for (alert, incident) in due {
            let service = alert.labels.get("service").map(ServiceName::new);
            self.remediate(&alert, &incident, service.as_ref(), draft);
        }
    }

    /// Why no run may begin now: one is under way, this incident has had its run, or the cool-down lasts.
    fn may_not_start(
        &self,
        policy: &ballast_automation::RunbookPolicy,
        service: &ServiceName,
        incident: &IncidentId,
        now: Timestamp,
    ) -> Option<String> {
        let same =
            |e: &&Execution| e.runbook == policy.runbook && e.service == *service && e.mode == RunMode::Live;
        for execution in self.executions.values().filter(same) {
            let name = &policy.runbook;
            match &execution.state {
                ExecutionState::Finished { at, verdict, .. } => {
                    if verdict.needs_person() && execution.incident == *incident {
                        return Some(format!(
                            "{name} has already been tried for this incident ({})",
                            execution.id
                        ));
                    }
                    if verdict.needs_person() && now.since(*at) < policy.guards.cool_down {
                        return Some(format!(
                            "{name} cools down after {} ended as {}",
                            execution.id,
                            verdict.name()
                        ));
                    }
                }
                _ => return Some(format!("{name} is already at work on {service} ({})", execution.id)),
            }
        }
        None
    }

    /// Takes an event of a run.
    pub(super) fn run_event(
        &mut self,
        id: &ExecutionId,
        event: RunEvent,
        draft: &mut Draft,
    ) -> Result<Reply, CommandError> {
        let Some(execution) = self.executions.get(id).cloned() else {
            return Err(CommandError::NotFound(format!("execution {id}")));
        };
        let input = match event {
            RunEvent::Effect(told) => return self.effect(execution, told, draft),
            RunEvent::Started { indicator } => RunInput::Started { indicator },
            RunEvent::Returned(outcome) => RunInput::Returned(outcome),
            RunEvent::Failed { reason, diverged } => RunInput::Failed { reason, diverged },
            RunEvent::Indicator(value) => RunInput::Indicator(value),
            RunEvent::Undone { failure } => RunInput::Undone { failure },
            RunEvent::Cancelled { by } => RunInput::Cancelled { by },
        };
        let timing = self.timing(&execution);
        let (stepped, action, text) = step(&execution, input, draft.now, &timing)
            .map_err(|error| CommandError::Conflict(error.to_string()))?;
        draft.actions.extend(action.map(|action| match action {
            RunAction::ApplyInverse => Action::Undo(id.clone()),
            RunAction::Stop => Action::Stop(id.clone()),
        }));
        self.took_step(&execution, stepped, text, draft);
        Ok(Reply::Done)
    }

    /// Writes what a step changed. A look at an indicator that changes nothing but its value is not worth a write.
    fn took_step(&mut self, before: &Execution, next: Execution, text: Option<String>, draft: &mut Draft) {
        if before.state == next.state && text.is_none() {
            self.executions.insert(next.id.clone(), next);
            return;
        }
        let (incident, id, runbook) = (next.incident.clone(), next.id.clone(), next.runbook.clone());
        let finished = match &next.state {
            ExecutionState::Finished { verdict, .. } => Some(verdict.clone()),
            _ => None,
        };
        let line = text.clone().unwrap_or_default();
        self.keep_execution(next, line, draft);
        if let Some(text) = text {
            let line = format!("{id}: {text}");
            let news = match before.state {
                ExecutionState::Verifying { .. } => IncidentNews::Verification(line),
                _ => IncidentNews::ExecutionSays(runbook.clone(), line),
            };
            self.incident_news(&incident, news, draft);
        }
        if let Some(verdict) = finished {
            let reason = format!("{runbook} ended as {}", verdict.name());
            let needs_person = verdict.needs_person();
            self.incident_news(&incident, IncidentNews::ExecutionEnded(id, runbook, verdict), draft);
            if needs_person {
                self.incident_news(&incident, IncidentNews::Escalated(reason), draft);
            }
        }
    }

    fn effect(
        &mut self,
        execution: Execution,
        told: EffectTold,
        draft: &mut Draft,
    ) -> Result<Reply, CommandError> {
        let EffectTold { key, service, text, performed } = told;
        if execution.told.contains(&key) {
            return Ok(Reply::Done);
        }
        let (incident, runbook) = (execution.incident.clone(), execution.runbook.clone());
        let mut next = execution.clone();
        if performed {
            self.effects.record(draft.now, &runbook, &service);
            let timing = self.timing(&execution);
            next = step(&execution, RunInput::EffectPerformed, draft.now, &timing)
                .map_err(|error| CommandError::Conflict(error.to_string()))?
                .0;
        }
        next.told.push(key);
        let id = execution.id.clone();
        let event = Event::EffectPerformed {
            execution: id.clone(),
            incident: incident.clone(),
            service: service.clone(),
            text: text.clone(),
        };
        let mutation = put(Record::Execution(next));
        self.apply(&mutation);
        draft.commit(event, [mutation]);
        self.incident_news(
            &incident,
            IncidentNews::ExecutionSays(runbook, format!("{id}: {service}: {text}")),
            draft,
        );
        Ok(Reply::Done)
    }

    fn keep_execution(&mut self, execution: Execution, text: String, draft: &mut Draft) {
        let event = Event::ExecutionChanged {
            id: execution.id.clone(),
            incident: execution.incident.clone(),
            state: execution.state.name().to_owned(),
            text,
        };
        let mutation = put(Record::Execution(execution));
        self.apply(&mutation);
        draft.commit(event, [mutation]);
    }

    fn timing(&self, execution: &Execution) -> VerificationPolicy {
        self.settings.policy(&execution.runbook).map(|policy| policy.verification).unwrap_or_default()
    }

    /// Executions that were decided on or running when the host stopped, or are being undone.
    pub fn unfinished(&self) -> Vec<Action> {
        let resume = |execution: &Execution| match execution.state {
            ExecutionState::Requested | ExecutionState::Running { .. } => {
                Some(Action::Run(execution.id.clone()))
            }
            ExecutionState::Undoing { .. } => Some(Action::Undo(execution.id.clone())),
            ExecutionState::Verifying { .. } | ExecutionState::Finished { .. } => None,
        };
        self.executions.values().filter_map(resume).collect()
    }

    /// Fills the log of effects after a start. They count from when the execution entered its present state, which for one
    /// that has returned is never earlier than they were.
    pub(super) fn recall_effects(&mut self) {
        let mut executions: Vec<_> =
            self.executions.values().filter(|e| e.effects > 0).map(|e| (entered(e), e)).collect();
        executions.sort_by_key(|(at, _)| *at);
        for (at, execution) in executions {
            for _ in 0..execution.effects {
                self.effects.record(at, &execution.runbook, &execution.service);
            }
        }
    }

    /// Whether an incident's executions leave nothing to wait for.
    pub(super) fn at_rest(&self, incident: &Incident) -> bool {
        incident.executions.iter().all(|id| self.executions.get(id).is_none_or(|e| e.state.is_finished()))
    }
}

/// Since when an execution is in its state.
fn entered(execution: &Execution) -> Timestamp {
    match execution.state {
        ExecutionState::Requested => execution.requested_at,
        ExecutionState::Running { since, .. }
        | ExecutionState::Verifying { since, .. }
        | ExecutionState::Undoing { since, .. } => since,
        ExecutionState::Finished { at, .. } => at,
    }
}
