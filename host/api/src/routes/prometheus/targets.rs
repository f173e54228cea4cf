//! `/api/v1/targets`, `/api/v1/scrape_pools` and `/api/v1/targets/metadata`.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use ballast_engine::{Choice, Engine, TargetStatus};
use ballast_types::{Matcher, TimeRange, Timestamp};
use serde_json::{Value as Data, json};

use super::{Asked, Host, Refusal};
use crate::wire::prometheus::{Envelope, ErrorEnvelope, metadata, targets as wire};
use crate::wire::scalar::labels;

/// What is scraped, and what relabelling dropped.
#[utoipa::path(get, path = "/api/v1/targets", operation_id = "prometheusTargets", tag = "prometheus", params(
    ("state" = Option<String>, Query, description = "`active`, `dropped` or `any`"),
    ("scrapePool" = Option<String>, Query, description = "Only those of this job"),
), responses((status = 200, body = Envelope), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn targets(State(engine): Host, asked: Asked) -> Result<Json<Envelope>, Refusal> {
    let (active, dropped) = match asked.text("state").map(str::to_ascii_lowercase).as_deref() {
        None | Some("any") => (true, true),
        Some("active") => (true, false),
        Some("dropped") => (false, true),
        Some(other) => {
            return Err(Refusal::parameter("state", format!("`{other}` is not active, dropped or any")));
        }
    };
    let (pool, jobs) = (asked.text("scrapePool"), engine.scrape_jobs());
    let statuses = if active { engine.targets() } else { Vec::new() };
    let of_pool = statuses.iter().filter(|status| pool.is_none_or(|pool| pool == status.target.job));
    Ok(Json(Envelope::of(json!({
        "activeTargets": of_pool.map(wire::active).collect::<Vec<_>>(),
        "droppedTargets": if dropped { wire::dropped(&jobs, pool) } else { Vec::new() },
        "droppedTargetCounts": dropped.then(|| wire::dropped_counts(&jobs)),
    }))))
}

/// The names of the jobs that are scraped.
#[utoipa::path(get, path = "/api/v1/scrape_pools", operation_id = "scrapePools", tag = "prometheus", responses((status = 200, body = Envelope)))]
pub(crate) async fn scrape_pools(State(engine): Host) -> Json<Envelope> {
    let declared = engine.targets().into_iter().map(|status| status.target.job);
    let pools: BTreeSet<String> = declared.chain(engine.scrape_jobs().into_keys()).collect();
    Json(Envelope::of(json!({ "scrapePools": pools })))
}

/// What the metrics of targets are.
#[utoipa::path(get, path = "/api/v1/targets/metadata", operation_id = "targetsMetadata", tag = "prometheus", params(
    ("match_target" = Option<String>, Query, description = "A selector of targets by their labels"),
    ("metric" = Option<String>, Query, description = "Only this metric"),
    ("limit" = Option<u64>, Query, description = "Most entries; 0 is no limit"),
), responses((status = 200, body = Envelope), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn targets_metadata(State(engine): Host, asked: Asked) -> Result<Json<Envelope>, Refusal> {
    let limit = asked.limit("limit")?;
    let metric = asked.text("metric");
    let chosen = match asked.text("match_target") {
        Some(text) => {
            ballast_engine::parse_selector(text).map_err(|error| Refusal::unparsed("match_target", &error))?
        }
        None => Vec::new(),
    };
    let known = engine.metadata().await?;
    let mut found: Vec<Data> = Vec::new();
    for status in engine.targets() {
        if !chosen.iter().all(|matcher| matcher.matches(&status.target.labels)) {
            continue;
        }
        let shown = shown_by(&engine, &status).await?;
        let of_target = known.iter().filter(|(name, _)| metric.is_none_or(|metric| metric == &**name));
        for (name, all) in of_target.filter(|(name, _)| metadata::is_shown(name, &shown)) {
            let target = labels(&status.target.labels);
            found.extend(all.iter().map(|one| metadata::of_target(&target, name, metric.is_none(), one)));
        }
        if limit > 0 && found.len() >= limit {
            found.truncate(limit);
            break;
        }
    }
    Ok(Json(Envelope::of(json!(found))))
}

/// The names of the metrics that a target shows.
async fn shown_by(engine: &Engine, status: &TargetStatus) -> Result<BTreeSet<std::sync::Arc<str>>, Refusal> {
    let matchers = status.target.labels.iter().map(|(name, value)| Matcher::equal(name, value)).collect();
    let range = TimeRange { start: status.scraped_at - status.target.interval, end: Timestamp::MAX };
    let choice = Choice { selectors: vec![matchers], range };
    Ok(engine.label_values("__name__".to_owned(), choice).await?.into_iter().collect())
}
