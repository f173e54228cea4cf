//! Whether a grant covers a call. Least by default: what the operator did not name is denied, in words that say what to grant.

use ballast_types::ServiceName;
use ballast_types::call::{Call, CallError, CallErrorKind, HttpRequest, ServiceEffect};
use ballast_types::plugin::Grant;

/// Permits a call of a run about `subject`, or says what is missing.
pub fn permit(grant: &Grant, call: &Call, subject: &ServiceName) -> Result<(), CallError> {
    let capability = call.capability();
    if !grant.allows(capability) {
        return denied(format!("use `{capability}`: it was not granted"));
    }
    match call {
        Call::LogsSearch(query) => permit_read(grant, &query.service, subject),
        Call::TracesSearch { service, .. }
        | Call::ServiceDescribe { service }
        | Call::ServiceInstances { service }
        | Call::ServiceDeployments { service }
        | Call::ServiceDependencies { service }
        | Call::DatabaseRead { service, .. } => permit_read(grant, service, subject),
        Call::ServiceEffect(effect) => permit_effect(grant, effect, subject),
        Call::ServiceBatch(effects) => effects.iter().try_for_each(|e| permit_effect(grant, e, subject)),
        Call::DatabaseEffect { service, .. } if !grant.act.covers(service, Some(subject)) => {
            denied(format!("act on {service}: the grant does not cover that service"))
        }
        Call::Http(request) => permit_host(grant, request),
        _ => Ok(()),
    }
}

fn permit_read(grant: &Grant, service: &ServiceName, subject: &ServiceName) -> Result<(), CallError> {
    match grant.read.covers(service, Some(subject)) || grant.act.covers(service, Some(subject)) {
        true => Ok(()),
        false => denied(format!("look at {service}: the grant does not cover that service")),
    }
}

fn permit_effect(grant: &Grant, effect: &ServiceEffect, subject: &ServiceName) -> Result<(), CallError> {
    let (service, verb) = (&effect.service, effect.verb);
    if !grant.verbs.contains(&verb) {
        return denied(format!("{} {service}: the grant does not have that verb", verb.name()));
    }
    match grant.act.covers(service, Some(subject)) {
        true => Ok(()),
        false => denied(format!("{} {service}: the grant does not cover that service", verb.name())),
    }
}

fn permit_host(grant: &Grant, request: &HttpRequest) -> Result<(), CallError> {
    let Some(authority) = authority(&request.url) else {
        let message = format!("send a request to `{}`: not an absolute http or https address", request.url);
        return Err(CallError::new(CallErrorKind::Invalid, message));
    };
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    match grant.hosts.contains(authority) || grant.hosts.contains(host) {
        true => Ok(()),
        false => denied(format!("send a request to {authority}: the grant does not name that host")),
    }
}

/// The `host` or `host:port` of an address; `None` where user info or an odd scheme would make it ambiguous.
fn authority(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    (!authority.is_empty() && !authority.contains(['@', '\\'])).then_some(authority)
}

fn denied(message: String) -> Result<(), CallError> {
    Err(CallError::new(CallErrorKind::Denied, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballast_types::call::Verb;
    use ballast_types::plugin::{Capability, ServiceScope};
    use rstest::rstest;
    use serde_json::json;

    fn rollback(service: &str) -> Call {
        Call::ServiceEffect(ServiceEffect {
            service: ServiceName::new(service),
            verb: Verb::Rollback,
            arguments: json!({}),
        })
    }

    fn grant() -> Grant {
        Grant {
            capabilities: [Capability::Services, Capability::Http].into(),
            act: ServiceScope::Subject,
            verbs: [Verb::Rollback].into(),
            hosts: ["hooks.example:8443".to_owned(), "plain.example".to_owned()].into(),
            ..Grant::default()
        }
    }

    #[rstest]
    #[case("api", true)]
    #[case("web", false)]
    fn only_the_subject(#[case] service: &str, #[case] permitted: bool) {
        assert_eq!(permit(&grant(), &rollback(service), &ServiceName::new("api")).is_ok(), permitted);
    }

    #[test]
    fn a_verb_that_was_not_granted_is_named() {
        let none = Grant { verbs: [].into(), ..grant() };
        let error = permit(&none, &rollback("api"), &ServiceName::new("api")).unwrap_err();
        assert_eq!(error.to_string(), "denied: rollback api: the grant does not have that verb");
    }

    #[rstest]
    #[case("https://hooks.example:8443/x", true)]
    #[case("https://hooks.example/x", false)]
    #[case("http://plain.example:9/x", true)]
    #[case("http://plain.example", true)]
    #[case("http://plain.example@evil.example/", false)]
    #[case("http://evil.example/plain.example", false)]
    #[case("file:///etc/passwd", false)]
    fn hosts(#[case] url: &str, #[case] permitted: bool) {
        let request = HttpRequest { method: "GET".into(), url: url.into(), headers: vec![], body: vec![] };
        assert_eq!(permit(&grant(), &Call::Http(request), &ServiceName::new("api")).is_ok(), permitted);
    }

    #[test]
    fn nothing_but_log_and_timer_is_free() {
        let subject = ServiceName::new("api");
        assert!(permit(&Grant::default(), &Call::TimerNow, &subject).is_ok());
        let query = Call::MetricsQuery { expression: "up".into() };
        assert_eq!(permit(&Grant::default(), &query, &subject).unwrap_err().kind, CallErrorKind::Denied);
    }
}
