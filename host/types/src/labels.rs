//! A set of labels: sorted by name, each name once, none empty. Cheap to clone, to hash and to compare.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use crate::Fingerprint;
use crate::hash::Fnv;

/// The label that holds a series' metric name.
pub const METRIC_NAME: &str = "__name__";
/// The label that holds an alert's name.
pub const ALERT_NAME: &str = "alertname";

/// A pair of name and value, shared between the sets that have it.
pub type LabelPair = (Arc<str>, Arc<str>);

/// A sorted set of label pairs. A label with an empty value is the same as no label, so it is never kept.
///
/// The hash is computed once: sets are looked up far more often than they are made. It differs from process to process,
/// so that nobody can choose labels that collide; what must last is [`Labels::fingerprint`].
#[derive(Clone)]
pub struct Labels {
    hash: u64,
    pairs: Arc<[LabelPair]>,
}

static HASHES: LazyLock<foldhash::fast::RandomState> = LazyLock::new(foldhash::fast::RandomState::default);
static EMPTY: LazyLock<Labels> = LazyLock::new(|| Labels::from_sorted(Arc::new([])));

impl Labels {
    /// The empty set.
    pub fn empty() -> Self {
        EMPTY.clone()
    }

    /// Pairs that are sorted by name already, each name once, no value empty; any others make a set that is never found.
    pub fn from_sorted(pairs: Arc<[LabelPair]>) -> Self {
        let mut hasher = HASHES.build_hasher();
        for (name, value) in pairs.iter() {
            // A length before each part keeps neighbouring parts apart.
            hasher.write_u64(((name.len() as u64) << 32) | value.len() as u64);
            hasher.write(name.as_bytes());
            hasher.write(value.as_bytes());
        }
        Labels { hash: hasher.finish(), pairs }
    }

    /// Builds a set from pairs; of two with one name the later wins.
    pub fn from_pairs<N: Into<Arc<str>>, V: Into<Arc<str>>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut all: Vec<(Arc<str>, Arc<str>)> =
            pairs.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
        all.reverse();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.dedup_by(|a, b| a.0 == b.0);
        all.retain(|(_, value)| !value.is_empty());
        Labels::from_sorted(all.into())
    }

    /// The value of a label, or `None` where it is absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        // Sets are small, and to see that a length differs no text is read: quicker than to search by halves.
        self.pairs.iter().find(|(n, _)| **n == *name).map(|(_, value)| &**value)
    }

    /// The metric name, where there is one.
    pub fn metric_name(&self) -> Option<&str> {
        self.get(METRIC_NAME)
    }

    /// Name and value pairs in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(n, v)| (&**n, &**v))
    }

    /// The shared pairs themselves, for interning.
    pub fn pairs(&self) -> &[LabelPair] {
        &self.pairs
    }

    /// How many labels there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The same set with one label set; an empty value removes it.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        self.with_all([(name, value)])
    }

    /// The same set with several labels set, later ones over earlier ones.
    #[must_use]
    pub fn with_all<'a>(&self, more: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let own = self.pairs.iter().cloned();
        Labels::from_pairs(own.chain(more.into_iter().map(|(n, v)| (Arc::from(n), Arc::from(v)))))
    }

    /// The same set with only the labels that `keep` says yes to.
    #[must_use]
    pub fn filtered(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        Labels::from_sorted(self.pairs.iter().filter(|(name, _)| keep(name)).cloned().collect())
    }

    /// The same set without the metric name.
    #[must_use]
    pub fn without_name(&self) -> Self {
        self.filtered(|name| name != METRIC_NAME)
    }

    /// A stable identity over all labels.
    pub fn fingerprint(&self) -> Fingerprint {
        let hash =
            self.pairs.iter().fold(Fnv::default(), |h, (n, v)| h.part(n.as_bytes()).part(v.as_bytes()));
        Fingerprint(hash.finish())
    }
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && (Arc::ptr_eq(&self.pairs, &other.pairs) || self.pairs == other.pairs)
    }
}

impl Eq for Labels {}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Labels {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.pairs.cmp(&other.pairs)
    }
}

impl Hash for Labels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
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
    fn a_set_made_in_another_way_is_the_same_set() {
        let one = Labels::from_pairs([("a", "x"), ("b", "y"), ("c", "z")]).filtered(|name| name != "b");
        let two = Labels::from_pairs([("c", "z"), ("a", "x")]);
        assert_eq!(std::collections::HashSet::from([one.clone(), two.clone()]).len(), 1);
        assert_ne!(one, Labels::from_pairs([("a", "xc"), ("c", "z")]));
        assert_eq!(Labels::empty(), Labels::from_pairs([("a", "")]));
    }

    #[test]
    fn fingerprints_do_not_confuse_neighbouring_parts() {
        let one = Labels::from_pairs([("ab", "c")]);
        let two = Labels::from_pairs([("a", "bc")]);
        assert_ne!(one.fingerprint(), two.fingerprint());
    }
}
