//! Instants, values, lengths of time and label sets as JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use ballast_types::{Labels, Timestamp};
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A label set.
pub(crate) type LabelMap = BTreeMap<String, String>;

/// A label set as an object.
pub(crate) fn labels(labels: &Labels) -> LabelMap {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A length of time in milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// An instant: RFC 3339 in UTC with milliseconds. What lies beyond the years -9999 to 9999 is shown as their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant(pub(crate) Timestamp);

impl Instant {
    /// The text.
    pub(crate) fn text(self) -> String {
        let end = if self.0.as_millis() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        let instant = jiff::Timestamp::from_millisecond(self.0.as_millis()).unwrap_or(end);
        format!("{instant:.3}")
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl ToSchema for Instant {
    fn name() -> Cow<'static, str> {
        "Instant".into()
    }
}

/// A value of a series: a number, or one of the strings `NaN`, `+Inf` and `-Inf`, for which JSON has no number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SampleValue(pub(crate) f64);

impl Serialize for SampleValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.is_finite() {
            true => serializer.serialize_f64(self.0),
            false => serializer.serialize_str(&value_text(self.0)),
        }
    }
}

impl PartialSchema for SampleValue {
    fn schema() -> RefOr<Schema> {
        let names = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["NaN", "+Inf", "-Inf"]));
        OneOfBuilder::new().item(ObjectBuilder::new().schema_type(Type::Number)).item(names).into()
    }
}

impl ToSchema for SampleValue {
    fn name() -> Cow<'static, str> {
        "SampleValue".into()
    }
}

/// A value as Prometheus writes it: the shortest decimal without an exponent, `NaN`, `+Inf` or `-Inf`.
pub(crate) fn value_text(value: f64) -> String {
    match value {
        _ if value.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_milliseconds_and_never_fail() {
        let texts =
            [0, 1_700_000_000_123, i64::MAX, i64::MIN].map(|at| Instant(Timestamp::from_millis(at)).text());
        insta::assert_debug_snapshot!(texts, @r#"
        [
            "1970-01-01T00:00:00.000Z",
            "2023-11-14T22:13:20.123Z",
            "9999-12-30T22:00:00.999Z",
            "-009999-01-02T01:59:59.000Z",
        ]
        "#);
    }

    #[test]
    fn values_that_json_has_no_number_for_are_strings() {
        let values = [1.0, 0.25, f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(SampleValue);
        insta::assert_snapshot!(serde_json::to_string(&values).unwrap(), @r#"[1.0,0.25,"NaN","+Inf","-Inf"]"#);
        assert_eq!([1.0, 1e21, -0.5].map(value_text), ["1", "1000000000000000000000", "-0.5"]);
    }
}
