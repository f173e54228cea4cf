//! What a series is called: its own labels, its target's, and what relabelling makes of both. Asked once for each line that
//! was not there before, never for one that was.

use ballast_formats::text::ParsedLabels;
use ballast_ports::{ScrapeOptions, ScrapeTarget};
use ballast_types::labels::METRIC_NAME;
use ballast_types::relabel::{LabelsBuilder, apply};
use ballast_types::{Interner, Labels};

/// How the series of one target are named.
pub(super) struct Naming<'t> {
    pub(super) target: &'t ScrapeTarget,
    pub(super) interner: &'t Interner,
    /// Why the whole scrape must fail, once something did.
    pub(super) broken: Option<String>,
}

impl Naming<'_> {
    /// The labels of a series, or `None` where relabelling drops it.
    pub(super) fn name(&mut self, exposed: &ParsedLabels<'_>) -> Option<Labels> {
        let options = &self.target.options;
        let mut labels = merge(exposed, &self.target.labels, options.honor_labels);
        if !apply(&options.metric_relabelling, &mut labels) {
            return None;
        }
        if let Some(reason) = over_limit(&labels, options) {
            self.broken.get_or_insert(reason);
            return None;
        }
        Some(labels.interned(self.interner))
    }
}

/// Both sets of labels. On a conflict the target's win and the series' own is kept as `exported_…`, or, with `honor_labels`,
/// the series' own wins.
fn merge(exposed: &ParsedLabels<'_>, target: &Labels, honor_labels: bool) -> LabelsBuilder {
    let mut labels = LabelsBuilder::default();
    for (name, value) in exposed.iter() {
        if honor_labels || target.get(name).is_none() {
            labels.set(name, value);
        }
    }
    if honor_labels {
        target.pairs().iter().for_each(|(name, value)| labels.set_missing(name.clone(), value.clone()));
        return labels;
    }
    for (name, value) in exposed.iter().filter(|(name, _)| target.get(name).is_some()) {
        let mut free = format!("exported_{name}");
        while exposed.get(&free).is_some() || target.get(&free).is_some() || !labels.get(&free).is_empty() {
            free.insert_str(0, "exported_");
        }
        labels.set(free, value);
    }
    target.pairs().iter().for_each(|(name, value)| labels.set(name.clone(), value.clone()));
    labels
}

/// Which limit of the job a series breaks.
fn over_limit(labels: &LabelsBuilder, options: &ScrapeOptions) -> Option<String> {
    let name = labels.get(METRIC_NAME);
    let over = |number: usize, limit: usize| limit > 0 && number > limit;
    if name.is_empty() {
        return Some("relabelling leaves a series without a name".to_owned());
    }
    let pairs = labels.pairs();
    if over(pairs.len(), options.label_limit) {
        let (many, limit) = (pairs.len(), options.label_limit);
        return Some(format!("{name} has {many} labels, more than the label_limit of {limit}"));
    }
    pairs.iter().find_map(|(label, value)| {
        let (name_limit, value_limit) = (options.label_name_length_limit, options.label_value_length_limit);
        if over(label.len(), name_limit) {
            let bytes = label.len();
            return Some(format!("a label's name of {name} has {bytes} bytes, more than the label_name_length_limit of {name_limit}"));
        }
        let bytes = value.len();
        over(bytes, value_limit).then(|| {
            format!("the label {label} of {name} has {bytes} bytes, more than the label_value_length_limit of {value_limit}")
        })
    })
}
