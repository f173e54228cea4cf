//! The simulated world: services that break and recover, a host that crashes, people who interfere.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use ballast_alerting::{AlertRule, Externals, Rule, RuleSet, evaluate_alert_rule};
use ballast_automation::{Guards, RunbookPolicy, VerificationPolicy};
use ballast_engine::Settings;
use ballast_engine::core::{Action, Command, Core, Input, NewSilence, Reaction};
use ballast_types::event::{Commit, Mutation, Record, RecordKey};
use ballast_types::incident::IncidentState;
use ballast_types::objective::{IndicatorKind, Objective};
use ballast_types::plugin::{Grant, InstalledPlugin, Manifest, PluginKind, RunLimits};
use ballast_types::service::{Criticality, Service};
use ballast_types::{Digest, ExecutionId, Labels, Matcher, PluginName, RuleId, ServiceName, Timestamp};

use super::run::Run;

const SERVICES: [&str; 5] = ["gateway", "documents", "models", "store", "search"];
/// How often rules are evaluated and runs advance.
const STEP: Duration = Duration::from_secs(15);
/// How long an alert may fire before some incident must know of it.
const KNOWN_WITHIN: Duration = Duration::from_secs(60);

/// How broken a service is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Health {
    Good,
    /// A rollback repairs it.
    Repairable,
    /// Only time repairs it.
    Stubborn {
        until: Timestamp,
    },
}

/// A small generator, so that a seed is the same week on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % bound
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

pub struct Simulation {
    pub now: Timestamp,
    pub dice: Dice,
    pub health: BTreeMap<ServiceName, Health>,
    core: Core,
    rules: RuleSet,
    /// What the store would have: all that was made durable, folded.
    durable: BTreeMap<RecordKey, Record>,
    commits: usize,
    steps: u64,
    pub runs: BTreeMap<ExecutionId, Run>,
    /// Keys of the effects that happened; each once.
    pub performed: HashSet<String>,
    pub wrong_effects: u32,
    faults: u32,
    crashes: u32,
}

impl Simulation {
    pub fn new(seed: u64) -> Self {
        let names = SERVICES.map(ServiceName::new);
        Simulation {
            now: Timestamp::from_secs(1_700_000_000),
            dice: Dice(seed | 1),
            health: names.iter().map(|name| (name.clone(), Health::Good)).collect(),
            core: prepared(Core::new(settings(), Vec::new()), &rules()),
            rules: rules(),
            durable: BTreeMap::new(),
            commits: 0,
            steps: 0,
            runs: BTreeMap::new(),
            performed: HashSet::new(),
            wrong_effects: 0,
            faults: 0,
            crashes: 0,
        }
    }

    pub fn run(&mut self, secs: i64) {
        let end = self.now + Duration::from_secs(secs.unsigned_abs());
        while self.now < end {
            self.happenings();
            self.step();
        }
    }

    /// No new faults, no crashes: everything must come to rest.
    pub fn calm_down(&mut self) {
        for _ in 0..(4 * 3600 / STEP.as_secs()) {
            self.step();
        }
        self.health.values_mut().for_each(|health| *health = Health::Good);
        for _ in 0..(2 * 3600 / STEP.as_secs()) {
            self.step();
        }
    }

    fn step(&mut self) {
        self.now = self.now + STEP;
        let now = self.now;
        for health in self.health.values_mut() {
            if matches!(health, Health::Stubborn { until } if *until <= now) {
                *health = Health::Good;
            }
        }
        self.evaluate_rules();
        self.advance_runs();
        self.verify();
        self.submit(Input::Tick);
        self.check();
    }

    fn evaluate_rules(&mut self) {
        let rules: Vec<Arc<AlertRule>> = self.rules.rules().filter_map(alert_rule).collect();
        for rule in rules {
            let broken: Vec<_> = self.health.iter().filter(|(_, health)| **health != Health::Good).collect();
            let vector: Vec<_> = broken
                .iter()
                .map(|(name, _)| (Labels::from_pairs([("service", name.as_str())]), 0.5))
                .collect();
            let active = self.core.alerts_of(&rule.id);
            let mut nothing = |_: &str, _: Timestamp| Ok(Vec::new());
            let externals = Externals::default();
            let outcome =
                evaluate_alert_rule(&rule, &active, &vector, self.now, &mut nothing, &externals).unwrap();
            self.submit(Input::Rule(Box::new(outcome)));
        }
    }

