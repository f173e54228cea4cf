//! The contract that this host speaks, read from wit/ itself, and the comparison of a component with it.
//!
//! Runs before anything is compiled or instantiated, so that what does not fit is said in words and not by a linker.
//! Whether a fitting component may hold what it imports is the operator's grant and no matter here.

mod types;

use std::collections::BTreeSet;

use ballast_types::plugin::{Capability, PluginKind};
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{
    Function, Interface, InterfaceId, PackageId, PackageName, Resolve, SourceMap, World, WorldId, WorldItem,
    WorldKey,
};

use self::types::same_signature;

const NAMESPACE: &str = "ballast";
const PACKAGE: &str = "plugin";

macro_rules! sources {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../wit/", $name)))),*]
    };
}

/// The files of wit/; a test compares this list with the folder.
const SOURCES: [(&str, &str); 14] = sources![
    "approval.wit",
    "database.wit",
    "faults.wit",
    "http.wit",
    "incident.wit",
    "log.wit",
    "logs.wit",
    "metrics.wit",
    "services.wit",
    "state.wit",
    "timer.wit",
    "traces.wit",
    "types.wit",
    "worlds.wit",
];

/// The contract, parsed.
pub(crate) struct Contract {
    resolve: Resolve,
    package: PackageId,
}

/// What a component that fits is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fit {
    /// The world whose exports it has.
    pub(crate) kind: PluginKind,
    /// The contract's version that it names.
    pub(crate) version: String,
    /// The interfaces with functions that it imports.
    pub(crate) imports: BTreeSet<Capability>,
}

impl Contract {
    /// Reads what is built in.
    pub(crate) fn load() -> Result<Self, String> {
        let mut sources = SourceMap::default();
        for (name, text) in SOURCES {
            sources.push_str(name, text);
        }
        let parsed = sources.parse().map_err(|(_, error)| format!("{error:?}"))?;
        let mut resolve = Resolve::default();
        let package = resolve.push_group(parsed).map_err(|error| format!("{error:?}"))?;
        Ok(Contract { resolve, package })
    }

    /// Compares a component with the contract.
    ///
    /// # Errors
    /// Everything that does not fit, in words.
    pub(crate) fn inspect(&self, bytes: &[u8]) -> Result<Fit, String> {
        check_header(bytes)?;
        let (component, world) = match decode(bytes) {
            Ok(DecodedWasm::Component(resolve, world)) => (resolve, world),
            Ok(DecodedWasm::WitPackage(..)) => {
                return Err("it is the description of an interface, not a component".to_owned());
            }
            Err(error) => {
                return Err(format!("it is damaged, or needs features of Wasm that are off: {error:#}"));
            }
        };
        Guest { contract: self, resolve: &component, world: component.worlds.get(world) }.fit()
    }

    fn name(&self) -> Option<&PackageName> {
        self.resolve.packages.get(self.package).map(|package| &package.name)
    }

    /// `0.1.0`.
    fn version(&self) -> String {
        self.name().and_then(|name| name.version.as_ref()).map(ToString::to_string).unwrap_or_default()
    }

    /// `0.1.x`: what wasmtime links as compatible.
    fn spoken(&self) -> String {
        let version = self.version();
        version.rsplit_once('.').map_or_else(|| version.clone(), |(track, _)| format!("{track}.x"))
    }

    fn interface(&self, name: &str) -> Option<&Interface> {
        let package = self.resolve.packages.get(self.package)?;
        self.resolve.interfaces.get(*package.interfaces.get(name)?)
    }

    fn world(&self, kind: PluginKind) -> Option<&World> {
        let package = self.resolve.packages.get(self.package)?;
        let id: WorldId = *package.worlds.get(kind.name())?;
        self.resolve.worlds.get(id)
    }

    /// Names of the interfaces that a kind may import.
    fn imports_of(&self, kind: PluginKind) -> BTreeSet<&str> {
        let interface = |item: &WorldItem| match item {
            WorldItem::Interface { id, .. } => self.resolve.interfaces.get(*id)?.name.as_deref(),
            _ => None,
        };
        self.world(kind).into_iter().flat_map(|world| world.imports.values()).filter_map(interface).collect()
    }
}

