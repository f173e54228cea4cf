//! `ballast demo`: starts the platform and a host of its own, injects faults one after another, and draws what happens.
//! Both are real processes that are spoken to over HTTP; nothing here looks inside them.

mod campaign;
mod draw;
mod host;
mod platform;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::Demo;
use crate::failure::Failure;

use campaign::{Fault, Observed, run_fault, settle};
use draw::Screen;
use host::Host;
use platform::Platform;

/// Runs the demo until its campaign, or its spectator, ends it.
pub(crate) async fn run(demo: Demo) -> Result<ExitCode, Failure> {
    let faults = campaign::chosen(&demo.faults)?;
    let folder = Folder::new(demo.keep.as_deref())?;
    let screen = Screen::new();
    screen.say("platform", "starting the platform");
    let platform = Platform::start(demo.seed).await?;
    screen.say("ballast", &format!("starting the host in {}", folder.path.display()));
    let host = Host::start(&folder.path, &platform).await?;
    screen.say("ballast", &format!("{} (the API, also while this runs)", host.url()));
    settle(&host, &screen).await?;
    let observed = observe(&demo, &faults, &platform, &host, &screen).await?;
    let funnel = host.funnel().await?;
    print!("{}", report::table(&observed, &funnel));
    if demo.json {
        println!("{}", report::json(&observed, &funnel));
    }
    Ok(if report::all_well(&observed) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One campaign; without `--once` more of them in random order, until Ctrl-C.
async fn observe(
    demo: &Demo,
    faults: &[Fault],
    platform: &Platform,
    host: &Host,
    screen: &Screen,
) -> Result<Vec<Observed>, Failure> {
    let mut observed = Vec::new();
    let mut order = faults.to_vec();
    let mut dice = demo.seed;
    loop {
        for fault in &order {
            tokio::select! {
                seen = run_fault(fault, platform, host, screen) => observed.push(seen?),
                _ = tokio::signal::ctrl_c() => return Ok(observed),
            }
        }
        if demo.once {
            return Ok(observed);
        }
        campaign::shuffle(&mut order, &mut dice);
    }
}

/// Where the host of the demo keeps everything; gone at the end unless it is to be kept.
struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Folder {
    fn new(keep: Option<&Path>) -> Result<Self, Failure> {
        let path = match keep {
            Some(folder) => folder.to_owned(),
            None => std::env::temp_dir().join(format!("ballast-demo-{}", std::process::id())),
        };
        let failure = |error| Failure::new(format!("make the folder {}", path.display()), error);
        std::fs::create_dir_all(&path).map_err(failure)?;
        let path = path.canonicalize().map_err(failure)?;
        Ok(Folder { path, keep: keep.is_some() })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed lies in the system's folder for what is temporary.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
