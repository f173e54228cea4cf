//! A set of labels: sorted by name, each name once, none empty. Cheap to clone.

use std::fmt;
use std::sync::Arc;

use crate::Fingerprint;
use crate::hash::Fnv;

/// The label that holds a series' metric name.
pub const METRIC_NAME: &str = "__name__";
/// The label that holds an alert's name.
pub const ALERT_NAME: &str = "alertname";

/// A sorted set of label pairs. A label with an empty value is the same as no label, so it is never kept.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels(Arc<[(Arc<str>, Arc<str>)]>);

impl Labels {
    /// The empty set.
    pub fn empty() -> Self {
        Labels(Arc::new([]))
    }

    /// Builds a set from pairs; of two with one name the later wins.
    pub fn from_pairs<N: Into<Arc<str>>, V: Into<Arc<str>>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut all: Vec<(Arc<str>, Arc<str>)> =
            pairs.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
        all.reverse();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.dedup_by(|a, b| a.0 == b.0);
        all.retain(|(_, value)| !value.is_empty());
        Labels(all.into())
    }

    /// The value of a label, or `None` where it is absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.binary_search_by(|(n, _)| (**n).cmp(name)).ok().map(|i| &*self.0[i].1)
    }

    /// The metric name, where there is one.
    pub fn metric_name(&self) -> Option<&str> {
        self.get(METRIC_NAME)
    }

    /// Name and value pairs in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (&**n, &**v))
    }

    /// The shared pairs themselves, for interning.
    pub fn pairs(&self) -> &[(Arc<str>, Arc<str>)] {
        &self.0
    }

    /// How many labels there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same set with one label set; an empty value removes it.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        self.with_all([(name, value)])
    }

    /// The same set with several labels set, later ones over earlier ones.
    #[must_use]
    pub fn with_all<'a>(&self, more: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let own = self.0.iter().cloned();
        Labels::from_pairs(own.chain(more.into_iter().map(|(n, v)| (Arc::from(n), Arc::from(v)))))
    }

    /// The same set with only the labels that `keep` says yes to.
    #[must_use]
    pub fn filtered(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        Labels(self.0.iter().filter(|(name, _)| keep(name)).cloned().collect())
    }

    /// The same set without the metric name.
    #[must_use]
    pub fn without_name(&self) -> Self {
        self.filtered(|name| name != METRIC_NAME)
    }

    /// A stable identity over all labels.
    pub fn fingerprint(&self) -> Fingerprint {
        let hash = self.0.iter().fold(Fnv::default(), |h, (n, v)| h.part(n.as_bytes()).part(v.as_bytes()));
        Fingerprint(hash.finish())
    }
}

impl Default for Labels {
    fn default() -> Self {
        Labels::empty()
    }
}

impl<N: Into<Arc<str>>, V: Into<Arc<str>>> FromIterator<(N, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Labels::from_pairs(pairs)
    }
}

impl fmt::Display for Labels {
    /// As Prometheus writes a series: `name{a="b"}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.metric_name().unwrap_or_default())?;
        let mut separator = "{";
        for (name, value) in self.iter().filter(|(name, _)| *name != METRIC_NAME) {
            write!(f, "{separator}{name}={value:?}")?;
            separator = ", ";
        }
        match (separator, self.metric_name()) {
            ("{", Some(_)) => Ok(()),
            ("{", None) => f.write_str("{}"),
            _ => f.write_str("}"),
        }
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_pairs_win_and_empty_values_vanish() {
        let labels = Labels::from_pairs([("b", "1"), ("a", "x"), ("b", "2"), ("c", "")]);
        assert_eq!(labels.to_string(), r#"{a="x", b="2"}"#);
        assert_eq!(labels.with("a", "").to_string(), r#"{b="2"}"#);
        assert_eq!(labels.get("b"), Some("2"));
    }

    #[test]
    fn fingerprints_do_not_confuse_neighbouring_parts() {
        let one = Labels::from_pairs([("ab", "c")]);
        let two = Labels::from_pairs([("a", "bc")]);
        assert_ne!(one.fingerprint(), two.fingerprint());
    }
}
