//! Databases, by the views and actions that their connector declares.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Change, Result, door};

/// Rows of a view: `activity`, `pool`, `settings`. Read them as `serde_json::Value` or as a type of your own.
///
/// # Errors
/// [`NotFound`](crate::Error::NotFound) where there is no such view; [`Invalid`](crate::Error::Invalid) where a row does
/// not fit the type.
pub fn read<Row: DeserializeOwned>(service: &str, view: &str) -> Result<Vec<Row>> {
    let rows = door::database::read(service, view)?;
    rows.iter().map(|row| Ok(serde_json::from_str(row)?)).collect()
}

/// An effect: `terminate-session`, `cancel-query`, `set-setting`, with an object of arguments.
///
/// # Errors
/// As the effects of [`services`](crate::services).
pub fn act(service: &str, action: &str, arguments: &impl Serialize) -> Result<Change> {
    door::database::act(service, action, &serde_json::to_string(arguments)?)
}
