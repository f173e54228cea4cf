//! `ballast serve`: puts a host together from its parts, serves, and ends in order. Decides nothing itself.

mod clock;
mod logging;
mod parts;
mod series;
mod signals;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use ballast_engine::{Engine, Shown};
use tokio::net::TcpListener;

use crate::cli::Serve;
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::report::{self, Finding, Sources};

/// Serves until a signal says to stop.
pub(crate) async fn run(serve: Serve) -> Result<ExitCode, Failure> {
    let (source, config) = read(&serve.config)?;
    logging::start(&config.logging)?;
    let listener = listen(serve.listen.unwrap_or(config.server.listen)).await?;
    let address = listener.local_addr().map_err(|error| Failure::new("listen", error))?;
    parts::make_folders(&config)?;
    let parts = parts::open(&config).await?;
    let engine = Engine::start(parts, config.settings.clone())
        .await
        .map_err(|error| Failure::new("run", format!("failed to {error}")))?;
    engine.show(Shown { configuration: config::shown(&source), flags: flags(&serve, address) });
    let reloads = tokio::spawn(signals::reload_on_hang_up(engine.clone(), serve.config.clone(), config));
    // Tests and the demo wait for this line and read the port from it.
    println!("ballast listening on http://{address}");
    let served = ballast_api::serve(listener, engine.clone(), signals::stop(serve.exit_with_stdin)).await;
    reloads.abort();
    engine.stop().await;
    served.map_err(|error| Failure::new("run", format!("failed to {error}")))?;
    tracing::info!("stopped; everything is on the disk");
    Ok(ExitCode::SUCCESS)
}

/// The configuration, or its problems on stderr.
fn read(file: &Path) -> Result<(String, Config), Failure> {
    let (source, reading) =
        config::load(file).map_err(|source| Failure::Read { file: file.to_owned(), source })?;
    let problems = reading.problems.len();
    let findings = reading.problems.into_iter().map(Finding::error);
    let findings: Vec<_> = findings.chain(reading.warnings.into_iter().map(Finding::warning)).collect();
    let mut sources = Sources::from([(file.display().to_string(), source.clone())]);
    sources.extend(reading.included);
    eprint!("{}", report::text(&findings, &sources, report::theme(&std::io::stderr())));
    let config = reading.config.map(|config| (source, config));
    config.ok_or_else(|| Failure::Configuration { file: file.to_owned(), problems })
}

/// What was said on the command line, and what holds where nothing was.
fn flags(serve: &Serve, address: SocketAddr) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("config".to_owned(), serve.config.display().to_string()),
        ("listen".to_owned(), address.to_string()),
        ("exit-with-stdin".to_owned(), serve.exit_with_stdin.to_string()),
    ])
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let help =
            "another process may listen there; choose another address with `--listen` or `server.listen`";
        Failure::with_help(format!("listen on {address}"), error, help)
    })
}

/// Reads rules and plugins again; what else the configuration says needs a restart, and is told.
async fn reload(engine: &Arc<Engine>, file: &Path, running: &Config) {
    match config::load(file) {
        Ok((_, reading)) => {
            for problem in &reading.problems {
                tracing::error!("{problem}");
            }
            if reading.config.is_some_and(|config| !config.means_the_same_as(running)) {
                tracing::warn!("the configuration has changed: it takes effect with the next start");
            }
        }
        Err(error) => tracing::error!(file = %file.display(), %error, "cannot read the configuration"),
    }
    let report = engine.reload().await;
    let (rules, plugins) = (report.rules.len(), report.plugins.len());
    tracing::info!(rules_refused = rules, plugins_refused = plugins, "reloaded");
}
