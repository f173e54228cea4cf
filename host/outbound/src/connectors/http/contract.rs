//! The default contract: which request stands for which operation where the configuration does not say otherwise.
//!
//! | operation | request | answer |
//! |---|---|---|
//! | describe | `GET /` | `{"service","version","replicas"}` |
//! | instances | `GET /instances` | `[{"id","state","version"}]` |
//! | deployments | `GET /deployments` | `[{"version","deployed_at","current","by"}]` |
//! | dependencies | `GET /dependencies` | `[{"name","healthy","detail"}]` |
//! | logs | `GET /errors?since_ms=&limit=&contains=` | `[{"at","level","message"}]` |
//! | restart | `POST /restart {"instance"?}` | `{"ok":true,"detail"}` or `{"error"}`, as for all effects |
//! | rollback | `POST /rollback {"to"?}` | |
//! | scale | `PUT /replicas {"replicas"}` | |
//! | set-parameter | `PUT /parameters/{name} {"value"}` | |
//! | switch-over | `POST /switch-over {"to"}` | |
//! | settle | `GET /effects/{key}` | `{"key","performed","status","result"}`, 404 where there is no such effect |
//!
//! Effects carry `Idempotency-Key`; with `?dryRun=true` they tell what they would do. Instants are RFC 3339.

use std::collections::BTreeMap;
use std::fmt;

use ballast_types::call::Verb;

/// What a declared request stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// What the service is.
    Describe,
    /// Its instances.
    Instances,
    /// Its deployments.
    Deployments,
    /// What it needs.
    Dependencies,
    /// Its recent log lines.
    Logs,
    /// One of the verbs.
    Effect(Verb),
    /// Whether the effect of a key happened.
    Settle,
}

impl Operation {
    /// All operations.
    pub fn all() -> impl Iterator<Item = Operation> {
        let reads = [
            Operation::Describe,
            Operation::Instances,
            Operation::Deployments,
            Operation::Dependencies,
            Operation::Logs,
            Operation::Settle,
        ];
        reads.into_iter().chain(Verb::ALL.map(Operation::Effect))
    }

    /// The operation's name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Describe => "describe",
            Operation::Instances => "instances",
            Operation::Deployments => "deployments",
            Operation::Dependencies => "dependencies",
            Operation::Logs => "logs",
            Operation::Effect(verb) => verb.name(),
            Operation::Settle => "settle",
        }
    }

    /// The operation of that name.
    pub fn parse(name: &str) -> Option<Operation> {
        Operation::all().find(|operation| operation.name() == name)
    }

    /// The request of the default contract.
    pub fn default_request(self) -> DeclaredRequest {
        match self {
            Operation::Describe => DeclaredRequest::get(""),
            Operation::Instances => DeclaredRequest::get("instances"),
            Operation::Deployments => DeclaredRequest::get("deployments"),
            Operation::Dependencies => DeclaredRequest::get("dependencies"),
            Operation::Logs => {
                let parameter = |name: &str| (name.to_owned(), format!("{{{{ {name} }}}}"));
                let query = ["since_ms", "limit", "contains"].map(parameter).into();
                DeclaredRequest { query, ..DeclaredRequest::get("errors") }
            }
            Operation::Effect(verb) => effect(verb),
            Operation::Settle => DeclaredRequest::get("effects/{{ key }}"),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn effect(verb: Verb) -> DeclaredRequest {
    let (method, path, body) = match verb {
        Verb::Restart => {
            ("POST", "restart", r#"{% if instance %}{"instance": {{ instance }}}{% else %}{}{% endif %}"#)
        }
        Verb::Rollback => ("POST", "rollback", r#"{% if to %}{"to": {{ to }}}{% else %}{}{% endif %}"#),
        Verb::Scale => ("PUT", "replicas", r#"{"replicas": {{ replicas }}}"#),
        Verb::SetParameter => ("PUT", "parameters/{{ name }}", r#"{"value": {{ value }}}"#),
        Verb::SwitchOver => ("POST", "switch-over", r#"{"to": {{ to }}}"#),
    };
    DeclaredRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: BTreeMap::new(),
        body: Some(body.to_owned()),
        preview_query: Some(BTreeMap::from([("dryRun".to_owned(), "true".to_owned())])),
    }
}

/// A request with templates in it. Texts between `{{` and `}}` are filled with `service`, and, where the operation has
/// them, `instance`, `to`, `replicas`, `name`, `value`, `since_ms`, `limit`, `contains` and `key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredRequest {
    /// GET, POST, PUT, PATCH or DELETE.
    pub method: String,
    /// Relative to the base address. Values are encoded, so that none can leave its place in the path.
    pub path: String,
    /// Parameters; one that is filled with nothing is left out.
    pub query: BTreeMap<String, String>,
    /// JSON. A value is filled in as JSON, quotes included: `{"to": {{ to }}}`.
    pub body: Option<String>,
    /// Parameters that turn an effect into a question about it. `None` where the platform cannot tell; a preview is
    /// then words.
    pub preview_query: Option<BTreeMap<String, String>>,
}

impl DeclaredRequest {
    /// A GET without parameters.
    pub fn get(path: &str) -> Self {
        DeclaredRequest {
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: BTreeMap::new(),
            body: None,
            preview_query: None,
        }
    }
}
