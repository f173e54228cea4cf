//! Every effect that was performed, and the promise of the idempotency key: the same key, the same service, the same answer,
//! the work done once, also when two ask at the same time. A refused effect changed nothing and is not remembered.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::error::ControlError;
use super::verbs::Verb;
use crate::topology::ServiceName;

/// How many effects are listed, and how many keys are remembered; the oldest go.
const KEPT: usize = 4096;

type Turn = Arc<tokio::sync::Mutex<()>>;

/// One performed effect.
#[derive(Clone, Debug)]
pub(super) struct Effect {
    service: ServiceName,
    key: Option<String>,
    verb: Verb,
    at: String,
    result: Value,
}

impl Effect {
    /// As lists show it.
    pub(super) fn line(&self) -> Value {
        json!({"key": self.key, "service": self.service, "verb": self.verb.name(), "at": self.at, "detail": self.result["detail"]})
    }

    /// As the answer to "was it performed?".
    pub(super) fn proof(&self) -> Value {
        json!({"key": self.key, "performed": true, "service": self.service, "verb": self.verb.name(), "at": self.at, "status": 200, "result": self.result})
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    effects: Mutex<Vec<Effect>>,
    turns: Mutex<HashMap<(ServiceName, String), Turn>>,
}

/// An answer, and whether it is a repeated one.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) result: Value,
    pub(super) repeated: bool,
}

impl Ledger {
    /// Performs an effect unless its key was performed already; whoever comes second waits for the first.
    ///
    /// # Errors
    /// What `perform` says, and 422 where the key was used for another order.
    pub(super) async fn perform<Performed>(
        &self,
        service: ServiceName,
        key: Option<String>,
        verb: Verb,
        perform: Performed,
    ) -> Result<Answered, ControlError>
    where
        Performed: Future<Output = Result<Value, ControlError>>,
    {
        let turn = key.as_ref().map(|key| self.turn(service, key));
        let _mine = match &turn {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        if let Some(earlier) = key.as_deref().and_then(|key| self.recorded(Some(service), key)) {
            if earlier.verb != verb {
                let message = format!("the key was used before, to {}", earlier.verb.name());
                return Err(ControlError::Invalid(message));
            }
            return Ok(Answered { result: earlier.result, repeated: true });
        }
        let result = perform.await?;
        let at = jiff::Timestamp::now().to_string();
        self.append(Effect { service, key, verb, at, result: result.clone() });
        Ok(Answered { result, repeated: false })
    }

    /// The effect of a key, once one that runs has ended.
    pub(super) async fn settled(&self, service: Option<ServiceName>, key: &str) -> Option<Effect> {
        let running = {
            let turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            let same = |(named, used): &(ServiceName, String)| {
                used == key && service.is_none_or(|service| service == *named)
            };
            turns.iter().find(|(name, _)| same(name)).map(|(_, turn)| Arc::clone(turn))
        };
        if let Some(turn) = running {
            let _ended = turn.lock().await;
        }
        self.recorded(service, key)
    }

    /// Newest first.
    pub(super) fn list(&self, service: Option<ServiceName>) -> Vec<Value> {
        let effects = self.effects.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = |effect: &&Effect| service.is_none_or(|service| service == effect.service);
        effects.iter().rev().filter(wanted).map(Effect::line).collect()
    }

    fn recorded(&self, service: Option<ServiceName>, key: &str) -> Option<Effect> {
        let effects = self.effects.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |effect: &&Effect| {
            effect.key.as_deref() == Some(key) && service.is_none_or(|service| service == effect.service)
        };
        effects.iter().rev().find(same).cloned()
    }

    fn append(&self, effect: Effect) {
        let mut effects = self.effects.lock().unwrap_or_else(PoisonError::into_inner);
        if effects.len() >= KEPT {
            effects.remove(0);
        }
        effects.push(effect);
    }

    fn turn(&self, service: ServiceName, key: &str) -> Turn {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() >= KEPT {
            // Those that nobody holds; the effects themselves are still recorded.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry((service, key.to_owned())).or_default())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use std::cell::Cell;

    use super::*;

    const SERVICE: ServiceName = ServiceName::ApiGateway;

    fn scale(replicas: usize) -> Verb {
        Verb::Scale { replicas }
    }

    #[tokio::test]
    async fn two_at_once_with_one_key_perform_once_and_get_one_answer() {
        let (ledger, done) = (Ledger::default(), Cell::new(0));
        let order = || {
            ledger.perform(SERVICE, Some("k".into()), scale(2), async {
                tokio::task::yield_now().await;
                done.set(done.get() + 1);
                Ok(json!({"nth": done.get()}))
            })
        };
        let (first, second, proof) = tokio::join!(order(), order(), ledger.settled(None, "k"));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!((first.result.clone(), first.repeated, second.repeated), (second.result, false, true));
        assert_eq!((done.get(), ledger.list(None).len()), (1, 1));
        assert_eq!(proof.unwrap().proof()["result"], first.result);
    }

    #[tokio::test]
    async fn a_refused_effect_may_be_tried_again_and_a_key_means_one_order() {
        let ledger = Ledger::default();
        let refused = async { Err(ControlError::Conflict("not now".into())) };
        assert!(ledger.perform(SERVICE, Some("k".into()), scale(2), refused).await.is_err());
        assert!(ledger.settled(Some(SERVICE), "k").await.is_none());
        let done = async { Ok(json!({})) };
        assert!(ledger.perform(SERVICE, Some("k".into()), scale(2), done).await.is_ok());
        let other = async { Ok(json!({})) };
        let said = ledger.perform(SERVICE, Some("k".into()), scale(3), other).await.unwrap_err();
        assert!(matches!(said, ControlError::Invalid(_)), "{said}");
    }
}
