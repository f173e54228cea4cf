//! The OpenAPI document: every handler is listed here, and a test walks what is listed.

use utoipa::OpenApi;

use crate::routes::{
    alerts, dashboard, events, executions, health, incidents, metrics, openapi, plugins, prometheus, push,
    reload, rules, silences, targets,
};
use crate::wire::event::Event;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ballast",
        description = "Watches services, opens incidents, runs runbooks and verifies that they helped. Keys are in \
            camelCase, instants RFC 3339 in UTC, lengths of time in milliseconds; a value that is no finite number is \
            one of the strings NaN, +Inf and -Inf; unknown keys and parameters are refused; refusals are \
            application/problem+json (RFC 9457). `/api/v1` speaks Prometheus's shapes instead.",
        license(name = "Proprietary, Fine Print AI"),
    ),
    paths(
        health::health,
        health::live,
        health::ready,
        health::healthy,
        health::ready_in_words,
        metrics::metrics,
        openapi::document,
        incidents::list,
        incidents::open,
        incidents::one,
        incidents::acknowledge,
        incidents::resolve,
        incidents::note,
        alerts::list,
        silences::create,
        silences::list,
        silences::one,
        silences::expire,
        executions::list,
        executions::one,
        executions::cancel,
        rules::list,
        reload::reload,
        plugins::list,
        targets::list,
        dashboard::dashboard,
        prometheus::query::query,
        prometheus::query::query_form,
        prometheus::query::query_range,
        prometheus::query::query_range_form,
        prometheus::metadata::query_exemplars,
        prometheus::metadata::query_exemplars_form,
        prometheus::expressions::format_query,
        prometheus::expressions::format_query_form,
        prometheus::expressions::parse_query,
        prometheus::expressions::parse_query_form,
        prometheus::series::series,
        prometheus::series::series_form,
        prometheus::series::labels,
        prometheus::series::labels_form,
        prometheus::series::label_values,
        prometheus::metadata::metadata,
        prometheus::targets::targets,
        prometheus::targets::targets_metadata,
        prometheus::targets::scrape_pools,
        prometheus::rules::rules,
        prometheus::rules::alerts,
        prometheus::status::alertmanagers,
        prometheus::status::buildinfo,
        prometheus::status::config,
        prometheus::status::flags,
        prometheus::status::runtimeinfo,
        prometheus::status::tsdb,
        prometheus::status::walreplay,
        prometheus::federate::federate,
        prometheus::write::write,
        prometheus::otlp::metrics,
        push::replace,
        push::merge,
        push::delete,
        events::events,
    ),
    components(schemas(Event))
)]
struct Document;

/// The document.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    // The contract's version, not the build's: that one is in /health.
    document.info.version = "0.1".to_owned();
    document
}

/// The document as JSON.
pub fn openapi() -> Result<String, serde_json::Error> {
    document().to_pretty_json()
}
