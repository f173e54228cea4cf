//! The switches: what is experimental in the language, and refused unless it is turned on.
//!
//! The switches are called as Prometheus calls its features, so that a configuration reads the same.

/// Which experimental parts of the language are understood. All are off by default, as in Prometheus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Features {
    /// Functions and aggregations marked experimental: `info`, `limitk`, `sort_by_label` and others.
    pub experimental_functions: bool,
    /// Arithmetic, `step()`, `range()`, `min` and `max` within durations.
    pub duration_expressions: bool,
    /// `anchored` and `smoothed`.
    pub extended_ranges: bool,
    /// `fill`, `fill_left` and `fill_right` behind an operator.
    pub fill_modifiers: bool,
}

impl Features {
    /// Name of the switch for [`Features::experimental_functions`].
    pub const EXPERIMENTAL_FUNCTIONS: &str = "promql-experimental-functions";
    /// Name of the switch for [`Features::duration_expressions`].
    pub const DURATION_EXPRESSIONS: &str = "promql-duration-expr";
    /// Name of the switch for [`Features::extended_ranges`].
    pub const EXTENDED_RANGES: &str = "promql-extended-range-selectors";
    /// Name of the switch for [`Features::fill_modifiers`].
    pub const FILL_MODIFIERS: &str = "promql-binop-fill-modifiers";

    /// Everything.
    pub fn all() -> Self {
        Features {
            experimental_functions: true,
            duration_expressions: true,
            extended_ranges: true,
            fill_modifiers: true,
        }
    }

    /// Turns on the part of a name; false where there is none of that name.
    pub fn enable(&mut self, switch: &str) -> bool {
        match switch {
            Self::EXPERIMENTAL_FUNCTIONS => self.experimental_functions = true,
            Self::DURATION_EXPRESSIONS => self.duration_expressions = true,
            Self::EXTENDED_RANGES => self.extended_ranges = true,
            Self::FILL_MODIFIERS => self.fill_modifiers = true,
            _ => return false,
        }
        true
    }
}

/// The error that something, with its verb, needs a switch.
pub(super) fn not_enabled(what: &str, switch: &str) -> String {
    format!("{what} experimental and must be enabled with --enable-feature={switch}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_switches_by_name_are_all_features() {
        let mut features = Features::default();
        let names = [
            Features::EXPERIMENTAL_FUNCTIONS,
            Features::DURATION_EXPRESSIONS,
            Features::EXTENDED_RANGES,
            Features::FILL_MODIFIERS,
        ];
        assert!(names.iter().all(|name| features.enable(name)));
        assert_eq!(features, Features::all());
        assert!(!features.enable("promql-everything"));
    }
}
