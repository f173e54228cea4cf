//! The arguments of an effect: parsed strictly, since a misspelt `instance` would restart everything.

use ballast_types::ServiceName;
use ballast_types::call::{CallError, CallErrorKind, ServiceEffect, Verb};
use serde_json::{Map, Value};

/// A verb with what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EffectArguments {
    Restart { instance: Option<String> },
    Rollback { to: Option<String> },
    Scale { replicas: u32 },
    SetParameter { name: String, value: String },
    SwitchOver { to: String },
}

impl EffectArguments {
    /// Reads the JSON of an effect; `invalid` says which field is wrong.
    pub(super) fn parse(effect: &ServiceEffect) -> Result<Self, CallError> {
        Self::from_json(effect.verb, &effect.arguments).map_err(|reason| {
            let verb = effect.verb.name();
            CallError::new(CallErrorKind::Invalid, format!("read the arguments of `{verb}`: {reason}"))
        })
    }

    fn from_json(verb: Verb, arguments: &Value) -> Result<Self, String> {
        let empty = Map::new();
        let fields = match arguments {
            Value::Null => &empty,
            Value::Object(fields) => fields,
            other => return Err(format!("expected an object, found {other}")),
        };
        check_fields(verb, fields)?;
        Ok(match verb {
            Verb::Restart => EffectArguments::Restart { instance: optional(fields, "instance")? },
            Verb::Rollback => EffectArguments::Rollback { to: optional(fields, "to")? },
            Verb::Scale => EffectArguments::Scale { replicas: replicas(fields)? },
            Verb::SetParameter => {
                EffectArguments::SetParameter { name: required(fields, "name")?, value: value(fields)? }
            }
            Verb::SwitchOver => EffectArguments::SwitchOver { to: required(fields, "to")? },
        })
    }

    /// What is attempted, as a phrase that fits after "would" and after "failed to".
    pub(super) fn words(&self, service: &ServiceName) -> String {
        match self {
            EffectArguments::Restart { instance: Some(instance) } => {
                format!("restart instance {instance} of {service}")
            }
            EffectArguments::Restart { instance: None } => format!("restart all instances of {service}"),
            EffectArguments::Rollback { to: Some(to) } => format!("roll {service} back to {to}"),
            EffectArguments::Rollback { to: None } => format!("roll {service} back to the version before"),
            EffectArguments::Scale { replicas: 1 } => format!("scale {service} to 1 replica"),
            EffectArguments::Scale { replicas } => format!("scale {service} to {replicas} replicas"),
            EffectArguments::SetParameter { name, value } => {
                format!("set the parameter {name} of {service} to `{value}`")
            }
            EffectArguments::SwitchOver { to } => format!("switch {service} over to {to}"),
        }
    }
}

fn check_fields(verb: Verb, fields: &Map<String, Value>) -> Result<(), String> {
    let known: &[&str] = match verb {
        Verb::Restart => &["instance"],
        Verb::Rollback | Verb::SwitchOver => &["to"],
        Verb::Scale => &["replicas"],
        Verb::SetParameter => &["name", "value"],
    };
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!("there is no field `{name}`, only {}", known.join(", "))),
        None => Ok(()),
    }
}

fn optional(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        Some(other) => Err(format!("expected a text in `{name}`, found {other}")),
    }
}

fn required(fields: &Map<String, Value>, name: &str) -> Result<String, String> {
    optional(fields, name)?.ok_or_else(|| format!("`{name}` is missing"))
}

fn replicas(fields: &Map<String, Value>) -> Result<u32, String> {
    let given = fields.get("replicas").ok_or("`replicas` is missing")?;
    let number = given.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| format!("expected a whole number in `replicas`, found {given}"))
}

/// Parameters are texts on the wire; a number or a boolean is taken as it is written.
fn value(fields: &Map<String, Value>) -> Result<String, String> {
    match fields.get("value") {
        None => Err("`value` is missing".to_owned()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(plain @ (Value::Number(_) | Value::Bool(_))) => Ok(plain.to_string()),
        Some(other) => Err(format!("expected a text, a number or a boolean in `value`, found {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn parse(verb: Verb, arguments: Value) -> Result<String, String> {
        let service = ServiceName::new("api");
        let effect = ServiceEffect { service: service.clone(), verb, arguments };
        EffectArguments::parse(&effect)
            .map(|parsed| parsed.words(&service))
            .map_err(|error| error.to_string())
    }

    #[rstest]
    #[case(Verb::Restart, json!({}), "restart all instances of api")]
    #[case(Verb::Restart, json!(null), "restart all instances of api")]
    #[case(Verb::Restart, json!({"instance": "a"}), "restart instance a of api")]
    #[case(Verb::Rollback, json!({"to": null}), "roll api back to the version before")]
    #[case(Verb::Rollback, json!({"to": "1.2"}), "roll api back to 1.2")]
    #[case(Verb::Scale, json!({"replicas": 3}), "scale api to 3 replicas")]
    #[case(Verb::SetParameter, json!({"name": "pool", "value": 8}), "set the parameter pool of api to `8`")]
    #[case(Verb::SwitchOver, json!({"to": "b"}), "switch api over to b")]
    fn reads(#[case] verb: Verb, #[case] arguments: Value, #[case] words: &str) {
        assert_eq!(parse(verb, arguments).as_deref(), Ok(words));
    }

    #[rstest]
    #[case(Verb::Restart, json!({"instnace": "a"}), "there is no field `instnace`, only instance")]
    #[case(Verb::Restart, json!({"instance": ""}), "expected a text in `instance`, found \"\"")]
    #[case(Verb::Restart, json!([]), "expected an object, found []")]
    #[case(Verb::Scale, json!({}), "`replicas` is missing")]
    #[case(Verb::Scale, json!({"replicas": -1}), "expected a whole number in `replicas`, found -1")]
    #[case(Verb::Scale, json!({"replicas": "2"}), "expected a whole number in `replicas`, found \"2\"")]
    #[case(Verb::SetParameter, json!({"name": "pool"}), "`value` is missing")]
    #[case(Verb::SwitchOver, json!({}), "`to` is missing")]
    fn refuses(#[case] verb: Verb, #[case] arguments: Value, #[case] reason: &str) {
        let message = format!("invalid: read the arguments of `{}`: {reason}", verb.name());
        assert_eq!(parse(verb, arguments), Err(message));
    }
}
