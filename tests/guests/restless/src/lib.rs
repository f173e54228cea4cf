//! A runbook that never ends describing itself.

wit_bindgen::generate!({ path: "../../../wit", world: "ballast:plugin/runbook" });

struct Restless;

impl Guest for Restless {
    fn describe() -> Manifest {
        let mut turns = 0_u64;
        loop {
            turns = std::hint::black_box(turns.wrapping_add(1));
        }
    }

    fn run(_: Context) -> Result<Outcome, Error> {
        Err(Error::Invalid("never runs".into()))
    }
}

export!(Restless);
