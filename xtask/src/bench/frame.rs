//! Bench `frame`: the frame measured by itself. One load against itself must be even; what it is not is this machine's noise.
//!
//! With a peer it also shows that the peer was unpacked and starts; that row has no aim and says nothing about Ballast.

use std::process::Command;

use super::cpu;
use super::peers::{self, Peer};
use super::report::{Aim, Row};
use super::spread::{Contestant, Spread, in_turn};
use super::{Bench, Context};
use crate::error::{Error, Result};
use crate::process;

const LOAD: &str = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
const ROUNDS: usize = 5;
/// One start takes a few ticks of the system's accounting, ten take enough.
const STARTS: usize = 10;

/// The frame itself.
pub(crate) struct Frame;

impl Bench for Frame {
    fn name(&self) -> &'static str {
        "frame"
    }

    fn description(&self) -> &'static str {
        "the frame itself: one load against itself, whose ratio shows this machine's noise"
    }

    fn peers(&self) -> &'static [&'static str] {
        &peers::NAMES
    }

    fn measure(&self, context: &Context<'_>) -> Result<Vec<Row>> {
        let mut rows = vec![even()?];
        for peer in &context.peers {
            rows.push(starts(peer)?);
        }
        Ok(rows)
    }
}

fn even() -> Result<Row> {
    let load = || milliseconds(1, || shell(LOAD));
    let (ours, peer) = pair(Box::new(load), Box::new(load))?;
    let met = (0.9..=1.1).contains(&(ours.median / peer.median));
    let aim = Some(Aim { text: "ratio within 0.9 and 1.1".into(), met });
    Ok(row("CPU time of a shell loop", ours, ("the same loop", peer), aim))
}

fn starts(peer: &Peer) -> Result<Row> {
    let ours = || milliseconds(STARTS, || shell(":"));
    let theirs = || milliseconds(STARTS, || quiet(peer.start_once()));
    let (ours, theirs) = pair(Box::new(ours), Box::new(theirs))?;
    Ok(row("CPU time of ten starts (ours: a shell)", ours, (peer.name, theirs), None))
}

fn row(measure: &str, ours: Spread, peer: (&str, Spread), aim: Option<Aim>) -> Row {
    Row { measure: measure.into(), unit: "ms".into(), ours, peer: Some((peer.0.into(), peer.1)), aim }
}

fn pair(ours: Contestant<'_>, theirs: Contestant<'_>) -> Result<(Spread, Spread)> {
    let readings = in_turn(ROUNDS, &mut [ours, theirs])?;
    let mut spreads = readings.iter().filter_map(|readings| Spread::of(readings));
    let both = spreads.next().zip(spreads.next());
    both.ok_or_else(|| Error::Said("read the CPU time of the load".into()))
}

fn milliseconds(times: usize, command: impl Fn() -> Command) -> Result<f64> {
    let runs = (0..times).map(|_| cpu::of_run(&mut command()).map(|time| time.as_secs_f64() * 1000.0));
    runs.sum()
}

fn shell(script: &str) -> Command {
    let mut shell = process::command("sh");
    shell.args(["-c", script]);
    shell
}

fn quiet(mut command: Command) -> Command {
    command.stdout(std::process::Stdio::null());
    command
}
