//! Values that a plugin keeps from one run to the next, as JSON; nobody else sees them. At most 64 KiB a
//! value, 256 bytes a key, 1000 keys and 1 MiB in all; beyond, a value is refused as invalid and what was there stays.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Result, door};

/// The value kept under a key.
///
/// # Errors
/// [`Invalid`](crate::Error::Invalid) where it does not fit the type.
pub fn get<T: DeserializeOwned>(key: &str) -> Result<Option<T>> {
    let kept = door::state::get(key)?;
    Ok(kept.map(|bytes| serde_json::from_slice(&bytes)).transpose()?)
}

/// Keeps a value.
///
/// # Errors
/// [`Invalid`](crate::Error::Invalid) where it is too long.
pub fn set<T: Serialize>(key: &str, value: &T) -> Result<()> {
    door::state::set(key, Some(&serde_json::to_vec(value)?))
}

/// Forgets a value.
///
/// # Errors
/// [`Unavailable`](crate::Error::Unavailable) where the store does not answer.
pub fn forget(key: &str) -> Result<()> {
    door::state::set(key, None)
}
