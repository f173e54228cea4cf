//! The configuration as it is shown to people and tools: what the file says, without comments and without secrets.
//!
//! Invariant: a value under a key that may hold a secret is never shown, and no address shows its user's password. What an
//! environment variable holds is not shown either: the file's `${NAME}` is.

use reqwest::Url;

use super::tree::{self, Content, Node};

/// What stands where a secret was, as in Prometheus.
const HIDDEN: &str = "<secret>";
/// A key that holds one of these, whatever its case and however its words are joined, hides what is under it.
const SECRET: [&str; 10] = [
    "password",
    "passwd",
    "secret",
    "token",
    "credential",
    "apikey",
    "authorization",
    "headers",
    "webhook",
    "routingkey",
];
/// Keys that name a file or a kind are no secrets, wherever they stand.
const PLAIN: [&str; 3] = ["file", "type", "name"];

/// The text as YAML; empty where it is none.
pub(crate) fn shown(source: &str) -> String {
    let Ok(root) = tree::parse(source) else { return String::new() };
    let mut text = String::new();
    write(&mut text, &root, 0, false);
    text
}

fn write(text: &mut String, node: &Node, depth: usize, hidden: bool) {
    let indent = "  ".repeat(depth);
    match &node.content {
        Content::Null => text.push_str(" null\n"),
        Content::Scalar(scalar) => {
            let value = if hidden { quoted(HIDDEN) } else { scalar_text(&scalar.text, scalar.quoted) };
            text.push_str(&format!(" {value}\n"));
        }
        Content::List(items) if items.is_empty() => text.push_str(" []\n"),
        Content::Map(entries) if entries.is_empty() => text.push_str(" {}\n"),
        Content::List(items) => {
            text.push('\n');
            for item in items {
                text.push_str(&format!("{indent}-"));
                write(text, item, depth + 1, hidden);
            }
        }
        Content::Map(entries) => {
            if depth > 0 {
                text.push('\n');
            }
            for entry in entries {
                text.push_str(&format!("{indent}{}:", scalar_text(&entry.key, false)));
                let hidden = (hidden || is_secret(&entry.key)) && !is_plain(&entry.key);
                write(text, &entry.value, depth + 1, hidden);
            }
        }
    }
}

fn is_secret(key: &str) -> bool {
    let word: String = key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    SECRET.iter().any(|secret| word.contains(secret))
}

fn is_plain(key: &str) -> bool {
    let key = key.to_lowercase();
    PLAIN.iter().any(|plain| key == *plain) || key.ends_with("file") || key.ends_with("files")
}

/// Plain where YAML reads it as the same text, else in double quotes.
fn scalar_text(text: &str, was_quoted: bool) -> String {
    let text = without_password(text);
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let is_plain = !was_quoted && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/');
    if is_plain && text.chars().all(plain) { text } else { quoted(&text) }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn without_password(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return text.to_owned() };
    match url.password().is_some() && url.set_password(Some("xxxxx")).is_ok() {
        true => url.to_string(),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_wherever_they_stand_and_the_rest_reads_the_same() {
        let source = r#"
server: {listen: "127.0.0.1:9090"}   # a comment
source: {remote: {url: "https://me:pass@mimir/x", headers: {X-Scope-OrgID: tenant}}}
scrape_configs:
  - job_name: "a: b"
    basic_auth: {username: u, password: p1, password_file: /etc/p}
    authorization: {type: Bearer, credentials: c1}
    bearer_token: t1
    static_configs: [{targets: ["h:1", "h:2"], labels: {}}]
    params: {}
alerting: {pagerduty: {routingKey: "${KEY}"}, slack: {webhookUrl: "https://hooks/s"}}
"#;
        let text = shown(source);
        for secret in ["pass@", "tenant", "p1", "c1", "t1", "hooks"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        insta::assert_snapshot!(text, @r#"
        server:
          listen: "127.0.0.1:9090"
        source:
          remote:
            url: "https://me:xxxxx@mimir/x"
            headers:
              X-Scope-OrgID: "<secret>"
        scrape_configs:
          -
            job_name: "a: b"
            basic_auth:
              username: u
              password: "<secret>"
              password_file: /etc/p
            authorization:
              type: Bearer
              credentials: "<secret>"
            bearer_token: "<secret>"
            static_configs:
              -
                targets:
                  - "h:1"
                  - "h:2"
                labels: {}
            params: {}
        alerting:
          pagerduty:
            routingKey: "<secret>"
          slack:
            webhookUrl: "<secret>"
        "#);
        assert_eq!(shown(&text), text);
    }
}
