//! Samples to the text formats, for who scrapes Ballast: `/federate`.
//!
//! Families come in the order of their names, each with what is known of it before its series. Names beyond the legacy
//! alphabet are quoted where the reader said that it knows quoted names, and escaped with underscores where not.
//!
//! Invariant: what is written here is read by [`super::read`] as the same samples, but for escaped names.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use ballast_types::ingest::{Metadata, MetricType};
use ballast_types::labels::METRIC_NAME;
use ballast_types::series::is_stale;
use ballast_types::{Labels, Sample, Timestamp};

use super::Format;
use super::escape::{Escaping, label_name, metric_name, quote};
use crate::number;

/// Suffixes of the series of one family, and the types whose families have them.
const SUFFIXES: [(&str, &[MetricType]); 7] = [
    ("_total", &[MetricType::Counter]),
    ("_bucket", &[MetricType::Histogram, MetricType::GaugeHistogram]),
    ("_sum", &[MetricType::Histogram, MetricType::Summary]),
    ("_count", &[MetricType::Histogram, MetricType::Summary]),
    ("_gsum", &[MetricType::GaugeHistogram]),
    ("_gcount", &[MetricType::GaugeHistogram]),
    ("_info", &[MetricType::Info]),
];

/// What is known of a family, and its samples.
type Family<'s, 'm> = (Option<&'m Metadata>, Vec<&'s (Labels, Sample)>);

/// Writes samples, one a series; staleness markers are left out. `metadata` says what a family is, where that is known.
pub fn write<'m>(
    samples: &[(Labels, Sample)],
    metadata: impl Fn(&str) -> Option<&'m Metadata>,
    format: Format,
    escaping: Escaping,
) -> String {
    let mut families: BTreeMap<&str, Family<'_, 'm>> = BTreeMap::new();
    for sample in samples.iter().filter(|(_, sample)| !is_stale(sample.value)) {
        let name = sample.0.metric_name().unwrap_or_default();
        let (family, known) = family_of(name, &metadata);
        families.entry(family).or_insert((known, Vec::new())).1.push(sample);
    }
    let mut writer = Writer { format, escaping, out: String::with_capacity(samples.len() * 100) };
    for (family, (known, samples)) in families {
        writer.family(family, known, &samples);
        samples.into_iter().for_each(|(labels, sample)| writer.sample(labels, sample));
    }
    if format == Format::OpenMetrics {
        writer.out.push_str("# EOF\n");
    }
    writer.out
}

/// The family that a metric name belongs to, and what it is.
fn family_of<'n, 'm>(
    name: &'n str,
    metadata: &impl Fn(&str) -> Option<&'m Metadata>,
) -> (&'n str, Option<&'m Metadata>) {
    if let Some(known) = metadata(name) {
        return (name, Some(known));
    }
    let of_suffix = |(suffix, kinds): &(&str, &[MetricType])| {
        let family = name.strip_suffix(suffix)?;
        let known = metadata(family).filter(|known| kinds.contains(&known.kind))?;
        Some((family, Some(known)))
    };
    SUFFIXES.iter().find_map(of_suffix).unwrap_or((name, None))
}

struct Writer {
    format: Format,
    escaping: Escaping,
    out: String,
}

impl Writer {
    fn family(&mut self, family: &str, known: Option<&Metadata>, samples: &[&(Labels, Sample)]) {
        let (name, kind) = match self.format {
            Format::Text => (family, known.map_or("untyped", |known| text_kind(known.kind))),
            Format::OpenMetrics => open_metrics_family(family, known, samples),
        };
        let name = self.written_name(name);
        if let Some(help) = known.map(|known| &*known.help).filter(|help| !help.is_empty()) {
            _ = writeln!(self.out, "# HELP {name} {}", help_text(help, self.format));
        }
        _ = writeln!(self.out, "# TYPE {name} {kind}");
        let unit = known.map(|known| &*known.unit).filter(|unit| !unit.is_empty());
        if let (Format::OpenMetrics, Some(unit)) = (self.format, unit)
            && name.strip_suffix(unit).is_some_and(|rest| rest.ends_with('_'))
        {
            _ = writeln!(self.out, "# UNIT {name} {unit}");
        }
    }

    /// A name as it stands in a comment line.
    fn written_name(&self, name: &str) -> String {
        match metric_name(name, self.escaping) {
            Ok(name) => name.into_owned(),
            Err(name) => quote(name),
        }
    }

