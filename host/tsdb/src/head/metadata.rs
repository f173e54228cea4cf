//! What metrics are, as their targets say. Targets may disagree, so a metric has a set; both are bounded, and what comes
//! beyond is ignored: it helps people, and nothing is computed from it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ballast_types::Interner;
use ballast_types::ingest::Metadata;

/// Most metrics.
const METRICS_MAX: usize = 50_000;
/// Most different lines of one metric; of more than so many the oldest knowledge is as good as any.
const LINES_PER_METRIC_MAX: usize = 8;
/// Most bytes of a name, a unit and a help text together.
const BYTES_MAX: usize = 4096;

/// The metadata of all metrics, by name.
#[derive(Debug, Default)]
pub(crate) struct MetadataTable {
    by_metric: BTreeMap<Arc<str>, BTreeSet<Metadata>>,
}

impl MetadataTable {
    /// Notes what a metric is, over shared texts. Tells whether that is news and kept.
    pub(crate) fn note(&mut self, metric: &str, metadata: &Metadata, interner: &Interner) -> bool {
        if self.by_metric.get(metric).is_some_and(|known| known.contains(metadata)) {
            return false;
        }
        let is_full = self.by_metric.len() >= METRICS_MAX && !self.by_metric.contains_key(metric);
        if is_full || metric.len() + metadata.help.len() + metadata.unit.len() > BYTES_MAX {
            return false;
        }
        let lines = self.by_metric.entry(interner.text(metric)).or_default();
        if lines.len() >= LINES_PER_METRIC_MAX {
            return false;
        }
        let (help, unit) = (interner.text(&metadata.help), interner.text(&metadata.unit));
        lines.insert(Metadata { kind: metadata.kind, help, unit })
    }

    /// All of it, by name.
    pub(crate) fn all(&self) -> Vec<(Arc<str>, Vec<Metadata>)> {
        self.by_metric.iter().map(|(name, lines)| (name.clone(), lines.iter().cloned().collect())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballast_types::ingest::MetricType;

    fn line(help: &str) -> Metadata {
        Metadata { kind: MetricType::Counter, help: help.into(), unit: "".into() }
    }

    #[test]
    fn targets_that_disagree_have_a_line_each_up_to_a_bound() {
        let (mut table, interner) = (MetadataTable::default(), Interner::default());
        for help in ["one", "one", "two"] {
            table.note("m", &line(help), &interner);
        }
        assert_eq!(table.all(), [("m".into(), vec![line("one"), line("two")])]);
        let noted = (0..20).filter(|i| table.note("m", &line(&i.to_string()), &interner)).count();
        assert!(noted < 20);
        table.note("long", &line(&"x".repeat(BYTES_MAX)), &interner);
        let all = table.all();
        assert_eq!((all.len(), all[0].1.len()), (1, LINES_PER_METRIC_MAX));
    }

    #[test]
    fn metrics_beyond_the_bound_are_ignored() {
        let (mut table, interner) = (MetadataTable::default(), Interner::default());
        let noted =
            (0..METRICS_MAX + 5).filter(|i| table.note(&format!("m{i}"), &line(""), &interner)).count();
        assert!(noted <= METRICS_MAX);
        table.note("m1", &line("known ones still learn"), &interner);
        assert_eq!((table.all().len(), table.by_metric["m1"].len()), (METRICS_MAX, 2));
    }
}
