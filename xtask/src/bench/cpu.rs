//! CPU time as the operating system books it, from /proc: user and system, all threads.
//!
//! No clock of the measured program is trusted, and no unsafe call is needed. The system books in ticks (10 ms almost
//! everywhere), so a reading should last a second or more.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::process;

/// Runs a command to its end and returns the CPU time that it and its waited-for children used.
///
/// Nothing else may be waited for meanwhile, which holds in xtask: it is single-threaded.
///
/// # Errors
/// When the command fails.
pub(crate) fn of_run(command: &mut Command) -> Result<Duration> {
    let before = of_children()?;
    process::succeed(command)?;
    Ok(of_children()?.saturating_sub(before))
}

fn of_children() -> Result<Duration> {
    used("/proc/self/stat", 13)
}

/// Two neighbouring fields of a stat file, `user` after the command's name and the one behind it, as time.
fn used(path: &str, user: usize) -> Result<Duration> {
    let text = fs::read_to_string(path).map_err(Error::file("read", Path::new(path)))?;
    let ticks = ticks(&text, user).ok_or_else(|| Error::Said(format!("understand {path}")))?;
    Ok(Duration::from_secs_f64(ticks as f64 / ticks_per_second()?))
}

/// The command's name may hold blanks and brackets: fields are counted behind its last bracket, the state being 0.
fn ticks(stat: &str, user: usize) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(user).map(str::parse::<u64>);
    Some(times.next()?.ok()? + times.next()?.ok()?)
}

fn ticks_per_second() -> Result<f64> {
    let text = process::read(process::command("getconf").arg("CLK_TCK"))?;
    text.trim().parse().map_err(|_| Error::Said(format!("understand getconf CLK_TCK: {text:?}")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_brackets_does_not_shift_the_fields() {
        let stat = "42 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 150 50 7 3 20 0 1 0 99";
        assert_eq!(ticks(stat, 11), Some(200));
        assert_eq!(ticks(stat, 13), Some(10));
        assert_eq!(ticks("42 (cut) S 1 2", 11), None);
    }

    #[test]
    fn a_busy_child_uses_more_than_an_idle_one() {
        let busy =
            of_run(process::command("sh").args(["-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"]))
                .unwrap();
        assert!(busy >= Duration::from_millis(20), "{busy:?}");
    }
}
