//! The bounds that hold everywhere. Each has a test that reaches it.

/// Most calls that one execution may make before it must go on as a new one.
pub const CALLS_PER_EXECUTION_MAX: u64 = 10_000;
/// Most bytes of one call's request or result, encoded.
pub const CALL_BYTES_MAX: usize = 1 << 20;
/// Most log lines that a plugin may write in one run.
pub const PLUGIN_LOG_LINES_MAX: u64 = 1_000;
/// Most bytes that a plugin may log in one run.
pub const PLUGIN_LOG_BYTES_MAX: usize = 256 << 10;
/// Most bytes of one scrape's body.
pub const SCRAPE_BYTES_MAX: usize = 8 << 20;
/// Most entries that an incident's timeline keeps; the middle is thinned out beyond.
pub const TIMELINE_ENTRIES_MAX: usize = 2_000;
/// Most characters of a line that the automation writes on a timeline.
pub const TIMELINE_LINE_CHARS_MAX: usize = 2_000;
/// Most active alerts that one rule may have.
pub const ALERTS_PER_RULE_MAX: usize = 10_000;
/// Most bytes of one value that a plugin keeps between runs.
pub const PLUGIN_STATE_BYTES_MAX: usize = 64 << 10;
/// Most bytes of a key under which a plugin keeps a value.
pub const PLUGIN_STATE_KEY_BYTES_MAX: usize = 256;
/// Most keys that one plugin keeps.
pub const PLUGIN_STATE_KEYS_MAX: usize = 1_000;
/// Most bytes that one plugin keeps in all, keys and values.
pub const PLUGIN_STATE_TOTAL_BYTES_MAX: usize = 1 << 20;
/// Most effects in one batch.
pub const BATCH_EFFECTS_MAX: usize = 100;
