//! `ballast check`: everything that a start or a reload would refuse, found before it happens. Nothing is started and
//! nothing is sent; components are compiled and asked to describe themselves.

mod files;
mod plugins;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use ballast_alerting::{Problem, RuleSet};

use crate::cli::{Check, CheckFormat};
use crate::config::{self, Config};
use ballast_promql::syntax::Features;

use crate::failure::Failure;
use crate::report::{self, Finding, Sources};
use files::Files;

/// What was looked at and found.
#[derive(Debug, Default)]
struct Checked {
    findings: Vec<Finding>,
    sources: Sources,
    configurations: usize,
    rules: usize,
    rule_files: usize,
    plugins: usize,
}

/// Checks, prints, and fails on any error.
pub(crate) async fn run(check: Check) -> Result<ExitCode, Failure> {
    let mut checked = Checked::default();
    let mut files = Files::default();
    for path in &check.paths {
        files.add(path)?;
    }
    let configuration = match &check.config {
        Some(file) => checked.configuration(file)?,
        None => None,
    };
    if let Some(config) = &configuration {
        files.add_folder_if_there(&config.settings.rules_folder, &["yaml", "yml"]);
        files.add_folder_if_there(&config.settings.plugins_folder, &["wasm"]);
    }
    let features = configuration.as_ref().map(|config| config.settings.features).unwrap_or_default();
    checked.rule_files(&files, features)?;
    plugins::check(&mut checked, &files, configuration.as_ref()).await?;
    checked.print(check.format)
}

impl Checked {
    fn configuration(&mut self, file: &Path) -> Result<Option<Config>, Failure> {
        let read = |source| Failure::Read { file: file.to_owned(), source };
        let (source, reading) = config::load(file).map_err(read)?;
        self.configurations += 1;
        self.sources.insert(file.display().to_string(), source);
        self.sources.extend(reading.included);
        self.findings.extend(reading.problems.into_iter().map(Finding::error));
        self.findings.extend(reading.warnings.into_iter().map(Finding::warning));
        Ok(reading.config)
    }

    /// Each file for itself, so that one broken file hides no other's warnings.
    fn rule_files(&mut self, files: &Files, features: Features) -> Result<(), Failure> {
        for file in &files.rules {
            let name = file.display().to_string();
            let text = std::fs::read(file).map_err(|source| Failure::Read { file: file.clone(), source })?;
            let text = String::from_utf8_lossy(&text).into_owned();
            self.rule_files += 1;
            match RuleSet::build_with(vec![(name.clone(), text.clone())], features) {
                Ok(set) => {
                    self.rules += set.rule_count();
                    self.findings.extend(set.warnings().iter().cloned().map(Finding::warning));
                }
                Err(problems) => self.findings.extend(problems.into_iter().map(Finding::error)),
            }
            self.sources.insert(name, text);
        }
        Ok(())
    }

    fn error(&mut self, problem: Problem) {
        self.findings.push(Finding::error(problem));
    }

    fn print(self, format: CheckFormat) -> Result<ExitCode, Failure> {
        let errors = self.findings.iter().filter(|finding| finding.is_error).count();
        let mut output = std::io::stdout().lock();
        let printed = match format {
            CheckFormat::Json => writeln!(output, "{}", report::json(&self.findings)),
            CheckFormat::Text => {
                let text = report::text(&self.findings, &self.sources, report::theme(&output));
                let warnings = self.findings.len() - errors;
                let looked_at = self.looked_at();
                writeln!(
                    output,
                    "{text}{looked_at}: {}, {}",
                    counted(errors, "error"),
                    counted(warnings, "warning")
                )
            }
        };
        printed.map_err(|error| Failure::new("print the findings", error))?;
        Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn looked_at(&self) -> String {
        let rules = format!("{} in {}", counted(self.rules, "rule"), counted(self.rule_files, "file"));
        let parts = [
            (self.configurations, counted(self.configurations, "configuration")),
            (self.rule_files, rules),
            (self.plugins, counted(self.plugins, "plugin")),
        ];
        let parts: Vec<_> = parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
        if parts.is_empty() { "nothing to check".to_owned() } else { format!("checked {}", parts.join(", ")) }
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
