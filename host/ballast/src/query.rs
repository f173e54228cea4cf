//! `ballast query`: asks over the API, in Prometheus's envelope, so that it works on Prometheus too.

mod table;

use std::process::ExitCode;
use std::time::Duration;

use reqwest::{Client, Url};
use serde::Deserialize;

use crate::cli::{Query, QueryOutput};
use crate::failure::Failure;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Prometheus's envelope.
#[derive(Debug, Deserialize)]
struct Envelope {
    status: String,
    data: Option<serde_json::Value>,
    error: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
}

/// Asks, and prints the answer.
pub(crate) async fn run(query: Query) -> Result<ExitCode, Failure> {
    let envelope = ask(&query).await?;
    for warning in &envelope.warnings {
        eprintln!("warning: {warning}");
    }
    let data = envelope.data.unwrap_or_default();
    match query.output {
        QueryOutput::Json => println!("{data}"),
        QueryOutput::Table => print!("{}", table::of(&data).map_err(|reason| failure(&query, reason))?),
    }
    Ok(ExitCode::SUCCESS)
}

async fn ask(query: &Query) -> Result<Envelope, Failure> {
    let client = client().map_err(|error| failure(query, error))?;
    let answer = client.get(address(query)?).send().await.map_err(|error| unreachable(query, &error))?;
    let status = answer.status();
    let body = answer.text().await.map_err(|error| unreachable(query, &error))?;
    match serde_json::from_str::<Envelope>(&body) {
        Ok(envelope) if envelope.status == "success" => Ok(envelope),
        Ok(envelope) => Err(failure(query, envelope.error.unwrap_or_else(|| format!("answered {status}")))),
        Err(_) => {
            let help =
                "is it Ballast that listens there? Its address is the line that `ballast serve` prints";
            Err(Failure::with_help(attempted(query), format!("answered {status} with something else"), help))
        }
    }
}

/// A client for this machine's own Ballast as for a remote one; no proxy from the environment comes between.
pub(crate) fn client() -> Result<Client, reqwest::Error> {
    // Another part of the process may have been first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || Client::builder().no_proxy().timeout(TIMEOUT);
    // Where the machine has no root certificates, plain HTTP must work all the same.
    builder().build().or_else(|_| builder().tls_certs_only([]).build())
}

fn address(query: &Query) -> Result<Url, Failure> {
    let base = query.url.trim_end_matches('/');
    let mut url = Url::parse(&format!("{base}/api/v1/query")).map_err(|error| {
        Failure::with_help(attempted(query), error, "write an address like http://127.0.0.1:9090")
    })?;
    url.query_pairs_mut().append_pair("query", &query.expression);
    if let Some(time) = &query.time {
        url.query_pairs_mut().append_pair("time", time);
    }
    Ok(url)
}

fn attempted(query: &Query) -> String {
    format!("query {}", query.url)
}

fn failure(query: &Query, reason: impl ToString) -> Failure {
    Failure::new(attempted(query), reason)
}

fn unreachable(query: &Query, error: &reqwest::Error) -> Failure {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    Failure::with_help(attempted(query), cause, "is `ballast serve` running there? `--url` says where")
}
