//! How the sandbox is set up, and the engine that comes of it.
//!
//! The values of the engine were measured (see docs and `cargo xtask bench plugin`): pooling pays only together with
//! `pagemap_scan`, and component concurrency costs more than a call does.

use std::path::PathBuf;

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Room for the core instances, memories and tables of one component, times the instances. A Rust guest needs 3
/// core instances, a Python one about a hundred; the pool only counts them.
const CORE_INSTANCES_EACH: u32 = 20;
const MEMORIES_EACH: u32 = 2;
const TABLES_EACH: u32 = 4;
/// Bytes of a guest's memory and tables that are kept, wiped, when it ends: refilling them costs page faults.
const KEPT_MEMORY_BYTES: usize = 1 << 20;
const KEPT_TABLE_BYTES: usize = 16 << 10;
/// Addresses behind each memory that trap. Small, so that many memories fit where the address space is limited.
const GUARD_BYTES: u64 = 64 << 10;
/// Most elements of one table.
pub(crate) const TABLE_ELEMENTS_MAX: usize = 20_000;

/// How the sandbox is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxConfig {
    /// Where compiled components are kept. Only Ballast may write there: what lies there is executed.
    pub cache_dir: PathBuf,
    /// Most instances that live at once; further runs wait for one to end.
    pub instances_max: u32,
    /// Most bytes of linear memory that any run may have, whatever its limits say. Address space is reserved for
    /// `instances_max` times as much; memory is not.
    pub memory_bytes_max: usize,
}

impl SandboxConfig {
    /// 1,000 instances of at most 256 MiB.
    pub fn new(cache_dir: impl Into<PathBuf>) -> Self {
        SandboxConfig { cache_dir: cache_dir.into(), instances_max: 1_000, memory_bytes_max: 256 << 20 }
    }
}

/// Why the sandbox cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// No engine can be made on this machine.
    #[error("set up the Wasm engine: {0}")]
    Engine(String),
    /// The compile cache's folder cannot be used.
    #[error("open the compile cache {}: {source}", folder.display())]
    Cache {
        /// Which folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The contract that is built in cannot be read.
    #[error("read the plugin contract: {0}")]
    Contract(String),
    /// The thread that ends slices of time cannot be started.
    #[error("start the deadline's ticker: {0}")]
    Ticker(std::io::Error),
}

/// The engine with a pool of instances or, where the machine has no address space for one, with instances on demand.
pub(crate) fn engine(config: &SandboxConfig) -> Result<Engine, SandboxError> {
    let mut pooled = base(config);
    pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(config)));
    match Engine::new(&pooled) {
        Ok(engine) => Ok(engine),
        Err(error) => {
            tracing::warn!(reason = %format!("{error:#}"), "no pool of Wasm instances here: making them on demand, which is slower");
            let on_demand = base(config);
            Engine::new(&on_demand).map_err(|error| SandboxError::Engine(format!("{error:#}")))
        }
    }
}

fn base(config: &SandboxConfig) -> Config {
    let mut base = Config::new();
    base.wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .memory_init_cow(true)
        .memory_reservation(config.memory_bytes_max as u64)
        .memory_guard_size(GUARD_BYTES);
    base
}

fn pool(config: &SandboxConfig) -> PoolingAllocationConfig {
    let instances = config.instances_max;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES_EACH))
        .total_memories(instances.saturating_mul(MEMORIES_EACH))
        .total_tables(instances.saturating_mul(TABLES_EACH))
        .total_stacks(instances.saturating_mul(2))
        .max_component_instance_size(1 << 20)
        .max_core_instance_size(4 << 20)
        .max_core_instances_per_component(200)
        .max_tables_per_component(64)
        .max_memories_per_component(8)
        .max_memory_size(config.memory_bytes_max)
        .table_elements(TABLE_ELEMENTS_MAX)
        .linear_memory_keep_resident(KEPT_MEMORY_BYTES)
        .table_keep_resident(KEPT_TABLE_BYTES)
        .max_unused_warm_slots(instances.min(200))
        .pagemap_scan(Enabled::Auto);
    pool
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_address_space_for_the_pool_gets_instances_on_demand() {
        let mut config = SandboxConfig::new("unused");
        config.instances_max = 1_000_000;
        config.memory_bytes_max = 4 << 30;
        let engine = engine(&config).unwrap();
        assert!(engine.get_pooling_config().is_none());
    }
}