    fn sample(&mut self, labels: &Labels, sample: &Sample) {
        let mut opened = false;
        match metric_name(labels.metric_name().unwrap_or_default(), self.escaping) {
            Ok(name) => self.out.push_str(&name),
            Err(name) => {
                _ = write!(self.out, "{{{}", quote(name));
                opened = true;
            }
        }
        let mut escaped: Vec<String> = Vec::new();
        for (name, value) in labels.iter().filter(|(name, _)| *name != METRIC_NAME) {
            let name = match label_name(name, self.escaping) {
                // Of two names that escaping makes one, the first is written: a label may not come twice.
                Ok(Cow::Owned(name)) if labels.get(&name).is_some() || escaped.contains(&name) => continue,
                Ok(Cow::Owned(name)) => {
                    escaped.push(name.clone());
                    Cow::Owned(name)
                }
                Ok(name) => name,
                Err(name) => Cow::Owned(quote(name)),
            };
            self.out.push(if opened { ',' } else { '{' });
            opened = true;
            self.out.push_str(&name);
            self.out.push('=');
            self.out.push_str(&quote(value));
        }
        self.out.push_str(if opened { "} " } else { " " });
        match self.format {
            Format::Text => number::write_value(sample.value, &mut self.out),
            Format::OpenMetrics => number::write_float(sample.value, &mut self.out),
        }
        self.out.push(' ');
        self.timestamp(sample.at);
        self.out.push('\n');
    }

    fn timestamp(&mut self, at: Timestamp) {
        let millis = at.as_millis();
        _ = match self.format {
            Format::Text => write!(self.out, "{millis}"),
            Format::OpenMetrics => {
                let (sign, size) = (if millis < 0 { "-" } else { "" }, millis.unsigned_abs());
                write!(self.out, "{sign}{}.{:03}", size / 1000, size % 1000)
            }
        };
    }
}

/// The older format has fewer types.
fn text_kind(kind: MetricType) -> &'static str {
    match kind {
        MetricType::Counter | MetricType::Gauge | MetricType::Histogram | MetricType::Summary => {
            kind.as_str()
        }
        MetricType::Info | MetricType::StateSet => "gauge",
        MetricType::GaugeHistogram | MetricType::Unknown => "untyped",
    }
}

/// OpenMetrics names a counter's family without `_total`, and has no counter whose series lack it.
fn open_metrics_family<'n>(
    family: &'n str,
    known: Option<&Metadata>,
    samples: &[&(Labels, Sample)],
) -> (&'n str, &'static str) {
    let kind = known.map_or(MetricType::Unknown, |known| known.kind);
    if kind != MetricType::Counter {
        return (family, kind.as_str());
    }
    let names = || samples.iter().filter_map(|(labels, _)| labels.metric_name());
    match names().all(|name| name.ends_with("_total")) {
        true => (family.strip_suffix("_total").unwrap_or(family), kind.as_str()),
        false => (family, MetricType::Unknown.as_str()),
    }
}

