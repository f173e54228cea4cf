//! What the log and the blocks do to files alike: the folder's lock, deletion, and making a folder's entries durable.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::TsdbError;

/// Takes the folder for this process; the lock ends with the file handle, also when the process is killed.
pub(crate) fn lock(folder: &Path) -> Result<File, TsdbError> {
    let path = folder.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(TsdbError::io("open the lock", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(TsdbError::Locked(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(TsdbError::io("lock", &path)(error)),
    }
}

/// Makes the names in a folder outlive a crash.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), TsdbError> {
    let sync = File::open(folder).and_then(|folder| folder.sync_all());
    sync.map_err(TsdbError::io("flush the folder", folder))
}

pub(crate) fn delete(paths: impl IntoIterator<Item = PathBuf>) -> Result<(), TsdbError> {
    paths.into_iter().try_for_each(|path| remove_if_there(&path))
}

pub(crate) fn remove_if_there(path: &Path) -> Result<(), TsdbError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(TsdbError::io("delete", path)(error))
        }
        _ => Ok(()),
    }
}
