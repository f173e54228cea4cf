//! What one run carries through wasmtime: its door, its limits and what it has used of them.
//!
//! A guest's time is counted in slices: at the end of each it yields, so that other tasks get the thread, and a host
//! call begins the count anew. Linear memory is counted over all memories of the component.

use std::sync::Arc;
use std::time::Duration;

use ballast_ports::plugin_runtime::{Door, Halt};
use ballast_types::call::{Call, CallError, CallErrorKind, LogLevel, Output};
use ballast_types::limits::{
    BATCH_EFFECTS_MAX, CALL_BYTES_MAX, CALLS_PER_EXECUTION_MAX, PLUGIN_LOG_BYTES_MAX, PLUGIN_LOG_LINES_MAX,
};
use ballast_types::plugin::RunLimits;
use wasmtime::{Engine, ResourceLimiter, Store, StoreContextMut, UpdateDeadline};

use crate::bindings::interfaces::types::Error;
use crate::config::TABLE_ELEMENTS_MAX;
use crate::convert;
use crate::failure::Stop;
use crate::size;
use crate::ticker::SLICE;

/// The data of a run's store.
pub(crate) struct Run {
    door: Arc<dyn Door>,
    call_max: Duration,
    calls: u64,
    log_lines: u64,
    log_bytes: usize,
    slices: u32,
    slices_max: u32,
    memory: Memory,
    last_error: Option<String>,
}

impl Run {
    /// A fresh store for one run.
    pub(crate) fn store(engine: &Engine, limits: &RunLimits, door: Arc<dyn Door>) -> Store<Run> {
        let run = Run {
            door,
            call_max: limits.call_max,
            calls: 0,
            log_lines: 0,
            log_bytes: 0,
            slices: 0,
            slices_max: slices(limits.busy_max),
            memory: Memory { used: 0, max: limits.memory_bytes_max },
            last_error: None,
        };
        let mut store = Store::new(engine, run);
        store.limiter(|run| &mut run.memory);
        store.epoch_deadline_callback(slice_ended);
        store.set_epoch_deadline(1);
        // The coarse bound, before anything is copied; the exact ones follow when it is known what was copied.
        store.set_hostcall_fuel(CALL_BYTES_MAX.max(limits.output_bytes_max).saturating_mul(2));
        store
    }

