//! What the spectator sees: one line for each thing that happens, with the seconds since the start. Colours only on a terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::host::{Alert, Host};
use crate::failure::Failure;

/// The lines so far, and what they have told.
pub(super) struct Screen {
    began: Instant,
    colours: bool,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    alerts: BTreeMap<String, String>,
    lines: BTreeMap<String, usize>,
    silent: BTreeSet<String>,
}

impl Screen {
    pub(super) fn new() -> Self {
        Screen { began: Instant::now(), colours: std::io::stdout().is_terminal(), told: Mutex::default() }
    }

    /// One line: who or what, and what about it.
    pub(super) fn say(&self, who: &str, text: &str) {
        let (on, off) = if self.colours { (colour(who), "\x1b[0m") } else { ("", "") };
        println!("{:>7.1}s  {on}{who:<12}{off} {text}", self.began.elapsed().as_secs_f64());
    }

    /// Tells what is new on the host.
    pub(super) async fn follow(&self, host: &Host) -> Result<(), Failure> {
        for alert in host.alerts().await? {
            self.alert(&alert);
        }
        for incident in host.incidents().await?.into_iter().rev() {
            if self.told().silent.contains(&incident.id) {
                continue;
            }
            let whole = host.incident(&incident.id).await?;
            let told = self.told().lines.insert(incident.id.clone(), whole.timeline.len()).unwrap_or(0);
            for line in whole.timeline.iter().skip(told) {
                self.say(&incident.id, &format!("{:<12} {}: {}", line.kind, line.actor, line.text));
            }
            if incident.state == "resolved" {
                self.told().silent.insert(incident.id);
            }
        }
        Ok(())
    }

    fn alert(&self, alert: &Alert) {
        let key = format!("{}{}", alert.name, alert.fingerprint);
        let before = self.told().alerts.insert(key, alert.state.clone());
        if before.as_deref() != Some(&alert.state) {
            let service = alert.labels.get("service").map_or("", String::as_str);
            self.say(&alert.state, &format!("{} on {service}", alert.name));
        }
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn colour(who: &str) -> &'static str {
    match who {
        "fault" | "firing" => "\x1b[31m",
        "pending" => "\x1b[33m",
        "resolved" | "verified" | "calm" => "\x1b[32m",
        _ if who.starts_with("INC-") => "\x1b[36m",
        _ => "\x1b[2m",
    }
}
