//! Attributes to labels: of points, resources and scopes, who wins where they meet, and how a value is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use ballast_types::labels::{LabelPair, METRIC_NAME};
use ballast_types::{Interner, Labels};
use serde_json::Value;

use super::message::{AnyValue, KeyValue, Resource, ScopeMetrics};
use super::{Options, names, number_text};
use crate::parsed::{Reason, excerpt};

/// Most attributes of a point, a resource or a scope.
const ATTRIBUTES_MAX: usize = 256;
/// Most bytes of one value.
const VALUE_BYTES_MAX: usize = 64 << 10;

const SERVICE_NAME: &str = "service.name";
const SERVICE_NAMESPACE: &str = "service.namespace";
const SERVICE_INSTANCE: &str = "service.instance.id";
/// What makes `job` and `instance`.
const IDENTIFYING: [&str; 3] = [SERVICE_NAMESPACE, SERVICE_NAME, SERVICE_INSTANCE];

pub(super) type Refused = (Reason, String);

/// Labels on their way, sorted and each once.
pub(super) type Pairs = BTreeMap<String, String>;

/// What all points of one scope of one resource share.
#[derive(Default)]
pub(super) struct Shared {
    /// Loses against a point's own.
    promoted: Pairs,
    /// Wins against a point's own.
    fixed: Pairs,
}

impl Shared {
    /// Labels of a resource and a scope.
    pub(super) fn new(
        resource: Option<&Resource>,
        scope: &ScopeMetrics,
        options: &Options,
    ) -> Result<Self, Refused> {
        let attributes = resource.map_or(&[][..], |resource| &resource.attributes);
        let listed = |key: &str| options.promote_resource_attributes.iter().any(|name| name == key);
        let promoted = translated(attributes, |key| listed(key) != options.promote_all_resource_attributes)?;
        let mut fixed = Pairs::new();
        if options.promote_scope_metadata {
            fixed = scope_labels(scope)?;
        }
        fixed.extend(identity(attributes));
        Ok(Shared { promoted, fixed })
    }

    /// The labels of a point without a name.
    pub(super) fn point(&self, attributes: &[KeyValue]) -> Result<Pairs, Refused> {
        let mut pairs = translated(attributes, |_| true)?;
        for (name, value) in &self.promoted {
            pairs.entry(name.clone()).or_insert_with(|| value.clone());
        }
        pairs.extend(self.fixed.clone());
        Ok(pairs)
    }
}

/// The labels of `target_info`; `None` where the resource says nothing more than who it is, or not even that.
pub(super) fn target_info(resource: &Resource, options: &Options) -> Option<Pairs> {
    let is_identifying = |key: &str| IDENTIFYING.contains(&key);
    if resource.attributes.iter().all(|attribute| is_identifying(&attribute.key)) {
        return None;
    }
    let kept = |key: &str| options.keep_identifying_resource_attributes || !is_identifying(key);
    let mut pairs = translated(&resource.attributes, kept).ok()?;
    pairs.extend(identity(&resource.attributes));
    pairs.contains_key("job").then_some(()).or_else(|| pairs.contains_key("instance").then_some(()))?;
    pairs.insert(METRIC_NAME.to_owned(), "target_info".to_owned());
    Some(pairs)
}

/// `job` and `instance`.
fn identity(attributes: &[KeyValue]) -> Pairs {
    let value = |key: &str| attributes.iter().find(|attribute| attribute.key == key).map(value_of);
    let job = value(SERVICE_NAME).map(|name| match value(SERVICE_NAMESPACE) {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name,
    });
    let named = [("job", job), ("instance", value(SERVICE_INSTANCE))];
    named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn scope_labels(scope: &ScopeMetrics) -> Result<Pairs, Refused> {
    let Some(named) = scope.scope.as_ref().filter(|scope| !scope.name.is_empty()) else {
        return Ok(Pairs::new());
    };
    let own = translated(&named.attributes, |_| true)?;
    let mut pairs: Pairs =
        own.into_iter().map(|(name, value)| (format!("otel_scope_{name}"), value)).collect();
    for (name, value) in
        [("name", &named.name), ("version", &named.version), ("schema_url", &scope.schema_url)]
    {
        pairs.insert(format!("otel_scope_{name}"), value.clone());
    }
    Ok(pairs)
}

/// Attributes under their label names; of several that become one, the values are joined in the order of their keys.
fn translated(attributes: &[KeyValue], kept: impl Fn(&str) -> bool) -> Result<Pairs, Refused> {
    if attributes.len() > ATTRIBUTES_MAX {
        return Err((Reason::LabelLimit, format!("more than {ATTRIBUTES_MAX} attributes")));
    }
    let mut sorted: Vec<&KeyValue> = attributes.iter().filter(|attribute| kept(&attribute.key)).collect();
    sorted.sort_by(|one, other| one.key.cmp(&other.key));
    let mut pairs = Pairs::new();
    for attribute in sorted {
        let key = excerpt(&attribute.key);
        let Some(name) = names::label_name(&attribute.key) else {
            return Err((Reason::InvalidLabel, format!("the attribute {key} makes no label name")));
        };
        let value = value_of(attribute);
        if value.len() + name.len() > VALUE_BYTES_MAX {
            return Err((Reason::LabelLimit, format!("the attribute {key} of {} bytes", value.len())));
        }
        match pairs.get_mut(&name) {
            Some(joined) => *joined = format!("{joined};{value}"),
            None => _ = pairs.insert(name, value),
        }
    }
    Ok(pairs)
}

/// Pairs as labels over shared texts.
pub(super) fn labels(pairs: &Pairs, interner: &Interner) -> Labels {
    let shared: Arc<[LabelPair]> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (interner.text(name), interner.text(value)))
        .collect();
    Labels::from_sorted(shared)
}

/// The value of an attribute as a label's value.
pub(super) fn value_of(attribute: &KeyValue) -> String {
    attribute.value.as_ref().map(text).unwrap_or_default()
}

fn text(value: &AnyValue) -> String {
    match value {
        AnyValue { string_value: Some(text), .. } => text.clone(),
        AnyValue { double_value: Some(number), .. } => number_text::attribute(*number),
        AnyValue { bytes_value: Some(bytes), .. } => number_text::to_base64(bytes),
        _ => match json(value) {
            Value::Null => String::new(),
            other => other.to_string(),
        },
    }
}

fn json(value: &AnyValue) -> Value {
    match value {
        AnyValue { string_value: Some(text), .. } => Value::from(text.as_str()),
        AnyValue { bool_value: Some(truth), .. } => Value::from(*truth),
        AnyValue { int_value: Some(number), .. } => Value::from(*number),
        AnyValue { double_value: Some(number), .. } => Value::from(*number),
        AnyValue { array_value: Some(list), .. } => list.values.iter().map(json).collect(),
        AnyValue { kvlist_value: Some(list), .. } => {
            let of = |attribute: &KeyValue| attribute.value.as_ref().map_or(Value::Null, json);
            let sorted: BTreeMap<_, _> =
                list.values.iter().map(|pair| (pair.key.clone(), of(pair))).collect();
            Value::Object(sorted.into_iter().collect())
        }
        AnyValue { bytes_value: Some(bytes), .. } => Value::from(number_text::to_base64(bytes)),
        _ => Value::Null,
    }
}
