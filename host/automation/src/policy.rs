//! Which alert starts which runbook, with what parameters, rights and guards: the operator's word, as configured.

use ballast_types::objective::{IndicatorKind, Objective};
use ballast_types::plugin::{Grant, RunLimits};
use ballast_types::service::Service;
use ballast_types::{Labels, Matcher, PluginName};

use crate::guard::Guards;
use crate::verification::VerificationPolicy;

/// One line of the policy: alerts that satisfy every matcher start the runbook.
#[derive(Clone, Debug, PartialEq)]
pub struct RunbookPolicy {
    /// The plugin.
    pub runbook: PluginName,
    /// Conditions on the alert's labels; all must hold. Never empty: a runbook for everything is a mistake.
    pub matchers: Vec<Matcher>,
    /// Parameters as a JSON object.
    pub parameters: String,
    /// What the plugin may do.
    pub grant: Grant,
    /// Limits on a run.
    pub limits: RunLimits,
    /// Limits on its effects.
    pub guards: Guards,
    /// When it counts as having helped.
    pub verification: VerificationPolicy,
    /// The indicator that tells whether it helped.
    pub objective: IndicatorKind,
}

/// The first policy whose matchers the labels satisfy.
pub fn choose<'a>(policies: &'a [RunbookPolicy], labels: &Labels) -> Option<&'a RunbookPolicy> {
    policies.iter().find(|policy| policy.matchers.iter().all(|matcher| matcher.matches(labels)))
}

impl RunbookPolicy {
    /// The objective of a service by which this policy judges.
    pub fn objective_of(&self, service: &Service) -> Option<Objective> {
        service.objectives.iter().find(|objective| objective.kind == self.objective).cloned()
    }
}
