//! Starts other programs in an environment that does not carry what `cargo run` put into ours.
//!
//! `cargo run` sets the package's variables and a library path into rustup's toolchain. An inner cargo must see neither:
//! the first makes it rebuild, the second makes Debian's compiler load rustup's libraries.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::error::{Error, Result};

/// Set by `cargo run` for the program that it runs.
const OURS: [&str; 8] = [
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_PRIMARY_PACKAGE",
    "LD_LIBRARY_PATH",
    "OUT_DIR",
    "RUST_RECURSION_COUNT",
];

/// Pick a toolchain; a second toolchain must not inherit them.
const TOOLCHAIN: [&str; 12] = [
    "CARGO",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "RUSTUP_TOOLCHAIN_SOURCE",
];

/// A command without the variables that `cargo run` gave to us.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in OURS {
        command.env_remove(name);
    }
    let package = env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARGO_PKG_"));
    for (name, _) in package {
        command.env_remove(name);
    }
    command
}

/// The same cargo that runs us, on `folder`.
pub(crate) fn cargo(folder: &Path) -> Command {
    let mut command = command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    command
}

/// A command that chooses its own toolchain.
pub(crate) fn foreign(program: impl AsRef<OsStr>) -> Command {
    let mut command = command(program);
    for name in TOOLCHAIN {
        command.env_remove(name);
    }
    command
}

/// Runs to the end with our own output; anything but success is an error.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().map_err(start(command))?;
    if status.success() { Ok(()) } else { Err(Error::Failed { command: line(command), status }) }
}

/// Runs to the end and tells whether it succeeded, with our own output.
pub(crate) fn passes(command: &mut Command) -> Result<bool> {
    Ok(command.stdin(Stdio::null()).status().map_err(start(command))?.success())
}

/// Runs to the end and returns standard output; anything but success is an error.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let Output { status, stdout, .. } =
        command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(start(command))?;
    if status.success() {
        Ok(String::from_utf8_lossy(&stdout).into_owned())
    } else {
        Err(Error::Failed { command: line(command), status })
    }
}

/// Whether a program answers at all, silently.
pub(crate) fn exists(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Whether we are root, by the owner of our own process.
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Wraps the error of starting `command`.
pub(crate) fn start(command: &Command) -> impl FnOnce(io::Error) -> Error + use<> {
    let command = line(command);
    move |source| Error::Start { command, source }
}

/// The command line as a person would type it.
pub(crate) fn line(command: &Command) -> String {
    let parts = std::iter::once(command.get_program()).chain(command.get_args());
    parts.map(|part| part.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_command_carries_no_toolchain() {
        let command = foreign("env");
        let removed: Vec<_> =
            command.get_envs().filter(|(_, value)| value.is_none()).map(|(n, _)| n).collect();
        for name in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC", "LD_LIBRARY_PATH", "CARGO_MANIFEST_DIR"] {
            assert!(removed.contains(&OsStr::new(name)), "{name} is passed on");
        }
    }

    #[test]
    fn a_failing_program_is_an_error_that_names_the_command() {
        let error = succeed(command("false").arg("--so")).unwrap_err();
        assert!(error.to_string().starts_with("run `false --so` ("), "{error}");
    }
}
