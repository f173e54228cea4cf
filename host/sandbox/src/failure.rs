//! Why a run ended early: what the host raises inside wasmtime, and what is made of any error that comes out.

use ballast_ports::plugin_runtime::{Halt, RunFailure};
use ballast_types::plugin::RunLimits;
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::run::Run;

/// Most bytes of a guest's own words that a reason quotes.
const QUOTE_BYTES_MAX: usize = 500;

/// Raised by the host to end a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    /// The door, or a limit that the host counts.
    #[error(transparent)]
    Halt(Halt),
    /// Busy for too long.
    #[error("the deadline passed")]
    Deadline,
    /// Too much memory.
    #[error("the memory limit was reached")]
    Memory,
}

impl Stop {
    /// A limit was exceeded: says which.
    pub(crate) fn limit(text: String) -> Stop {
        Stop::Halt(Halt::Limit(text))
    }
}

/// What to tell of an error that ended a run.
pub(crate) fn of(error: &wasmtime::Error, limits: &RunLimits, run: &Run) -> RunFailure {
    let deadline =
        RunFailure::Deadline { limit_ms: limits.busy_max.as_millis().try_into().unwrap_or(u64::MAX) };
    let memory = RunFailure::Memory { limit_bytes: limits.memory_bytes_max };
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return match stop {
            Stop::Halt(halt) => RunFailure::Halted(halt.clone()),
            Stop::Deadline => deadline,
            Stop::Memory => memory,
        };
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => deadline,
        Some(Trap::StackOverflow) => RunFailure::Stack,
        Some(Trap::AllocationTooLarge) => memory,
        Some(trap) => RunFailure::Trap(trapped(*trap, error, run)),
        None => other(error, limits),
    }
}

fn other(error: &wasmtime::Error, limits: &RunLimits) -> RunFailure {
    let text = error.root_cause().to_string();
    if is_too_much_data(&text) {
        // Only a call has Wasm frames below it: the outcome is copied when they are gone.
        return match error.downcast_ref::<WasmBacktrace>() {
            Some(_) => RunFailure::Halted(Halt::Limit("a call with too much data".to_owned())),
            None => RunFailure::Output { limit_bytes: limits.output_bytes_max },
        };
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return RunFailure::Halted(Halt::Limit(format!("no room for another instance: {text}")));
    }
    RunFailure::Trap(text)
}

/// wasmtime's error for it has no name outside wasmtime; a test meets it, so that a change of the text is noticed.
fn is_too_much_data(text: &str) -> bool {
    text.contains("fuel allocated for hostcalls has been exhausted")
}

fn trapped(trap: Trap, error: &wasmtime::Error, run: &Run) -> String {
    let text = trap.to_string();
    let mut text = text.strip_prefix("wasm trap: ").unwrap_or(&text).to_owned();
    if trap == Trap::UnreachableCodeReached {
        text = "it gave up (a panic)".to_owned();
    }
    let names = error.downcast_ref::<WasmBacktrace>().map(names).unwrap_or_default();
    if !names.is_empty() {
        text = format!("{text}, in {}", names.join(" < "));
    }
    match run.last_words() {
        Some(words) => format!("{text}; its last error was: {}", quote(words)),
        None => text,
    }
}

/// Names of the innermost functions, where the component kept them.
fn names(backtrace: &WasmBacktrace) -> Vec<String> {
    backtrace.frames().iter().filter_map(|frame| frame.func_name()).take(3).map(quote).collect()
}

fn quote(text: &str) -> String {
    let end = (0..=QUOTE_BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_cut_between_letters() {
        assert_eq!(quote("short"), "short");
        assert_eq!(quote(&"ü".repeat(400)).len(), QUOTE_BYTES_MAX);
        assert_eq!(quote(&format!("x{}", "ü".repeat(400))).len(), QUOTE_BYTES_MAX - 1);
    }
}