/// Says what a file is that is no component at all.
fn check_header(bytes: &[u8]) -> Result<(), String> {
    const MODULE: [u8; 4] = [1, 0, 0, 0];
    let Some((magic, rest)) = bytes.split_first_chunk::<4>() else {
        return Err(format!("it is not WebAssembly: it has only {} bytes", bytes.len()));
    };
    if magic != b"\0asm" {
        let start = String::from_utf8_lossy(bytes.get(..16).unwrap_or(bytes)).escape_debug().to_string();
        return Err(format!("it is not WebAssembly: it begins with `{start}`"));
    }
    if rest.starts_with(&MODULE) {
        return Err(
            "it is a core module, not a component; build it with the SDK and `cargo xtask setup`, or turn \
                    it into one with `wasm-tools component new`"
                .to_owned(),
        );
    }
    Ok(())
}

/// A component under comparison.
struct Guest<'a> {
    contract: &'a Contract,
    resolve: &'a Resolve,
    world: Option<&'a World>,
}

/// An interface that the component imports.
struct Import<'a> {
    /// As the component names it: `ballast:plugin/log@0.1.0`.
    full_name: String,
    package: Option<&'a PackageName>,
    interface: &'a Interface,
}

impl Import<'_> {
    fn is_ours(&self) -> bool {
        self.package.is_some_and(|name| name.namespace == NAMESPACE && name.name == PACKAGE)
    }

    fn version(&self) -> Option<String> {
        self.package.and_then(|name| name.version.as_ref()).map(ToString::to_string)
    }

    fn short_name(&self) -> &str {
        self.interface.name.as_deref().unwrap_or(&self.full_name)
    }
}

