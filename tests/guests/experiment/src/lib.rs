//! An experiment: a good component of the kind whose world has the most interfaces.

wit_bindgen::generate!({ path: "../../../wit", world: "ballast:plugin/experiment" });

use ballast::plugin::faults::kinds;
use ballast::plugin::types::Need;

struct Experiment;

impl Guest for Experiment {
    fn describe() -> Manifest {
        let need =
            Need { capability: "faults".into(), reason: "to plan one that the host can inject".into() };
        Manifest {
            name: "first-fault".into(),
            version: "0.1.0".into(),
            summary: "Plans the first fault that the host offers.".into(),
            parameters_schema: String::new(),
            needs: vec![need],
        }
    }

    fn steady_state(_: Context) -> Result<Vec<SteadyState>, Error> {
        Ok(vec![SteadyState { expression: "up".into(), minimum: Some(1.0), maximum: None }])
    }

    fn plan(context: Context) -> Result<Vec<Fault>, Error> {
        let plan =
            |kind| Fault { kind, service: context.service, parameters_json: "{}".into(), duration_ms: 1_000 };
        Ok(kinds()?.into_iter().next().map(plan).into_iter().collect())
    }

    fn rollback(_: Context) -> Result<(), Error> {
        Ok(())
    }
}

export!(Experiment);
