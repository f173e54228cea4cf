//! What a process has used, as the operating system books it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::Failed;

/// User and system time of all threads so far. Booked in nanoseconds by the scheduler for each thread that lives, and in
/// ticks of 10 ms for the whole process, threads that ended included: readings should last a second or more.
pub(crate) fn cpu(pid: u32) -> Result<Duration, Failed> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').ok_or("understand a stat file")?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let mut next = || times.next().ok_or("understand a stat file");
    let ticks = next()?? + next()??;
    Ok(Duration::from_millis(ticks * 10))
}

/// Resident bytes.
pub(crate) fn resident_bytes(pid: u32) -> Result<f64, Failed> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("find VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024.0)
}

/// Bytes of all files of a folder.
pub(crate) fn disk_bytes(folder: &Path) -> Result<f64, Failed> {
    let mut bytes = 0.0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // A file may go between the listing and the look.
        match fs::symlink_metadata(&path) {
            Ok(data) if data.is_dir() => bytes += disk_bytes(&path)?,
            Ok(data) => bytes += data.len() as f64,
            Err(_) => {}
        }
    }
    Ok(bytes)
}
