//! `/api/v1/rules` and `/api/v1/alerts`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use ballast_engine::{Engine, Rule, RuleGroup};
use ballast_types::hash::sha256_hex;
use ballast_types::{Labels, Matcher};
use serde_json::{Value as Data, json};

use super::{Asked, Host, Refusal};
use crate::wire::prometheus::{Envelope, ErrorEnvelope, rules as wire};

/// How many characters a group's token has.
const TOKEN_CHARS: usize = 40;

/// The rules in force in Prometheus's shape.
#[utoipa::path(get, path = "/api/v1/rules", operation_id = "prometheusRules", tag = "prometheus", params(
    ("type" = Option<String>, Query, description = "`alert` or `record`"),
    ("rule_name[]" = Option<Vec<String>>, Query, description = "Only rules of these names"),
    ("rule_group[]" = Option<Vec<String>>, Query, description = "Only rules of these groups"),
    ("file[]" = Option<Vec<String>>, Query, description = "Only rules of these files"),
    ("match[]" = Option<Vec<String>>, Query, description = "Only rules whose labels satisfy one of these selectors"),
    ("exclude_alerts" = Option<bool>, Query, description = "Leave the alerts of each rule out"),
    ("group_limit" = Option<u64>, Query, description = "Most groups of the answer"),
    ("group_next_token" = Option<String>, Query, description = "Where the answer before left off"),
), responses((status = 200, body = Envelope), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn rules(State(engine): Host, asked: Asked) -> Result<Json<Envelope>, Refusal> {
    let filter = Filter::of(&asked)?;
    let interval = engine.look(|core| core.settings().evaluation_interval);
    let of_rule = |rule: &Rule| {
        let alerts = if filter.without_alerts { Vec::new() } else { alerts_of(&engine, rule) };
        (engine.rulebook().status(rule.id()), alerts_state(&engine, rule), alerts)
    };
    let rules = engine.rulebook().rules();
    let (groups, next) = page(&asked, rules.groups())?;
    let mut shown = Vec::new();
    for group in groups.iter().filter(|group| filter.takes_group(group)) {
        let taken: Vec<&Rule> = group.rules.iter().filter(|rule| filter.takes_rule(rule)).collect();
        if !taken.is_empty() || filter.takes_all {
            shown.push(wire::group(group, &taken, interval, of_rule));
        }
    }
    let mut data = json!({ "groups": shown });
    if let (Some(next), Some(map)) = (next, data.as_object_mut()) {
        map.insert("groupNextToken".into(), json!(next));
    }
    Ok(Json(Envelope::of(data)))
}

fn alerts_of(engine: &Arc<Engine>, rule: &Rule) -> Vec<Data> {
    let of_rule = |alert: &&ballast_types::alert::Alert| alert.key.rule == *rule.id();
    engine.look(|core| core.alerts().filter(of_rule).filter_map(wire::alert).collect())
}

fn alerts_state(engine: &Arc<Engine>, rule: &Rule) -> &'static str {
    let of_rule = |alert: &&ballast_types::alert::Alert| alert.key.rule == *rule.id();
    engine.look(|core| wire::state(core.alerts().filter(of_rule)))
}

/// Alerts that are pending or fire, in Prometheus's shape.
#[utoipa::path(get, path = "/api/v1/alerts", operation_id = "prometheusAlerts", tag = "prometheus", responses((status = 200, body = Envelope)))]
pub(crate) async fn alerts(State(engine): Host) -> Json<Envelope> {
    let alerts: Vec<Data> = engine.look(|core| core.alerts().filter_map(wire::alert).collect());
    Json(Envelope::of(json!({ "alerts": alerts })))
}

/// Which rules are asked for.
struct Filter {
    names: Vec<String>,
    groups: Vec<String>,
    files: Vec<String>,
    selectors: Vec<Vec<Matcher>>,
    /// Alerting rules only, or recording rules only.
    alerting: Option<bool>,
    without_alerts: bool,
    /// Nothing is left out, so that groups without rules are shown, too.
    takes_all: bool,
}

impl Filter {
    fn of(asked: &Asked) -> Result<Self, Refusal> {
        let all = |name: &str| asked.all(name).map(str::to_owned).collect::<Vec<_>>();
        let alerting = match asked.text("type").map(str::to_ascii_lowercase).as_deref() {
            None => None,
            Some("alert") => Some(true),
            Some("record") => Some(false),
            Some(other) => {
                return Err(Refusal::parameter("type", format!("not supported value \"{other}\"")));
            }
        };
        let (names, groups, files) = (all("rule_name[]"), all("rule_group[]"), all("file[]"));
        let selectors = asked.selectors()?;
        let takes_all = alerting.is_none() && names.is_empty() && selectors.is_empty();
        let without_alerts = asked.flag("exclude_alerts")?;
        Ok(Filter { names, groups, files, selectors, alerting, without_alerts, takes_all })
    }

    fn takes_group(&self, group: &RuleGroup) -> bool {
        let among = |wanted: &[String], one: &str| wanted.is_empty() || wanted.iter().any(|name| name == one);
        among(&self.groups, &group.name) && among(&self.files, &group.place.file)
    }

    fn takes_rule(&self, rule: &Rule) -> bool {
        let is_alerting = matches!(rule, Rule::Alert(_));
        let named = self.names.is_empty() || self.names.iter().any(|name| name == rule.name());
        named && self.alerting.is_none_or(|alerting| alerting == is_alerting) && self.selects(rule)
    }

    /// Labels that are templates have no value yet.
    fn selects(&self, rule: &Rule) -> bool {
        let plain = rule.labels_as_written().into_iter().filter(|(_, value)| !value.contains("{{"));
        let labels = Labels::from_pairs(plain);
        self.selectors.is_empty()
            || self.selectors.iter().any(|all| all.iter().all(|matcher| matcher.matches(&labels)))
    }
}

/// The groups of one page, and where the next begins.
fn page<'g>(
    asked: &Asked,
    groups: &'g [Arc<RuleGroup>],
) -> Result<(&'g [Arc<RuleGroup>], Option<String>), Refusal> {
    let (limit, token) = (asked.limit("group_limit")?, asked.text("group_next_token"));
    let start = match token {
        None => 0,
        Some(_) if limit == 0 => {
            let words = "group_limit needs to be present in order to paginate over the groups";
            return Err(Refusal::parameter("group_limit", words));
        }
        Some(token) => {
            let there = groups.iter().position(|group| token_of(group) == token);
            let words = || Refusal::parameter("group_next_token", format!("there is no group of `{token}`"));
            there.ok_or_else(words)?
        }
    };
    let rest = groups.get(start..).unwrap_or_default();
    match rest.split_at_checked(limit) {
        Some((these, [next, ..])) if limit > 0 => Ok((these, Some(token_of(next)))),
        _ => Ok((rest, None)),
    }
}

fn token_of(group: &RuleGroup) -> String {
    let text = format!("{};{}", group.place.file, group.name);
    sha256_hex(text.as_bytes()).chars().take(TOKEN_CHARS).collect()
}