    fn verify(&mut self) {
        for execution in self.core.verifying() {
            let good = self.health[&execution.service] == Health::Good;
            let event = ballast_engine::core::RunEvent::Indicator(Some(if good { 0.0 } else { 0.5 }));
            self.submit(Input::Run(execution.id.clone(), event));
        }
    }

    /// Faults, people and crashes, at random.
    fn happenings(&mut self) {
        if self.dice.once_in(60) {
            let service = ServiceName::new(SERVICES[self.dice.below(5) as usize]);
            let health = match self.dice.once_in(3) {
                true => {
                    Health::Stubborn { until: self.now + Duration::from_secs(60 + self.dice.below(3600)) }
                }
                false => Health::Repairable,
            };
            self.health.insert(service, health);
            self.faults += 1;
        }
        if self.dice.once_in(80) {
            self.somebody_interferes();
        }
        if self.dice.once_in(100) {
            self.crash();
        }
    }

    fn somebody_interferes(&mut self) {
        let open: Vec<_> =
            self.core.incidents().filter(|i| i.state.is_open()).map(|i| i.id.clone()).collect();
        let command = match (self.dice.below(4), open.first()) {
            (0, Some(incident)) => {
                Command::Acknowledge { incident: incident.clone(), by: "ann".into(), expected_version: None }
            }
            (1, Some(incident)) => Command::Resolve {
                incident: incident.clone(),
                by: "bob".into(),
                note: None,
                expected_version: None,
            },
            (2, _) => {
                let service = SERVICES[self.dice.below(5) as usize];
                let ends_at = self.now + Duration::from_secs(60 + self.dice.below(7200));
                Command::Silence(NewSilence {
                    matchers: vec![Matcher::equal("service", service)],
                    starts_at: self.now,
                    ends_at,
                    created_by: "ann".into(),
                    comment: "works".into(),
                })
            }
            _ => return,
        };
        self.submit(Input::Command(command));
    }

    /// One input: decided, made durable, acted on.
    pub fn submit(&mut self, input: Input) {
        let Reaction { commits, actions, .. } = self.core.handle(input, self.now);
        if !commits.is_empty() && self.dice.once_in(3000) {
            // The host dies between its decision and the disk: some prefix of the commits, possibly none, survives.
            let survivors = self.dice.below(commits.len() as u64 + 1) as usize;
            commits.iter().take(survivors).for_each(|commit| self.write(commit));
            return self.restart();
        }
        commits.iter().for_each(|commit| self.write(commit));
        for action in actions {
            self.act(action);
        }
    }

    fn write(&mut self, commit: &Commit) {
        self.commits += 1;
        for mutation in &commit.mutations {
            match mutation {
                Mutation::Put(record) => drop(self.durable.insert(record.key(), (**record).clone())),
                Mutation::Remove(key) => drop(self.durable.remove(key)),
            }
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Run(id) => {
                let Some(execution) = self.core.execution(&id) else {
                    panic!("{id} is to run and is not known")
                };
                let service = execution.service.clone();
                self.runs.entry(id).or_insert_with(|| Run::new(service)).begin();
            }
            Action::Undo(id) => self.runs.get_mut(&id).expect("what is undone has run").undo(),
            Action::Stop(id) => drop(self.runs.remove(&id)),
        }
    }

    fn crash(&mut self) {
        // What is decided and answered is durable; what every task was about to do is lost.
        self.restart();
    }

    fn restart(&mut self) {
        self.crashes += 1;
        let records = self.durable.values().cloned().collect();
        self.core = prepared(Core::new(settings(), records), &self.rules);
        self.runs.values_mut().for_each(Run::crash);
        for action in self.core.unfinished() {
            self.act(action);
        }
    }

