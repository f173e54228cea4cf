//! A notifier: a good component of a kind that is not a runbook.

wit_bindgen::generate!({ path: "../../../wit", world: "ballast:plugin/notifier" });

use ballast::plugin::http::{Request, send};
use ballast::plugin::types::Need;

struct Notifier;

impl Guest for Notifier {
    fn describe() -> Manifest {
        let need = Need { capability: "http".into(), reason: "to post the notification".into() };
        Manifest {
            name: "poster".into(),
            version: "0.3.0".into(),
            summary: "Posts notifications.".into(),
            parameters_schema: String::new(),
            needs: vec![need],
        }
    }

    fn deliver(notification: Notification) -> Result<(), Error> {
        let url = "http://localhost/notify".into();
        let body = notification.body.into_bytes();
        send(&Request { method: "POST".into(), url, headers: Vec::new(), body }).map(|_| ())
    }
}

export!(Notifier);