    /// The last line that the guest logged as an error: where it panics, the reason is likely there.
    pub(crate) fn last_words(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Puts a call to the door and reads what it answers. The outer error ends the run.
    pub(crate) async fn ask<T>(
        &mut self,
        call: Call,
        read: impl FnOnce(Output) -> Option<T>,
    ) -> wasmtime::Result<Result<T, Error>> {
        self.count(&call)?;
        let answer = self.put(call).await?;
        self.slices = 0;
        Ok(answer.and_then(|output| understand(output, read)).map_err(convert::error))
    }

    async fn put(&self, call: Call) -> wasmtime::Result<Result<Output, CallError>> {
        let patience = patience(&call, self.call_max);
        let (capability, effect) = (call.capability(), call.class().is_effect());
        match tokio::time::timeout(patience, self.door.call(call)).await {
            Ok(answer) => answer.map_err(|halt| Stop::Halt(halt).into()),
            Err(_) => {
                // Whether an effect happened that nobody answered for, nobody knows.
                let kind = if effect { CallErrorKind::Uncertain } else { CallErrorKind::TimedOut };
                let text = format!("`{capability}` did not answer within {} ms", patience.as_millis());
                Ok(Err(CallError::new(kind, text)))
            }
        }
    }

    fn count(&mut self, call: &Call) -> Result<(), Stop> {
        self.calls += 1;
        if self.calls > CALLS_PER_EXECUTION_MAX {
            return Err(Stop::limit(format!("more than {CALLS_PER_EXECUTION_MAX} calls in one run")));
        }
        if size::of_call(call) > CALL_BYTES_MAX {
            let capability = call.capability();
            return Err(Stop::limit(format!(
                "a call of `{capability}` with more than {CALL_BYTES_MAX} bytes"
            )));
        }
        match call {
            Call::ServiceBatch(effects) if effects.len() > BATCH_EFFECTS_MAX => {
                Err(Stop::limit(format!("more than {BATCH_EFFECTS_MAX} effects in one batch")))
            }
            Call::Log { level, message } => self.count_line(*level, message),
            _ => Ok(()),
        }
    }

    fn count_line(&mut self, level: LogLevel, message: &str) -> Result<(), Stop> {
        self.log_lines += 1;
        self.log_bytes = self.log_bytes.saturating_add(message.len());
        if self.log_lines > PLUGIN_LOG_LINES_MAX {
            return Err(Stop::limit(format!("more than {PLUGIN_LOG_LINES_MAX} log lines in one run")));
        }
        if self.log_bytes > PLUGIN_LOG_BYTES_MAX {
            return Err(Stop::limit(format!("more than {PLUGIN_LOG_BYTES_MAX} bytes of log in one run")));
        }
        if level == LogLevel::Error {
            self.last_error = Some(message.to_owned());
        }
        Ok(())
    }
}

/// As many slices as are at least `busy_max`: the first may be cut short by any part of it.
fn slices(busy_max: Duration) -> u32 {
    let whole = busy_max.as_nanos().div_ceil(SLICE.as_nanos());
    u32::try_from(whole).unwrap_or(u32::MAX).saturating_add(1)
}

fn slice_ended(mut store: StoreContextMut<'_, Run>) -> wasmtime::Result<UpdateDeadline> {
    let run = store.data_mut();
    run.slices += 1;
    if run.slices < run.slices_max { Ok(UpdateDeadline::Yield(1)) } else { Err(Stop::Deadline.into()) }
}

/// How much longer than the call's own limit the run waits at most. The door keeps the limit and notes in the journal what came
/// of the call; to give up before it does would leave an intent without its result.
const GRACE: Duration = Duration::from_secs(2);

/// How long a call may take: what it waits for on purpose comes on top.
fn patience(call: &Call, call_max: Duration) -> Duration {
    let call_max = call_max.saturating_add(call_max.min(GRACE));
    match call {
        Call::TimerSleep { duration_ms } => call_max.saturating_add(Duration::from_millis(*duration_ms)),
        Call::ApprovalRequest { timeout_ms, .. } => {
            call_max.saturating_add(Duration::from_millis(*timeout_ms))
        }
        Call::ServiceBatch(effects) => {
            call_max.saturating_mul(u32::try_from(effects.len()).unwrap_or(u32::MAX).max(1))
        }
        _ => call_max,
    }
}

fn understand<T>(output: Output, read: impl FnOnce(Output) -> Option<T>) -> Result<T, CallError> {
    if size::of_output(&output) > CALL_BYTES_MAX {
        let text = format!("the answer has more than {CALL_BYTES_MAX} bytes; ask for less");
        return Err(CallError::new(CallErrorKind::Unavailable, text));
    }
    read(output).ok_or_else(|| {
        tracing::error!("the door answered a call with what does not answer it");
        CallError::new(CallErrorKind::Unavailable, "internal error: the host's answer does not fit the call")
    })
}

/// Linear memory of a run, over all its memories.
struct Memory {
    used: usize,
    max: usize,
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        if used > self.max {
            return Err(Stop::Memory.into());
        }
        self.used = used;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        Err(Stop::Memory.into())
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired > TABLE_ELEMENTS_MAX {
            return Err(Stop::limit(format!("more than {TABLE_ELEMENTS_MAX} elements in a table")).into());
        }
        Ok(true)
    }
}

/// The door of a guest that describes itself: everything is denied, and nothing is looked at.
pub(crate) struct Closed;

#[async_trait::async_trait]
impl Door for Closed {
    async fn call(&self, _: Call) -> Result<Result<Output, CallError>, Halt> {
        let text = "a plugin that describes itself may not call anything";
        Ok(Err(CallError::new(CallErrorKind::Denied, text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_at_least_as_long_as_it_says() {
        for (busy_ms, expected) in [(0, 1), (1, 2), (10, 2), (11, 3), (1_000, 101)] {
            assert_eq!(slices(Duration::from_millis(busy_ms)), expected, "{busy_ms} ms");
        }
        assert_eq!(slices(Duration::MAX), u32::MAX);
    }

    #[test]
    fn what_waits_on_purpose_is_given_that_time_too() {
        let limit = Duration::from_secs(2);
        let sleep = Call::TimerSleep { duration_ms: 60_000 };
        assert_eq!(patience(&sleep, limit), Duration::from_secs(64));
        let ask = Call::ApprovalRequest { reason: String::new(), timeout_ms: u64::MAX };
        assert!(patience(&ask, limit) > Duration::from_millis(u64::MAX));
        assert_eq!(patience(&Call::TimerNow, limit), limit + GRACE);
    }

    #[test]
    fn memory_counts_over_all_memories_and_a_refused_growth_counts_nothing() {
        let mut memory = Memory { used: 0, max: 100 };
        assert!(memory.memory_growing(0, 60, None).unwrap());
        assert!(memory.memory_growing(0, 60, None).is_err());
        assert!(memory.memory_growing(60, 100, None).unwrap());
        assert!(memory.table_growing(0, TABLE_ELEMENTS_MAX + 1, None).is_err());
    }
}
