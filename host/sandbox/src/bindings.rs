//! What wasmtime generates from wit/ for the world `runbook`. The other worlds share its interfaces; of them only
//! `describe` is called so far, by name.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "ballast:plugin/runbook",
    imports: { default: async | trappable },
    exports: { default: async },
});

pub(crate) use self::ballast::plugin as interfaces;
