//! A runbook whose description of itself breaks the rules: a name with blanks, and a need that no host can meet.

wit_bindgen::generate!({ path: "../../../wit", world: "ballast:plugin/runbook" });

use ballast::plugin::types::Need;

struct Braggart;

impl Guest for Braggart {
    fn describe() -> Manifest {
        Manifest {
            name: "The Best Runbook!".into(),
            version: "1.0.0".into(),
            summary: String::new(),
            parameters_schema: "{".into(),
            needs: vec![Need { capability: "root".into(), reason: "why not".into() }],
        }
    }

    fn run(_: Context) -> Result<Outcome, Error> {
        Err(Error::Invalid("never runs".into()))
    }
}

export!(Braggart);
