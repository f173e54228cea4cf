//! The host under test: `ballast serve` as a process of its own, and its API.

use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::eventually::{eventually, secs};
use crate::process::Process;
use crate::{Site, binaries, http};

/// How long a start may take: components are compiled in it, on a machine that is busy with other tests.
const START_MAX: Duration = secs(30);

/// A running host.
pub struct Host {
    process: Process,
    url: String,
    client: Client,
}

impl Host {
    /// Starts on a site and returns once the API answers.
    pub async fn start(site: &Site) -> Self {
        let config = site.config();
        let arguments = ["serve", "--config", config.to_str().unwrap(), "--listen", "127.0.0.1:0"];
        let mut process = Process::start(&binaries::ballast(), &arguments);
        let url = process.line(START_MAX, address).await;
        let host = Host { process, url, client: http::client() };
        eventually(START_MAX, async || host.ask(Method::GET, "/health/live", None).await).await;
        host
    }

    /// Ends it as a power cut does.
    pub async fn kill9(self) {
        self.process.kill9().await;
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its address, without a path.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Everything that it said until now.
    pub fn said(&self) -> Vec<String> {
        self.process.said()
    }

    /// Status and JSON; an error where it does not answer.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), String> {
        http::ask(&self.client, method, &format!("{}{path}", self.url), body).await
    }

    /// What lies at a path.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None).await.unwrap();
        assert_eq!(status, 200, "GET {path}: {body:#}");
        body
    }

    /// Posts; returns what is answered, whatever the status.
    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.ask(Method::POST, path, Some(body)).await.unwrap()
    }

    /// Posts what must be accepted.
    pub async fn accepted(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.post(path, body).await;
        assert!((200..300).contains(&status), "POST {path}: {status} {answer:#}");
        answer
    }

    /// How long a request takes.
    pub async fn took(&self, path: &str) -> Duration {
        let began = Instant::now();
        self.get(path).await;
        began.elapsed()
    }

    /// The alerts of a rule's name.
    pub async fn alerts(&self, name: &str) -> Vec<Value> {
        array(self.get("/api/alerts").await, "alerts")
            .into_iter()
            .filter(|alert| alert["name"] == name)
            .collect()
    }

    /// The one alert of that name once it is in the state.
    pub async fn alert_in(&self, name: &str, state: &str, within: Duration) -> Value {
        eventually(within, async || match self.alerts(name).await.as_slice() {
            [alert] if alert["state"] == state => Ok(alert.clone()),
            other => Err(other.to_vec()),
        })
        .await
    }

    /// All incidents, newest first, each with its timeline.
    pub async fn incidents(&self) -> Vec<Value> {
        let mut incidents = Vec::new();
        for summary in array(self.get("/api/incidents").await, "incidents") {
            incidents.push(self.get(&format!("/api/incidents/{}", text(&summary, "id"))).await);
        }
        incidents
    }

    /// The one incident there is, once there is one.
    pub async fn incident(&self, within: Duration) -> Value {
        eventually(within, async || match self.incidents().await.as_slice() {
            [incident] => Ok(incident.clone()),
            other => Err(other.to_vec()),
        })
        .await
    }

    /// All executions, newest first, each with its journal.
    pub async fn executions(&self) -> Vec<Value> {
        let mut executions = Vec::new();
        for summary in array(self.get("/api/executions").await, "executions") {
            executions.push(self.get(&format!("/api/executions/{}", text(&summary, "id"))).await);
        }
        executions
    }

    /// The one execution there is, once it is finished.
    pub async fn finished_execution(&self, within: Duration) -> Value {
        eventually(within, async || match self.executions().await.as_slice() {
            [execution] if execution["state"] == "finished" => Ok(execution.clone()),
            other => Err(other.to_vec()),
        })
        .await
    }

    /// What is known of a scrape target.
    pub async fn target(&self, url: &str) -> Value {
        let targets = array(self.get("/api/targets").await, "targets");
        targets.into_iter().find(|target| target["url"] == url).unwrap_or(Value::Null)
    }

    /// The value of a PromQL expression that yields one.
    pub async fn query(&self, expression: &str) -> Option<f64> {
        let query: String = url_encoded(expression);
        let answer = self.get(&format!("/api/v1/query?query={query}")).await;
        answer["data"]["result"][0]["value"][1].as_str().map(|value| value.parse().unwrap())
    }

    /// Mutes the alerts of a rule's name for an hour.
    pub async fn silence(&self, name: &str) -> Value {
        let silence = json!({
            "matchers": [{"name": "alertname", "value": name}], "duration": "1h",
            "createdBy": "alice", "comment": "known",
        });
        self.accepted("/api/alerts/silence", &silence).await
    }
}

/// The texts of an incident's timeline.
pub fn timeline(incident: &Value) -> Vec<String> {
    let lines = array(incident.clone(), "timeline");
    lines.iter().map(|line| format!("{}: {}", text(line, "kind"), text(line, "text"))).collect()
}

/// A list in an object.
pub fn array(mut object: Value, key: &str) -> Vec<Value> {
    match object[key].take() {
        Value::Array(items) => items,
        other => panic!("`{key}` is no list but {other:#}"),
    }
}

/// A text in an object.
pub fn text<'v>(object: &'v Value, key: &str) -> &'v str {
    object[key].as_str().unwrap_or_else(|| panic!("`{key}` is no text in {object:#}"))
}

/// An instant in an object, in milliseconds since 1970.
pub fn instant_ms(object: &Value, key: &str) -> i64 {
    millis(text(object, key))
}

/// RFC 3339 in UTC with milliseconds, as the API writes it.
fn millis(instant: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| instant[range].parse::<i64>().unwrap();
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    // Days from civil: the year begins in March, so that the leap day is its last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let secs = ((days * 24 + number(11..13)) * 60 + number(14..16)) * 60 + number(17..19);
    secs * 1000 + number(20..23)
}

fn url_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// The address in the line that tells that the host listens.
fn address(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("ballast listening on ")?;
    rest.split_whitespace().next().map(|url| url.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_written() {
        let instants = ["1970-01-01T00:00:00.000Z", "2023-11-14T22:13:20.123Z", "2024-02-29T00:00:00.001Z"];
        assert_eq!(instants.map(millis), [0, 1_700_000_000_123, 1_709_164_800_001]);
    }

    #[test]
    fn the_address_is_read_from_the_line() {
        let line = "ballast listening on http://127.0.0.1:4242";
        assert_eq!(address(line).as_deref(), Some("http://127.0.0.1:4242"));
        assert_eq!(address("INFO starting"), None);
    }
}