fn help_text(help: &str, format: Format) -> String {
    let text = help.replace('\\', r"\\").replace('\n', r"\n");
    match format {
        Format::Text => text,
        Format::OpenMetrics => text.replace('"', "\\\""),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BodyEnd, Options, read_once};
    use super::*;
    use ballast_types::Interner;
    use proptest::prelude::*;

    type Written<'w> = (&'w str, &'w [(&'w str, &'w str)], f64);

    fn samples(all: &[Written<'_>]) -> Vec<(Labels, Sample)> {
        let one = |(name, pairs, value): &Written<'_>| {
            let labels = Labels::from_pairs(pairs.iter().copied()).with(METRIC_NAME, name);
            (labels, Sample { at: Timestamp::from_millis(1500), value: *value })
        };
        all.iter().map(one).collect()
    }

    fn known(name: &str) -> Option<&'static Metadata> {
        use std::sync::LazyLock;
        static KNOWN: LazyLock<BTreeMap<&str, Metadata>> = LazyLock::new(|| {
            let of = |kind, help: &str, unit: &str| Metadata { kind, help: help.into(), unit: unit.into() };
            BTreeMap::from([
                ("c_total", of(MetricType::Counter, "a \"b\"\nc\\", "")),
                ("bad", of(MetricType::Counter, "", "")),
                ("h_seconds", of(MetricType::Histogram, "", "seconds")),
                ("my.gauge", of(MetricType::Gauge, "", "")),
                ("i", of(MetricType::Info, "", "")),
            ])
        });
        KNOWN.get(name)
    }

    fn all() -> Vec<(Labels, Sample)> {
        samples(&[
            ("c_total", &[("a", "x\"\\\n")], 1e6),
            ("h_seconds_bucket", &[("le", "+Inf")], 3.0),
            ("h_seconds_sum", &[], 0.5),
            ("h_seconds_bucketx", &[], 2.0),
            ("i_info", &[("v.w", "1")], 1.0),
            ("my.gauge", &[("b", "y"), ("ä:b", "")], f64::NAN),
            ("my.gauge", &[("ä:b", "z")], f64::NEG_INFINITY),
            ("bad", &[("a.b", "1"), ("a_b", "2"), ("c-d", "3"), ("c.d", "4")], 1.0),
            ("stale", &[], ballast_types::series::stale_nan()),
        ])
    }

    #[test]
    fn text_with_underscores() {
        insta::assert_snapshot!(write(&all(), known, Format::Text, Escaping::Underscores), @r#"
        # TYPE bad counter
        bad{a_b="2",c_d="3"} 1 1500
        # HELP c_total a "b"\nc\\
        # TYPE c_total counter
        c_total{a="x\"\\\n"} 1e+06 1500
        # TYPE h_seconds histogram
        h_seconds_bucket{le="+Inf"} 3 1500
        h_seconds_sum 0.5 1500
        # TYPE h_seconds_bucketx untyped
        h_seconds_bucketx 2 1500
        # TYPE i gauge
        i_info{v_w="1"} 1 1500
        # TYPE my_gauge gauge
        my_gauge{b="y"} NaN 1500
        my_gauge{__b="z"} -Inf 1500
        "#);
    }

    #[test]
    fn open_metrics_with_quoted_names() {
        insta::assert_snapshot!(write(&all(), known, Format::OpenMetrics, Escaping::AllowUtf8), @r#"
        # TYPE bad unknown
        bad{"a.b"="1",a_b="2","c-d"="3","c.d"="4"} 1.0 1.500
        # HELP c a \"b\"\nc\\
        # TYPE c counter
        c_total{a="x\"\\\n"} 1e+06 1.500
        # TYPE h_seconds histogram
        # UNIT h_seconds seconds
        h_seconds_bucket{le="+Inf"} 3.0 1.500
        h_seconds_sum 0.5 1.500
        # TYPE h_seconds_bucketx unknown
        h_seconds_bucketx 2.0 1.500
        # TYPE i info
        i_info{"v.w"="1"} 1.0 1.500
        # TYPE "my.gauge" gauge
        {"my.gauge",b="y"} NaN 1.500
        {"my.gauge","ä:b"="z"} -Inf 1.500
        # EOF
        "#);
    }

    fn any_sample() -> impl Strategy<Value = (Labels, Sample)> {
        let pairs = proptest::collection::btree_map("[^_\r\n]{1,6}", "[^\r]{1,12}", 0..5);
        let value = prop_oneof![-1e12..1e12, any::<u32>().prop_map(f64::from)];
        ("[^\r\n]{1,10}", pairs, value, -1i64 << 40..1 << 40).prop_map(|(name, pairs, value, at)| {
            let labels = Labels::from_pairs(pairs).with(METRIC_NAME, &name);
            (labels, Sample { at: Timestamp::from_millis(at), value })
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(all in proptest::collection::vec(any_sample(), 1..8)) {
            for format in [Format::Text, Format::OpenMetrics] {
                let body = write(&all, |_| None, format, Escaping::AllowUtf8);
                let options = Options::new(format, BodyEnd::Unknown, Timestamp::default());
                let parsed = read_once(body.as_bytes(), &options, 100, &Interner::default()).unwrap();
                let mut expected = all.clone();
                expected.sort_by(|one, other| one.0.metric_name().cmp(&other.0.metric_name()));
                prop_assert_eq!(parsed.refused.problems(), Vec::<String>::new());
                prop_assert_eq!(parsed.samples, expected);
            }
        }

        #[test]
        fn escaped_names_are_legacy_names(all in proptest::collection::vec(any_sample(), 1..4)) {
            let body = write(&all, |_| None, Format::Text, Escaping::Underscores);
            let options = Options::new(Format::Text, BodyEnd::Unknown, Timestamp::default());
            let parsed = read_once(body.as_bytes(), &options, 100, &Interner::default()).unwrap();
            let legal = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
            prop_assert!(!body.contains("\n{"), "{body}");
            for (labels, _) in &parsed.samples {
                prop_assert!(legal(labels.metric_name().unwrap()) && labels.iter().all(|(name, _)| legal(name)), "{labels}");
            }
        }
    }
}
