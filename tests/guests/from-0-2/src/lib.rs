//! A runbook that was built against contract 0.2.0, which this host does not speak.

wit_bindgen::generate!({ path: "wit", world: "ballast:plugin/runbook" });

use ballast::plugin::log::{Level, write};

struct Future;

impl Guest for Future {
    fn describe() -> Manifest {
        Manifest {
            name: "from-the-future".into(),
            version: "1.0.0".into(),
            summary: "Speaks a contract of the future.".into(),
            parameters_schema: String::new(),
            needs: Vec::new(),
        }
    }

    fn run(context: Context) -> Result<Outcome, Error> {
        write(Level::Info, &context.service);
        Ok(Outcome { summary: "done".into(), inverse: Vec::new() })
    }
}

export!(Future);
