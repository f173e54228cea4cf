//! A runbook that imports what the contract does not have: the arguments and the exit of WASI.

wit_bindgen::generate!({
    path: ["../../../wit", "wit"],
    world: "test:outsider/outsider",
    generate_all,
});

use ballast::plugin::shapes::OutcomeKind;

struct Outsider;

impl Guest for Outsider {
    fn describe() -> Manifest {
        Manifest {
            name: "outsider".into(),
            version: "1.0.0".into(),
            summary: "Wants the operating system.".into(),
            parameters_schema: String::new(),
            needs: Vec::new(),
        }
    }

    fn run(_: Context) -> Result<Outcome, Error> {
        let summary = wasi::cli::environment::get_arguments().join(" ");
        wasi::cli::exit::exit(Ok(()));
        Ok(Outcome { kind: OutcomeKind::Declined, summary, inverse: Vec::new() })
    }
}

export!(Outsider);
