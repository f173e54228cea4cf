//! How large a regular expression is when its repetitions are written out: `(a{9}){9}` is short as a text and long as a
//! program.
//!
//! It is reckoned beside the translation, in one pass; sums are saturating.

/// How many characters a pattern is when its repetitions are written out.
pub(super) struct Size {
    /// Of each group that is open, the whole pattern first.
    pub(super) groups: Vec<u64>,
    /// Of what a repetition would repeat.
    pub(super) last: u64,
}

impl Size {
    pub(super) fn add(&mut self, size: u64) {
        self.last = size;
        if let Some(group) = self.groups.last_mut() {
            *group = group.saturating_add(size);
        }
    }

    pub(super) fn repeat(&mut self, times: u32) {
        let more = self.last.saturating_mul(u64::from(times.saturating_sub(1)));
        let whole = self.last.saturating_add(more);
        self.add(more);
        self.last = whole;
    }

    /// Closes a group; false where none is open.
    pub(super) fn close(&mut self) -> bool {
        if self.groups.len() < 2 {
            return false;
        }
        let group = self.groups.pop().unwrap_or(0);
        self.add(group);
        true
    }
}
