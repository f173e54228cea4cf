//! Compiled components on disk, so that a restart of the host compiles nothing. Also home of the one unsafe call.
//!
//! An entry is `DIGEST-COMPATIBILITY.cwasm`, named by the component's content and by wasmtime's own word on what it can
//! load, with the SHA-256 of its bytes in a file beside it. Invariant: nothing is loaded whose hash does not match, and
//! a missing, foreign, cut or damaged entry costs a compilation and nothing else.
//!
//! Entries of other wasmtime versions stay; whoever upgrades may empty the folder.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use ballast_types::Digest;
use ballast_types::hash::sha256_hex;
use wasmtime::Engine;
use wasmtime::component::Component;

/// A folder of compiled components.
pub(crate) struct Cache {
    folder: PathBuf,
    engine: Engine,
    compatibility: u64,
    writes: AtomicU64,
}

impl Cache {
    /// Opens the folder, creating it if need be, and closes it to everybody else.
    pub(crate) fn open(folder: &Path, engine: &Engine) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let compatibility = hasher.finish();
        Ok(Cache {
            folder: folder.to_owned(),
            engine: engine.clone(),
            compatibility,
            writes: AtomicU64::new(0),
        })
    }

    /// The component of these bytes: from the cache, else compiled and put there.
    ///
    /// # Errors
    /// When it does not compile. A cache that cannot be written is logged and does no harm.
    pub(crate) fn component(&self, digest: &Digest, bytes: &[u8]) -> wasmtime::Result<Component> {
        if let Some(component) = self.load(digest) {
            return Ok(component);
        }
        let component = Component::from_binary(&self.engine, bytes)?;
        if let Err(error) = self.store(digest, &component) {
            tracing::warn!(%digest, %error, "cannot keep a compiled component");
        }
        Ok(component)
    }

    /// The entry of this digest, where there is a sound one.
    pub(crate) fn load(&self, digest: &Digest) -> Option<Component> {
        let entry = self.entry(digest);
        let expected = fs::read_to_string(sum_of(&entry)).ok()?;
        let found = sha256_hex(&fs::read(&entry).ok()?);
        if found != expected {
            tracing::warn!(%digest, "a compiled component is damaged: compiling it again");
            return None;
        }
        map(&self.engine, &entry)
            .inspect_err(|error| tracing::warn!(%digest, %error, "cannot load a compiled component"))
            .ok()
    }

    fn store(&self, digest: &Digest, component: &Component) -> wasmtime::Result<()> {
        let entry = self.entry(digest);
        let compiled = component.serialize()?;
        self.write(&entry, &compiled)?;
        // Second, so that a crash between the two leaves an entry that does not match.
        self.write(&sum_of(&entry), sha256_hex(&compiled).as_bytes())?;
        Ok(())
    }

    /// Whole or not at all.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let number = self.writes.fetch_add(1, Ordering::Relaxed);
        let partial = self.folder.join(format!("{}-{number}.partial", std::process::id()));
        let mut file = fs::File::create(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&partial, path)
    }

    fn entry(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{digest}-{:016x}.cwasm", self.compatibility))
    }
}

fn sum_of(entry: &Path) -> PathBuf {
    entry.with_extension("sha256")
}

#[expect(unsafe_code, reason = "wasmtime maps compiled code, which it cannot check as it checks a component")]
fn map(engine: &Engine, entry: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the file is one that `store` wrote with this wasmtime and these settings (its name holds the compatibility
    // hash), its bytes are those that were written (the caller compared the SHA-256), and it lies in a folder that only
    // this user can write; whoever can change it there can change this program too.
    unsafe { Component::deserialize_file(engine, entry) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest component: a header and nothing else.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    fn opened(folder: &Path) -> (Cache, Digest) {
        let config = crate::SandboxConfig { instances_max: 2, ..crate::SandboxConfig::new(folder) };
        let cache = Cache::open(folder, &crate::config::engine(&config).unwrap()).unwrap();
        (cache, Digest::new(sha256_hex(EMPTY)))
    }

    #[test]
    fn what_was_compiled_once_is_loaded_and_the_folder_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a/b");
        let (cache, digest) = opened(&place);
        assert!(cache.load(&digest).is_none());
        cache.component(&digest, EMPTY).unwrap();
        assert!(cache.load(&digest).is_some());
        assert_eq!(fs::metadata(place).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_damaged_or_cut_entry_is_compiled_again() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, digest) = opened(folder.path());
        cache.component(&digest, EMPTY).unwrap();
        let entry = cache.entry(&digest);
        let sound = fs::read(&entry).unwrap();
        let mut flipped = sound.clone();
        *flipped.last_mut().unwrap() ^= 1;
        for damaged in [&flipped[..], &sound[..sound.len() / 2], b""] {
            fs::write(&entry, damaged).unwrap();
            assert!(cache.load(&digest).is_none());
            cache.component(&digest, EMPTY).unwrap();
            assert!(cache.load(&digest).is_some());
        }
    }

    #[test]
    fn a_foreign_entry_with_a_matching_sum_is_compiled_again() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, digest) = opened(folder.path());
        let entry = cache.entry(&digest);
        cache.write(&entry, b"not compiled code").unwrap();
        cache.write(&sum_of(&entry), sha256_hex(b"not compiled code").as_bytes()).unwrap();
        assert!(cache.load(&digest).is_none());
        cache.component(&digest, EMPTY).unwrap();
        assert!(cache.load(&digest).is_some());
    }
}
