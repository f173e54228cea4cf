//! The generated side of the contract, for wasm32 only. Nobody but this crate and its macros names anything here.
//!
//! The contract's types are mapped onto this crate's own, so that nothing is converted and the types exist natively too;
//! for that they must have exactly the fields and cases that the contract gives them.
#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    rust_2018_idioms,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]

#[cfg(feature = "runbook")]
wit_bindgen::generate!({
    path: "../../wit",
    world: "runbook",
    pub_export_macro: true,
    with: {
        "ballast:plugin/types@0.1.0/error": crate::Error,
        "ballast:plugin/types@0.1.0/label": crate::Label,
        "ballast:plugin/types@0.1.0/need": crate::Need,
        "ballast:plugin/types@0.1.0/manifest": crate::Manifest,
        "ballast:plugin/types@0.1.0/effect": crate::Effect,
        "ballast:plugin/types@0.1.0/change": crate::Change,
        "ballast:plugin/shapes@0.1.0/context": crate::Context,
        "ballast:plugin/shapes@0.1.0/outcome": crate::Outcome,
        "ballast:plugin/shapes@0.1.0/outcome-kind": crate::OutcomeKind,
        "ballast:plugin/log@0.1.0/level": crate::log::Level,
        "ballast:plugin/metrics@0.1.0/point": crate::metrics::Point,
        "ballast:plugin/logs@0.1.0/line": crate::logs::Line,
        "ballast:plugin/traces@0.1.0/trace": crate::traces::Trace,
        "ballast:plugin/services@0.1.0/service": crate::services::Service,
        "ballast:plugin/services@0.1.0/instance": crate::services::Instance,
        "ballast:plugin/services@0.1.0/deployment": crate::services::Deployment,
        "ballast:plugin/services@0.1.0/dependency": crate::services::Dependency,
        "ballast:plugin/http@0.1.0/request": crate::http::Request,
        "ballast:plugin/http@0.1.0/response": crate::http::Response,
        "ballast:plugin/approval@0.1.0/decision": crate::approval::Decision,
        "ballast:plugin/incident@0.1.0/summary": crate::incident::Summary,
    },
});
