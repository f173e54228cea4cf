//! How bad an alert is: what its rule says, else how much depends on its service.

use ballast_types::Labels;
use ballast_types::incident::Severity;
use ballast_types::service::Criticality;

/// The label by which a rule says how bad it is.
const SEVERITY: &str = "severity";

/// The severity of an alert. The label `severity` counts where it is one of `SEV1` to `SEV5` or of the customary
/// `critical`, `page`, `error`, `warning`, `info`, in any case; any other value is as good as none.
pub fn severity_of(labels: &Labels, criticality: Criticality) -> Severity {
    labels.get(SEVERITY).and_then(by_label).unwrap_or_else(|| by_criticality(criticality))
}

fn by_label(label: &str) -> Option<Severity> {
    match label.trim().to_ascii_lowercase().as_str() {
        "critical" => Some(Severity::Sev1),
        "page" | "error" | "high" => Some(Severity::Sev2),
        "warning" | "warn" | "medium" => Some(Severity::Sev3),
        "low" | "ticket" => Some(Severity::Sev4),
        "info" | "none" => Some(Severity::Sev5),
        other => Severity::parse(other),
    }
}

fn by_criticality(criticality: Criticality) -> Severity {
    match criticality {
        Criticality::Critical => Severity::Sev2,
        Criticality::High => Severity::Sev3,
        Criticality::Medium => Severity::Sev3,
        Criticality::Low => Severity::Sev4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("SEV1", Severity::Sev1)]
    #[case("sev5", Severity::Sev5)]
    #[case("2", Severity::Sev2)]
    #[case("Critical", Severity::Sev1)]
    #[case("page", Severity::Sev2)]
    #[case(" warning ", Severity::Sev3)]
    #[case("info", Severity::Sev5)]
    #[case("sev9", Severity::Sev4)]
    #[case("urgent", Severity::Sev4)]
    #[case("", Severity::Sev4)]
    fn the_label_counts_where_it_is_known(#[case] label: &str, #[case] expected: Severity) {
        assert_eq!(severity_of(&Labels::from_pairs([("severity", label)]), Criticality::Low), expected);
    }

    #[test]
    fn without_a_label_criticality_decides_and_order_is_kept() {
        let of = |criticality| severity_of(&Labels::empty(), criticality);
        assert_eq!(of(Criticality::Critical), Severity::Sev2);
        assert!(
            of(Criticality::Critical) < of(Criticality::High)
                && of(Criticality::Medium) < of(Criticality::Low)
        );
    }
}