impl Guest<'_> {
    fn fit(&self) -> Result<Fit, String> {
        let imports = self.imports();
        let version = self.version(&imports)?;
        let kind = self.kind()?;
        let mut problems = self.wrong_imports(&imports, kind);
        problems.extend(self.wrong_exports(kind));
        if !problems.is_empty() {
            return Err(format!(
                "as a {} of contract {version} it does not fit: {}",
                kind.name(),
                problems.join("; ")
            ));
        }
        let held = imports.iter().filter_map(|import| Capability::parse(import.short_name())).collect();
        Ok(Fit { kind, version, imports: held })
    }

    fn imports(&self) -> Vec<Import<'_>> {
        let items = self.world.into_iter().flat_map(|world| &world.imports);
        items
            .filter_map(|(key, item)| match item {
                WorldItem::Interface { id, .. } => self.import(key, *id),
                _ => None,
            })
            .collect()
    }

    fn import(&self, key: &WorldKey, id: InterfaceId) -> Option<Import<'_>> {
        let interface = self.resolve.interfaces.get(id)?;
        let package = interface.package.and_then(|package| self.resolve.packages.get(package));
        let full_name = self.resolve.name_world_key(key);
        Some(Import { full_name, package: package.map(|package| &package.name), interface })
    }

    /// The version of the contract that it was built against. It differs before all else does, so this comes first.
    fn version(&self, imports: &[Import<'_>]) -> Result<String, String> {
        let spoken = self.contract.name().and_then(|name| name.version.as_ref());
        let mut found = None;
        for import in imports.iter().filter(|import| import.is_ours()) {
            let version = import.package.and_then(|name| name.version.as_ref());
            let same = version.map(PackageName::version_compat_track).map(|(track, _)| track)
                == spoken.map(PackageName::version_compat_track).map(|(track, _)| track);
            if !same {
                let theirs = import.version().unwrap_or_else(|| "without a version".to_owned());
                let ours = self.contract.spoken();
                return Err(format!("it was built against contract {theirs}, and this host speaks {ours}"));
            }
            found = import.version();
        }
        Ok(found.unwrap_or_else(|| self.contract.version()))
    }

    /// The world whose exports it has all of.
    fn kind(&self) -> Result<PluginKind, String> {
        let exports = self.exports();
        let has_all = |kind: &PluginKind| self.wanted(*kind).iter().all(|wanted| exports.contains(wanted));
        if let Some(kind) = PluginKind::ALL.into_iter().find(has_all) {
            return Ok(kind);
        }
        let has = if exports.is_empty() { "nothing".to_owned() } else { quoted(&exports) };
        let worlds = PluginKind::ALL.map(|kind| format!("{} ({})", kind.name(), quoted(&self.wanted(kind))));
        Err(format!(
            "it is a component of another world: it exports {has}; the worlds are {}",
            worlds.join(", ")
        ))
    }

    /// Names of the functions and interfaces that it exports.
    fn exports(&self) -> Vec<String> {
        let keys = self.world.into_iter().flat_map(|world| world.exports.keys());
        keys.map(|key| self.resolve.name_world_key(key)).collect()
    }

    /// Names of the functions that a kind exports.
    fn wanted(&self, kind: PluginKind) -> Vec<String> {
        functions(self.contract.world(kind)).map(|function| function.name.clone()).collect()
    }

    fn wrong_imports(&self, imports: &[Import<'_>], kind: PluginKind) -> Vec<String> {
        let allowed = self.contract.imports_of(kind);
        let mut problems: Vec<String> =
            imports.iter().flat_map(|import| self.wrong_import(import, kind, &allowed)).collect();
        problems.extend(functions_imported(self.world).map(|function| {
            format!("it imports the function `{}`, which the contract does not have", function.name)
        }));
        problems
    }

    fn wrong_import(&self, import: &Import<'_>, kind: PluginKind, allowed: &BTreeSet<&str>) -> Vec<String> {
        let ours = if import.is_ours() { self.contract.interface(import.short_name()) } else { None };
        let Some(ours) = ours else {
            return vec![format!("it imports `{}`, which the contract does not have", import.full_name)];
        };
        let name = import.short_name();
        if !allowed.contains(name) {
            return vec![format!("it imports `{name}`, which no {} may hold", kind.name())];
        }
        let theirs = import.interface.functions.values();
        theirs
            .filter_map(|theirs| {
                self.wrong_function(
                    &format!("{name}.{}", theirs.name),
                    theirs,
                    ours.functions.get(&theirs.name),
                )
            })
            .collect()
    }

    fn wrong_exports(&self, kind: PluginKind) -> Vec<String> {
        let theirs = |name: &str| functions(self.world).find(|function| function.name == name);
        functions(self.contract.world(kind))
            .filter_map(|ours| match theirs(&ours.name) {
                Some(theirs) => self.wrong_function(&ours.name, theirs, Some(ours)),
                None => Some(format!("`{}` is not a function", ours.name)),
            })
            .collect()
    }

    fn wrong_function(&self, name: &str, theirs: &Function, ours: Option<&Function>) -> Option<String> {
        let version = self.contract.version();
        let Some(ours) = ours else {
            return Some(format!("it calls `{name}`, which contract {version} does not have"));
        };
        let same = same_signature((self.resolve, theirs), (&self.contract.resolve, ours));
        (!same).then(|| format!("`{name}` has other types than in contract {version}"))
    }
}

fn functions(world: Option<&World>) -> impl Iterator<Item = &Function> {
    world.into_iter().flat_map(|world| world.exports.values()).filter_map(function)
}

fn functions_imported(world: Option<&World>) -> impl Iterator<Item = &Function> {
    world.into_iter().flat_map(|world| world.imports.values()).filter_map(function)
}

fn function(item: &WorldItem) -> Option<&Function> {
    match item {
        WorldItem::Function(function) => Some(function),
        _ => None,
    }
}

fn quoted<T: AsRef<str>>(names: &[T]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_contract_is_built_in() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit");
        let files =
            std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let built_in = SOURCES.map(|(name, _)| name.to_owned());
        assert_eq!(files.collect::<BTreeSet<_>>(), built_in.into_iter().collect());
    }

    #[test]
    fn every_kind_is_a_world_and_every_capability_an_interface() {
        let contract = Contract::load().unwrap();
        for kind in PluginKind::ALL {
            assert!(contract.world(kind).is_some(), "{}", kind.name());
            assert!(contract.imports_of(kind).contains("log"), "{}", kind.name());
        }
        for capability in Capability::ALL {
            assert!(contract.interface(capability.name()).is_some(), "{capability}");
        }
        assert!(!contract.imports_of(PluginKind::Probe).contains("services"));
        assert_eq!((contract.version().as_str(), contract.spoken().as_str()), ("0.1.0", "0.1.x"));
    }

    #[test]
    fn a_file_that_is_no_component_is_named_for_what_it_is() {
        let contract = Contract::load().unwrap();
        for (bytes, expected) in [
            (&b""[..], "it is not WebAssembly: it has only 0 bytes"),
            (b"<!doctype html><html>", "it is not WebAssembly: it begins with `<!doctype html><`"),
            (b"\0asm\x01\0\0\0", "it is a core module, not a component; build it"),
            (b"\0asm\x0d\0\x01\0\xff\xff", "it is damaged"),
            (
                b"\0asm\x0d\0\x01\0",
                "it is a component of another world: it exports nothing; the worlds are rule (`describe`, `evaluate`), runbook",
            ),
        ] {
            let text = contract.inspect(bytes).unwrap_err();
            assert!(text.starts_with(expected), "{text}");
        }
    }
}
