//! Rule files, alerts and silences: what is wrong, since when, and who need not hear of it.
//!
//! Everything here is a pure function of its arguments: files come in as text, time as `now`, query results as values, and
//! what templates ask goes through a query function that the caller brings. The engine evaluates, stores, sends and
//! reloads; this room decides.
//!
//! ```text
//! text ──parse_rule_file──► RuleFile ──RuleSet::build──► RuleSet
//!                                                          │ rule, result of its expression, now
//!   Alert + AlertTransition ◄──step── evaluate_alert_rule ◄┘──► evaluate_recording_rule ──► series
//!             │
//!          muted_by(silences)
//! ```

mod alert_rule;
mod matcher_text;
mod problem;
mod recording_rule;
mod rule;
mod rule_file;
mod rule_set;
mod silences;
mod step;
mod synthetic;
mod template;
mod yaml;

pub use alert_rule::{AlertRuleOutcome, EvaluationError, evaluate_alert_rule, retire_alerts};
pub use matcher_text::{InvalidMatchers, parse_matchers};
pub use problem::{Position, Problem};
pub use recording_rule::evaluate_recording_rule;
pub use rule::{AlertRule, Place, RecordingRule, Rule, RuleGroup};
pub use rule_file::{RuleFile, parse_rule_file};
pub use rule_set::RuleSet;
pub use silences::{
    ENDED_RETENTION, InvalidSilence, SilenceState, check_silence, expire, forgettable, muted_by,
    silence_state,
};
pub use step::{AlertTiming, RESOLVED_RETENTION, step};
pub use synthetic::{ALERTS, ALERTS_FOR_STATE, alert_series, ended_series};
pub use template::{
    Externals, InvalidTemplate, QueryFn, TEMPLATE_DEPTH_MAX, TEMPLATE_OUTPUT_BYTES_MAX, TEMPLATE_STEPS_MAX,
    Template, TemplateData,
};
