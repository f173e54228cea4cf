//! The smallest runbook on bare bindings: one line to the log, one outcome. The bench measures it.

wit_bindgen::generate!({ path: "../../../wit", world: "ballast:plugin/runbook" });

use ballast::plugin::log::{Level, write};
use ballast::plugin::shapes::OutcomeKind;

struct Minimal;

impl Guest for Minimal {
    fn describe() -> Manifest {
        Manifest {
            name: "minimal".into(),
            version: "0.1.0".into(),
            summary: "Does nothing, quickly.".into(),
            parameters_schema: String::new(),
            needs: Vec::new(),
        }
    }

    fn run(_: Context) -> Result<Outcome, Error> {
        write(Level::Info, "nothing to do");
        Ok(Outcome { kind: OutcomeKind::Declined, summary: "nothing to do".into(), inverse: Vec::new() })
    }
}

export!(Minimal);
