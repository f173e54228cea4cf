//! The bounds of a store.

/// The bounds of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Most series at once; samples that would make more are counted and refused.
    pub series_max: usize,
    /// Most labels of a series; series with more are refused.
    pub labels_max: usize,
    /// Most bytes of the names and values of one series' labels; larger ones are refused.
    pub label_bytes_max: usize,
    /// Most samples that one read may yield.
    pub samples_per_read_max: usize,
    /// Size at which a segment of the log is sealed.
    pub segment_bytes_max: u64,
    /// Samples of a chunk in memory.
    pub chunk_samples: usize,
    /// How much older than the newest of its series a sample may be, in milliseconds; 0 takes none.
    pub out_of_order_ms: i64,
    /// Most exemplars; the oldest go first.
    pub exemplars_max: usize,
    /// Most bytes in memory of what was read of blocks.
    pub block_cache_bytes: usize,
    /// Most bytes on disk; the oldest blocks go first. 0 is no bound.
    pub bytes_max: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            series_max: 1_000_000,
            labels_max: 256,
            label_bytes_max: 64 << 10,
            samples_per_read_max: 50_000_000,
            segment_bytes_max: 16 << 20,
            chunk_samples: 120,
            out_of_order_ms: 0,
            exemplars_max: 100_000,
            block_cache_bytes: 64 << 20,
            bytes_max: 0,
        }
    }
}
