//! Installing: what fits is compiled once and described, what does not is refused in words.

use std::collections::BTreeSet;

use ballast_ports::plugin_runtime::{PluginRuntime as _, RunFailure};
use ballast_sandbox::{SandboxConfig, WasmRuntime};
use ballast_types::Digest;
use ballast_types::plugin::{Capability, Grant, PluginKind};

use crate::support::{Scripted, everything, guest, installed, request, runtime};

async fn refused(bytes: Vec<u8>) -> String {
    match runtime(2).install(bytes).await {
        Err(RunFailure::Unfit(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_runbook_is_described_with_what_it_really_imports() {
    let runtime = runtime(2);
    let plugin = runtime.install(guest("hostile")).await.unwrap();
    assert_eq!((plugin.kind, plugin.contract.as_str()), (PluginKind::Runbook, "0.1.0"));
    assert_eq!(plugin.manifest.name.as_str(), "hostile");
    assert_eq!(plugin.manifest.version, "6.6.6");
    assert_eq!(plugin.manifest.needs.len(), 9);
    let all_but_faults = Capability::ALL.into_iter().filter(|one| *one != Capability::Faults);
    assert_eq!(plugin.imports, all_but_faults.collect());
    assert!(runtime.is_installed(&plugin.digest));
    assert_eq!(runtime.describe(&plugin.digest).await.unwrap(), plugin.manifest);
}

#[tokio::test]
async fn the_least_runbook_needs_no_grant() {
    let (runtime, digest) = installed("minimal").await;
    assert_eq!(runtime.check_grant(&digest, &Grant::default()), Ok(()));
    let plugin = runtime.install(guest("minimal")).await.unwrap();
    assert_eq!(plugin.imports, BTreeSet::from([Capability::Log]));
}

#[tokio::test]
async fn a_second_host_finds_the_compiled_component() {
    let cache = tempfile::tempdir().unwrap();
    let compiled = |folder: &std::path::Path| {
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        files
            .iter()
            .map(|file| (file.clone(), file.metadata().unwrap().modified().unwrap()))
            .collect::<Vec<_>>()
    };
    let config = SandboxConfig { instances_max: 2, ..SandboxConfig::new(cache.path()) };
    let first = WasmRuntime::new(config.clone()).unwrap();
    let plugin = first.install(guest("minimal")).await.unwrap();
    let written = compiled(cache.path());
    assert_eq!(written.len(), 2);
    drop(first);
    let second = WasmRuntime::new(config).unwrap();
    assert!(!second.is_installed(&plugin.digest));
    assert_eq!(second.install(guest("minimal")).await.unwrap(), plugin);
    assert_eq!(compiled(cache.path()), written);
    second.run_runbook(request(&plugin.digest, ""), Scripted::obliging()).await.unwrap();
}

#[tokio::test]
async fn another_kind_is_installed_and_not_run_yet() {
    let runtime = runtime(2);
    let plugin = runtime.install(guest("notifier")).await.unwrap();
    assert_eq!((plugin.kind, plugin.manifest.name.as_str()), (PluginKind::Notifier, "poster"));
    let failure = runtime.run_runbook(request(&plugin.digest, ""), Scripted::obliging()).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "load the component: it is a notifier, and this host does not run that kind yet"
    );
}

#[tokio::test]
async fn what_is_not_installed_is_unknown() {
    let digest = Digest::new("0000");
    let runtime = runtime(2);
    assert_eq!(runtime.check_grant(&digest, &everything()), Err(RunFailure::Unknown(digest.clone())));
    let failure = runtime.run_runbook(request(&digest, ""), Scripted::obliging()).await.unwrap_err();
    assert_eq!(failure, RunFailure::Unknown(digest));
}

#[tokio::test]
async fn a_core_module_is_not_a_component() {
    let text = refused(guest("not-a-component")).await;
    assert!(text.starts_with("it is a core module, not a component"), "{text}");
}

#[tokio::test]
async fn a_component_of_another_world_is_told_what_it_lacks() {
    let text = refused(guest("stranger")).await;
    let expected = "it is a component of another world: it exports `greet`; the worlds are rule (`describe`, \
                    `evaluate`), runbook (`describe`, `run`), experiment (`describe`, `steady-state`,";
    assert!(text.starts_with(expected), "{text}");
}

#[tokio::test]
async fn another_version_of_the_contract_is_named_with_ours() {
    let text = refused(guest("from-0-2")).await;
    assert_eq!(text, "it was built against contract 0.2.0, and this host speaks 0.1.x");
}

#[tokio::test]
async fn imports_that_the_kind_or_the_contract_does_not_have_are_named_one_by_one() {
    let text = refused(guest("outsider")).await;
    assert!(text.starts_with("as a notifier of contract 0.1.0 it does not fit: "), "{text}");
    for part in [
        "it imports `state`, which no notifier may hold",
        "it imports `wasi:cli/environment@0.2.0`, which the contract does not have",
        "it imports `wasi:cli/exit@0.2.0`, which the contract does not have",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[tokio::test]
async fn a_contract_extended_under_the_same_version_is_noticed() {
    let text = refused(guest("extended")).await;
    assert_eq!(
        text,
        "as a runbook of contract 0.1.0 it does not fit: it calls `log.shout`, which contract 0.1.0 does not have; \
         `run` has other types than in contract 0.1.0"
    );
}

#[tokio::test]
async fn a_cut_component_is_damaged() {
    let mut bytes = guest("minimal");
    bytes.truncate(bytes.len() / 2);
    let text = refused(bytes).await;
    assert!(text.starts_with("it is damaged"), "{text}");
}

#[tokio::test]
async fn a_manifest_that_breaks_the_rules_is_refused_with_each_of_them() {
    let text = refused(guest("bad-manifest")).await;
    for part in ["`The Best Runbook!`", "summary", "schema", "`root`"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[tokio::test]
async fn a_plugin_that_never_ends_describing_itself_is_stopped() {
    let text = refused(guest("restless")).await;
    assert_eq!(text, "asked to describe itself, it stopped: busy for more than 500 ms without a host call");
}
