//! A runbook built against a contract that calls itself 0.1.0 and is not.

wit_bindgen::generate!({ path: "wit", world: "ballast:plugin/runbook" });

use ballast::plugin::log::shout;

struct Extended;

impl Guest for Extended {
    fn describe() -> Manifest {
        Manifest {
            name: "extended".into(),
            version: "1.0.0".into(),
            summary: "Calls what nobody agreed on.".into(),
            parameters_schema: String::new(),
            needs: Vec::new(),
        }
    }

    fn run(context: Context) -> Result<Outcome, Error> {
        shout(&context.service);
        Ok(Outcome { summary: "done".into(), inverse: Vec::new() })
    }
}

export!(Extended);
