//! A notifier that imports what no notifier may hold, and what the contract does not have: two interfaces of WASI.

wit_bindgen::generate!({
    path: ["../../../wit", "wit"],
    world: "test:outsider/outsider",
    generate_all,
});

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

    fn deliver(_: Notification) -> Result<(), Error> {
        let arguments = wasi::cli::environment::get_arguments().join(" ");
        ballast::plugin::state::set("arguments", Some(arguments.as_bytes()))?;
        wasi::cli::exit::exit(Ok(()));
        Ok(())
    }
}

export!(Outsider);
