//! Groups of targets, and how files and servers write them: `[{"targets": ["host:port"], "labels": {"name": "value"}}]`.

use std::collections::BTreeMap;

use ballast_types::Labels;
use serde::Deserialize;

/// The label that says where a target is.
pub(super) const ADDRESS: &str = "__address__";
/// Most bytes of a file or an answer.
pub(super) const GROUPS_BYTES_MAX: usize = 32 << 20;

/// Targets that have labels in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetGroup {
    /// The labels of each target, `__address__` among them.
    pub targets: Vec<Labels>,
    /// What they have in common; a target's own win.
    pub labels: Labels,
}

impl TargetGroup {
    /// A group of addresses.
    pub fn new(addresses: impl IntoIterator<Item = String>, labels: Labels) -> Self {
        let targets = addresses.into_iter().map(|address| Labels::from_pairs([(ADDRESS, address)])).collect();
        TargetGroup { targets, labels }
    }
}

/// As it is written. A key that is not known is most likely a mistyped one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenGroup {
    #[serde(default)]
    targets: Option<Vec<String>>,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
}

/// Groups written as JSON, each with one more label.
pub(super) fn from_json(text: &[u8], more: (&str, &str)) -> Result<Vec<TargetGroup>, String> {
    let written: Option<Vec<Option<WrittenGroup>>> =
        serde_json::from_slice(text).map_err(|error| format!("read the groups: {error}"))?;
    groups(written, more)
}

/// Groups written as YAML, each with one more label.
pub(super) fn from_yaml(text: &str, more: (&str, &str)) -> Result<Vec<TargetGroup>, String> {
    let options = serde_saphyr::options! { with_snippet: false };
    let written: Option<Vec<Option<WrittenGroup>>> = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| format!("read the groups: {error}"))?;
    groups(written, more)
}

fn groups(
    written: Option<Vec<Option<WrittenGroup>>>,
    more: (&str, &str),
) -> Result<Vec<TargetGroup>, String> {
    let read = |(index, group): (usize, Option<WrittenGroup>)| {
        let group = group.ok_or_else(|| format!("read the groups: group {} is null", index + 1))?;
        let labels = Labels::from_pairs(group.labels.unwrap_or_default()).with_all([more]);
        Ok(TargetGroup::new(group.targets.unwrap_or_default(), labels))
    };
    written.unwrap_or_default().into_iter().enumerate().map(read).collect()
}
