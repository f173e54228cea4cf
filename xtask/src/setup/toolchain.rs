//! The compiler for `wasm32-unknown-unknown`: rustup's where its target is installed, else Debian's.
//!
//! Debian ships no compiled standard library for the target, but its source: cargo builds it (`-Zbuild-std`), and the
//! linker is the one that rustup's toolchain carries. Nothing is ever fetched from rustup here.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};
use crate::process;

/// The target of every guest.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
/// One profile for all guests, whatever their workspaces say: small, without unwinding, and one standard library for all.
const PROFILE: [(&str, &str); 5] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s"),
    ("CARGO_PROFILE_RELEASE_LTO", "true"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
    ("CARGO_PROFILE_RELEASE_STRIP", "true"),
];
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";

/// How guests are compiled on this machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The target's compiled standard library is part of the host's toolchain.
    Rustup,
    /// Debian's compiler builds the standard library; `linker` is rustup's rust-lld.
    Debian {
        /// The path of rust-lld.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// The toolchain that is here, after installing Debian's packages where neither is.
    ///
    /// # Errors
    /// When neither is here and this is not root on Debian: the text holds the command to run.
    pub(crate) fn ready(root: &Path) -> Result<Self> {
        if has_core(&target_folder(root)?) {
            println!("setup: guest toolchain: the host's own, with {TARGET}");
            return Ok(Self::Rustup);
        }
        let linker = linker(root)?;
        if has_debian() {
            println!("setup: guest toolchain: Debian's {}", PACKAGES.join(", "));
        } else {
            install()?;
        }
        Ok(Self::Debian { linker })
    }

    /// `cargo build --release` of the workspace in `folder` into `target`.
    pub(crate) fn build(&self, folder: &Path, target: &Path) -> Command {
        let mut build = match self {
            Self::Rustup => process::cargo(folder),
            Self::Debian { linker } => debian_cargo(folder, linker),
        };
        build.args(["build", "--release", "--workspace", "--target", TARGET]);
        if let Self::Debian { .. } = self {
            build.arg("-Zbuild-std=std,panic_abort");
        }
        build.env("CARGO_TARGET_DIR", target).envs(PROFILE);
        build
    }
}

fn debian_cargo(folder: &Path, linker: &Path) -> Command {
    let mut path = OsString::from("/usr/bin:");
    path.push(env::var_os("PATH").unwrap_or_default());
    let mut cargo = process::foreign(DEBIAN_CARGO);
    cargo
        .current_dir(folder)
        .env("PATH", path)
        .env("RUSTC", DEBIAN_RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    cargo
}

fn target_folder(root: &Path) -> Result<PathBuf> {
    let mut rustc = process::command("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]).current_dir(root);
    Ok(PathBuf::from(process::read(&mut rustc)?.trim()))
}

fn has_core(folder: &Path) -> bool {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.map(|name| name.to_string_lossy().into_owned()).any(|name| is_core(&name))
}

fn is_core(name: &str) -> bool {
    name.starts_with("libcore-") && name.ends_with(".rlib")
}

fn linker(root: &Path) -> Result<PathBuf> {
    let sysroot = process::read(process::command("rustc").args(["--print", "sysroot"]).current_dir(root))?;
    let host = format!("lib/rustlib/{}-unknown-linux-gnu/bin/rust-lld", env::consts::ARCH);
    let linker = Path::new(sysroot.trim()).join(host);
    if linker.is_file() {
        return Ok(linker);
    }
    let text =
        format!("find the linker for guests at {}; `rustup target add {TARGET}` avoids it", linker.display());
    Err(Error::Said(text))
}

fn has_debian() -> bool {
    [DEBIAN_CARGO, DEBIAN_RUSTC, DEBIAN_SOURCE].iter().all(|path| Path::new(path).exists())
}

fn install() -> Result<()> {
    let packages = PACKAGES.join(" ");
    if !process::is_root() || !Path::new("/etc/debian_version").exists() {
        let text = format!(
            "find a compiler for {TARGET}; run `rustup target add {TARGET}`, \
             or on Debian `sudo apt-get update && sudo apt-get install --no-install-recommends {packages}`"
        );
        return Err(Error::Said(text));
    }
    println!("setup: guest toolchain: installing Debian's {packages}");
    if process::succeed(&mut apt_install()).is_ok() && has_debian() {
        return Ok(());
    }
    println!("setup: guest toolchain: the package lists are old, updating them");
    process::succeed(apt().arg("update"))?;
    process::succeed(&mut apt_install())?;
    if has_debian() {
        Ok(())
    } else {
        Err(Error::Said(format!("find {DEBIAN_SOURCE} after installing {packages}")))
    }
}

fn apt_install() -> Command {
    let mut install = apt();
    install.args(["install", "--yes", "--no-install-recommends"]).args(PACKAGES);
    install
}

fn apt() -> Command {
    let mut apt = process::foreign("apt-get");
    apt.arg("--quiet").env("DEBIAN_FRONTEND", "noninteractive");
    apt
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn variable(command: &Command, name: &str) -> Option<OsString> {
        let found = command.get_envs().find(|(key, _)| *key == OsStr::new(name));
        found.and_then(|(_, value)| value).map(OsStr::to_owned)
    }

    #[test]
    fn debian_builds_the_standard_library_with_rustups_linker() {
        let toolchain = Toolchain::Debian { linker: "/sys/rust-lld".into() };
        let build = toolchain.build(Path::new("/repo/runbooks"), Path::new("/repo/target/guest-build"));
        assert_eq!(
            process::line(&build),
            "/usr/bin/cargo build --release --workspace --target wasm32-unknown-unknown -Zbuild-std=std,panic_abort"
        );
        assert_eq!(variable(&build, "RUSTC_BOOTSTRAP").unwrap(), "1");
        assert_eq!(variable(&build, "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER").unwrap(), "/sys/rust-lld");
        assert_eq!(variable(&build, "CARGO_TARGET_DIR").unwrap(), "/repo/target/guest-build");
        assert!(variable(&build, "PATH").unwrap().to_string_lossy().starts_with("/usr/bin:"));
        assert_eq!(variable(&build, "RUSTUP_TOOLCHAIN"), None);
    }

    #[test]
    fn only_a_compiled_core_library_counts_as_an_installed_target() {
        assert!(is_core("libcore-7fb3e20f6a.rlib"));
        assert!(!is_core("libcompiler_builtins-1.rlib"));
        assert!(!has_core(Path::new("/nonexistent/lib")));
    }
}
