//! What a runbook is told when it starts.

use serde::de::DeserializeOwned;

use crate::manifest::find;
use crate::{Error, Label, Result};

/// What a runbook is told when it starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The incident's id.
    pub incident: String,
    /// This run's id.
    pub execution: String,
    /// The service that the incident is about.
    pub service: String,
    /// The alert that began the run.
    pub alert: String,
    /// Its labels; see [`label`](Self::label).
    pub alert_labels: Vec<Label>,
    /// A JSON object that fits the manifest's schema; see [`parameters`](Self::parameters).
    pub parameters_json: String,
    /// Effects are only foretold.
    pub dry_run: bool,
    /// When the run was decided on, milliseconds since the epoch.
    pub started_at_ms: i64,
}

impl Context {
    /// The value of one of the alert's labels.
    pub fn label(&self, name: &str) -> Option<&str> {
        find(&self.alert_labels, name)
    }

    /// The parameters; where the operator gave none, an empty object is read.
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid) where they do not fit the type.
    pub fn parameters<P: DeserializeOwned>(&self) -> Result<P> {
        let given = self.parameters_json.trim();
        serde_json::from_str(if given.is_empty() { "{}" } else { given })
            .map_err(|error| Error::Invalid(format!("read the parameters: {error}")))
    }
}
