//! Connects a component with exactly the interfaces that it imports, and prepares it for instances.
//!
//! What is not linked does not exist for the guest. A run whose grant lacks one of the imports is refused before this is
//! used, so one preparation serves every grant that covers the imports: a larger grant gives the component nothing more.

use std::collections::BTreeSet;

use ballast_types::plugin::{Capability, PluginKind};
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

use crate::bindings::RunbookPre;
use crate::bindings::interfaces::{
    approval, database, http, incident, log, logs, metrics, services, shapes, state, timer, traces, types,
};
use crate::run::Run;

/// A component, linked.
pub(crate) struct Linked {
    /// For `describe`, which every kind has.
    pub(crate) pre: InstancePre<Run>,
    /// For `run`, where it is a runbook.
    pub(crate) runbook: Option<RunbookPre<Run>>,
}

/// Links a component that fits the contract.
pub(crate) fn link(
    component: &Component,
    kind: PluginKind,
    imports: &BTreeSet<Capability>,
) -> wasmtime::Result<Linked> {
    let mut linker = Linker::new(component.engine());
    types::add_to_linker::<_, HasSelf<_>>(&mut linker, |run| run)?;
    shapes::add_to_linker::<_, HasSelf<_>>(&mut linker, |run| run)?;
    for capability in imports {
        add(&mut linker, *capability)?;
    }
    if imports.contains(&Capability::Faults) {
        // Experiments describe themselves already, and run when the host can inject faults.
        linker.define_unknown_imports_as_traps(component)?;
    }
    let pre = linker.instantiate_pre(component)?;
    let runbook = if kind == PluginKind::Runbook { Some(RunbookPre::new(pre.clone())?) } else { None };
    Ok(Linked { pre, runbook })
}

fn add(linker: &mut Linker<Run>, capability: Capability) -> wasmtime::Result<()> {
    match capability {
        Capability::Log => log::add_to_linker::<_, HasSelf<_>>(linker, |run| run),
        Capability::Metrics => metrics::add_to_linker::<_, HasSelf<_>>(linker, |run| run),
        Capability::Logs => logs::add_to_linker::<_, HasSelf<_>>(linker, |run| run),
        Capability::Traces => traces::add_to_linker::<_, HasSelf<_>>(linker, |run| run),
        Capability::Services => services::add_to_linker::<_, HasSelf<_>>(linker, |run| run),
        Capability::Database => database::add_to_linker::<_, HasSelf<_>>(linker, |run| run),
        Capability::Http => http::add_to_linker::<_, HasSelf<_>>(linker, |run| run),
        Capability::Timer => timer::add_to_linker::<_, HasSelf<_>>(linker, |run| run),
        Capability::Approval => approval::add_to_linker::<_, HasSelf<_>>(linker, |run| run),
        Capability::Incident => incident::add_to_linker::<_, HasSelf<_>>(linker, |run| run),
        Capability::State => state::add_to_linker::<_, HasSelf<_>>(linker, |run| run),
        Capability::Faults => Ok(()),
    }
}
