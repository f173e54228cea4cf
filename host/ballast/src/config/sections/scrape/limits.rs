//! The limits of a job, which `global` may set for all.

use crate::config::map::Map;

use super::words;

/// 0 stands for no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Limits {
    pub(super) body_size: usize,
    pub(super) sample: usize,
    pub(super) label: usize,
    pub(super) label_name_length: usize,
    pub(super) label_value_length: usize,
    pub(super) target: usize,
    pub(super) keep_dropped_targets: usize,
}

/// Reads the keys of the limits; what is not given is as before.
pub(super) fn read(map: &mut Map<'_, '_>, before: Limits) -> Limits {
    Limits {
        body_size: map.get("body_size_limit", words::size).unwrap_or(before.body_size),
        sample: map.get("sample_limit", words::count).unwrap_or(before.sample),
        label: map.get("label_limit", words::count).unwrap_or(before.label),
        label_name_length: map
            .get("label_name_length_limit", words::count)
            .unwrap_or(before.label_name_length),
        label_value_length: map
            .get("label_value_length_limit", words::count)
            .unwrap_or(before.label_value_length),
        target: map.get("target_limit", words::count).unwrap_or(before.target),
        keep_dropped_targets: map
            .get("keep_dropped_targets", words::count)
            .unwrap_or(before.keep_dropped_targets),
    }
}
