//! Turns a core module, as the compiler wrote it, into a component that the sandbox can load.

use std::fs;
use std::path::Path;

use wit_component::ComponentEncoder;

use crate::error::{Error, Result};

/// The component of `package`, whose core module is at `module`.
///
/// # Errors
/// When the module cannot be read, or carries no contract, or imports what no contract declares.
pub(crate) fn encode(package: &str, module: &Path) -> Result<Vec<u8>> {
    let core = fs::read(module).map_err(Error::file("read", module))?;
    let encoded =
        ComponentEncoder::default().validate(true).module(&core).and_then(|encoder| encoder.encode());
    encoded.map_err(|error| Error::Component { package: package.to_owned(), text: format!("{error:#}") })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_module_is_refused_with_its_package() {
        let path = std::env::temp_dir().join(format!("xtask-not-wasm-{}", std::process::id()));
        fs::write(&path, b"not wasm").unwrap();
        let text = encode("hostile", &path).unwrap_err().to_string();
        fs::remove_file(path).unwrap();
        assert!(text.starts_with("turn the module of hostile into a component: "), "{text}");
    }
}
