//! `ballast check`, for programs and for people.

use std::path::Path;

use serde_json::Value;
use tokio::process::Command;

use crate::binaries;
use crate::host::{array, text};

/// What it said.
#[derive(Debug)]
pub struct Checked {
    /// Its exit code.
    pub code: i32,
    /// `file:line:column: message` of every error, the file without its folder.
    pub errors: Vec<String>,
    /// The same of every warning.
    pub warnings: Vec<String>,
    /// The same for a person.
    pub text: String,
}

/// Checks with these arguments, twice: as JSON and as text.
pub async fn check(arguments: &[&Path]) -> Checked {
    let arguments: Vec<_> = arguments.iter().map(|path| path.as_os_str()).collect();
    let run = async |format: &str| {
        let mut command = Command::new(binaries::ballast());
        command.args(["check", "--format", format]).args(&arguments).kill_on_drop(true);
        let output = command.output().await.unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, json) = run("json").await;
    let (code_of_text, text) = run("text").await;
    assert_eq!(code, code_of_text, "{json}\n{text}");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["ok"], code == 0, "{json:#}");
    let (errors, warnings): (Vec<_>, Vec<_>) =
        array(json, "findings").into_iter().partition(|finding| finding["severity"] == "error");
    let [errors, warnings] = [errors, warnings].map(|findings| findings.iter().map(placed).collect());
    Checked { code, errors, warnings, text }
}

fn placed(finding: &Value) -> String {
    let file =
        Path::new(text(finding, "file")).file_name().unwrap_or_default().to_string_lossy().into_owned();
    format!("{file}:{}:{}: {}", finding["line"], finding["column"], text(finding, "message"))
}