    /// What must hold at every step.
    fn check(&mut self) {
        self.steps += 1;
        assert_eq!(self.wrong_effects, 0, "an effect hit a healthy service");
        for alert in self.core.alerts() {
            let ballast_types::alert::AlertState::Firing { since, .. } = alert.state else { continue };
            let silenced = self.core.muted_by(alert, self.now).is_some();
            let known = self.core.incidents().any(|incident| {
                let has = incident.alerts.iter().any(|own| own.key == alert.key);
                has && match incident.state {
                    IncidentState::Resolved { at, .. } => at >= since,
                    _ => true,
                }
            });
            assert!(
                silenced || known || self.now.since(since) < KNOWN_WITHIN,
                "{:?} is unknown",
                alert.labels
            );
        }
        if !self.steps.is_multiple_of(100) {
            return;
        }
        let shown = self.core.incidents().cloned().map(Record::Incident);
        for record in shown.chain(self.core.silences().cloned().map(Record::Silence)) {
            assert_eq!(
                self.durable.get(&record.key()),
                Some(&record),
                "the state is not what its log folds to"
            );
        }
    }

    pub fn check_calm(&self) {
        for execution in self.core.executions() {
            assert!(execution.state.is_finished(), "{execution:?} never ended");
        }
        let open = self.core.incidents().find(|incident| incident.state.is_open());
        assert!(open.is_none(), "{:#?} never ended", open);
        let funnel = self.core.funnel();
        assert!(funnel.verified > 0 && funnel.undone > 0, "nothing much happened: {funnel:?}");
    }

    pub fn tally(&self) -> String {
        format!(
            "{} faults, {} crashes, {} incidents, {} effects, {:?}, {} commits",
            self.faults,
            self.crashes,
            self.core.incidents().count(),
            self.performed.len(),
            self.core.funnel(),
            self.commits
        )
    }
}

fn alert_rule(rule: &Rule) -> Option<Arc<AlertRule>> {
    match rule {
        Rule::Alert(rule) => Some(rule.clone()),
        Rule::Record(_) => None,
    }
}

fn prepared(mut core: Core, rules: &RuleSet) -> Core {
    let plugin = InstalledPlugin {
        digest: Digest::new("0"),
        kind: PluginKind::Runbook,
        contract: "0.1.0".into(),
        imports: BTreeSet::new(),
        manifest: Manifest {
            name: PluginName::new("roll-back"),
            version: "1".into(),
            summary: String::new(),
            parameters_schema: String::new(),
            needs: Vec::new(),
        },
    };
    core.handle(Input::Plugins([(plugin.manifest.name.clone(), plugin)].into()), Timestamp::default());
    let ids: BTreeSet<RuleId> = rules.rules().map(|rule| rule.id().clone()).collect();
    core.handle(Input::RulesReplaced { rules: ids }, Timestamp::default());
    core
}

fn rules() -> RuleSet {
    let text = "groups: [{name: g, rules: [
        {alert: Errors, expr: errors > 0.1, for: 30s, labels: {severity: SEV2}},
        {alert: LastingErrors, expr: errors > 0.1, for: 10m, keep_firing_for: 5m, labels: {severity: SEV1}}]}]";
    RuleSet::build(vec![("simulation.yaml".into(), text.into())]).unwrap()
}

fn settings() -> Arc<Settings> {
    let service = |name: &str| Service {
        name: ServiceName::new(name),
        criticality: Criticality::Critical,
        dependencies: Vec::new(),
        objectives: vec![Objective {
            service: ServiceName::new(name),
            kind: IndicatorKind::ErrorRate,
            target: 0.01,
            indicator: "errors".into(),
            window: Duration::from_secs(3600),
        }],
    };
    Arc::new(Settings {
        services: SERVICES.iter().map(|name| service(name)).collect(),
        targets: Vec::new(),
        policies: vec![RunbookPolicy {
            runbook: PluginName::new("roll-back"),
            matchers: vec![Matcher::equal("alertname", "Errors")],
            parameters: "{}".into(),
            grant: Grant::default(),
            limits: RunLimits::default(),
            guards: Guards { effects_per_hour_max: 100, cool_down: Duration::from_secs(300) },
            verification: VerificationPolicy {
                hold: Duration::from_secs(60),
                within: Duration::from_secs(300),
            },
            objective: IndicatorKind::ErrorRate,
        }],
        discovered_interval: Default::default(),
        features: Default::default(),
        evaluation_interval: STEP,
        verification_interval: STEP,
        deduplication_window: Duration::from_secs(300),
        resolve_hold: Duration::from_secs(120),
        retention: Duration::from_secs(3600),
        rules_folder: "rules".into(),
        plugins_folder: "plugins".into(),
        data_folder: "data".into(),
    })
}
