//! The replicas of one service process. Each has workers, a queue and, by service, connections or model memory of its own;
//! requests go round-robin over those that progress. No HTTP here.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::connections::ConnectionPool;
use super::memory::ModelMemory;
use super::slots::{Refusal, Slot, Slots};
use crate::parameters::{Parameter, Parameters};
use crate::protocol::{Affliction, ReplicaStatus};
use crate::topology::ServiceName;

/// A busy replica that completes nothing for so long is stalled.
const STALLED_AFTER: Duration = Duration::from_secs(1);

/// One independent worker pool.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) id: String,
    started_at: String,
    pub(super) workers: Arc<Slots>,
    progress: Mutex<Instant>,
    retired: AtomicBool,
    /// Only document-processing has them.
    pub(super) connections: Option<ConnectionPool>,
    /// Only model-management has it.
    pub(super) memory: Option<ModelMemory>,
}

impl Replica {
    fn start(service: ServiceName, index: usize, parameters: &Parameters) -> Arc<Self> {
        let connections = (service == ServiceName::DocumentProcessing)
            .then(|| ConnectionPool::new(parameters.count(Parameter::DbPoolSize)));
        let memory = (service == ServiceName::ModelManagement)
            .then(|| ModelMemory::load(parameters.get(Parameter::ModelMemoryLimitBytes)));
        Arc::new(Self {
            id: format!("{service}-{index}"),
            started_at: jiff::Timestamp::now().to_string(),
            workers: Slots::new(parameters.count(Parameter::Workers)),
            progress: Mutex::new(Instant::now()),
            retired: AtomicBool::new(false),
            connections,
            memory,
        })
    }

    /// Waits for a worker.
    ///
    /// # Errors
    /// [`Refusal`] where the queue is full or the patience ends.
    pub(super) async fn admit(&self, queue: usize, patience: Duration) -> Result<Slot, Refusal> {
        let worker = self.workers.acquire(queue, patience).await?;
        if self.workers.held() == 1 {
            self.progressed();
        }
        Ok(worker)
    }

    /// A request was completed, well or badly.
    pub(super) fn progressed(&self) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// It has work and completes none of it.
    pub(super) fn is_stalled(&self) -> bool {
        let since = *self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        self.workers.held() > 0 && since.elapsed() > STALLED_AFTER
    }

    /// It was replaced or scaled away: work that waits for something only this replica has must give up.
    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Relaxed)
    }

    fn retire(&self) {
        self.retired.store(true, Relaxed);
    }

    fn obey(&self, parameter: Parameter, value: u64) {
        let count = usize::try_from(value).unwrap_or(usize::MAX);
        match (parameter, &self.connections, &self.memory) {
            (Parameter::Workers, ..) => self.workers.resize(count),
            (Parameter::DbPoolSize, Some(pool), _) => pool.slots().resize(count),
            (Parameter::ModelMemoryLimitBytes, _, Some(memory)) => memory.set_limit_bytes(value),
            // Read from the settings by each request.
            _ => {}
        }
    }

    fn afflict(&self, affliction: Affliction, begin: bool) {
        match (affliction, &self.connections, &self.memory) {
            (Affliction::MemoryLeak, _, Some(memory)) => memory.set_leaking(begin),
            (Affliction::PoolLeak, Some(pool), _) => pool.set_leaking(begin),
            _ => {}
        }
    }
}

/// All replicas of the process.
#[derive(Debug)]
pub(super) struct Fleet {
    service: ServiceName,
    replicas: RwLock<Vec<Arc<Replica>>>,
    next: AtomicUsize,
    parameters: Mutex<Parameters>,
}

impl Fleet {
    /// Starts so many replicas.
    pub(super) fn start(service: ServiceName, replicas: usize, parameters: Parameters) -> Self {
        let started = (0..replicas).map(|index| Replica::start(service, index, &parameters)).collect();
        Self {
            service,
            replicas: RwLock::new(started),
            next: AtomicUsize::new(0),
            parameters: Mutex::new(parameters),
        }
    }

    /// The next replica that progresses; `None` when all are stalled.
    pub(super) fn pick(&self) -> Option<Arc<Replica>> {
        let replicas = self.replicas.read().unwrap_or_else(PoisonError::into_inner);
        let first = self.next.fetch_add(1, Relaxed);
        (0..replicas.len())
            .filter_map(|step| replicas.get(first.wrapping_add(step) % replicas.len()))
            .find(|replica| !replica.is_stalled())
            .cloned()
    }

    /// A copy of the list.
    pub(super) fn replicas(&self) -> Vec<Arc<Replica>> {
        self.replicas.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A tunable's value now.
    pub(super) fn setting(&self, parameter: Parameter) -> u64 {
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner).get(parameter)
    }

    /// The patience that every wait of a request has.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_millis(self.setting(Parameter::TimeoutMs))
    }

    /// Grows or shrinks; a replica that goes finishes what it works on.
    pub(super) fn set_replicas(&self, count: usize) {
        let parameters = self.parameters.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut replicas = self.replicas.write().unwrap_or_else(PoisonError::into_inner);
        let staying = count.min(replicas.len());
        for leaving in replicas.drain(staying..) {
            leaving.retire();
        }
        for index in replicas.len()..count {
            replicas.push(Replica::start(self.service, index, &parameters));
        }
    }

    /// Replaces one replica by a fresh one of the same id.
    ///
    /// # Errors
    /// Where there is no such replica.
    pub(super) fn restart_replica(&self, id: &str) -> Result<(), String> {
        let parameters = self.parameters.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut replicas = self.replicas.write().unwrap_or_else(PoisonError::into_inner);
        let found = replicas.iter_mut().enumerate().find(|(_, replica)| replica.id == id);
        let (index, replica) = found.ok_or_else(|| format!("no instance is called {id}"))?;
        replica.retire();
        *replica = Replica::start(self.service, index, &parameters);
        Ok(())
    }

    /// Changes a tunable everywhere.
    pub(super) fn set_parameter(&self, parameter: Parameter, value: u64) {
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner).set(parameter, value);
        for replica in self.replicas() {
            replica.obey(parameter, value);
        }
    }

    /// Begins or ends a defect in every replica that runs now; one started later does not have it.
    pub(super) fn afflict(&self, affliction: Affliction, begin: bool) {
        for replica in self.replicas() {
            replica.afflict(affliction, begin);
        }
    }

    /// What the supervisor shows as instances.
    pub(super) fn status(&self) -> Vec<ReplicaStatus> {
        let status = |replica: Arc<Replica>| ReplicaStatus {
            id: replica.id.clone(),
            stalled: replica.is_stalled(),
            started_at: replica.started_at.clone(),
        };
        self.replicas().into_iter().map(status).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    fn fleet(service: ServiceName) -> Fleet {
        Fleet::start(service, 2, Parameters::defaults(service))
    }

    #[test]
    fn requests_go_round_robin_and_scaling_changes_who_gets_them() {
        let fleet = fleet(ServiceName::ApiGateway);
        let picked =
            || (0..4).map(|_| fleet.pick().unwrap().id.clone()).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(picked().len(), 2);
        fleet.set_replicas(4);
        assert_eq!(picked().len(), 4);
        fleet.set_replicas(1);
        assert_eq!(picked().into_iter().collect::<Vec<_>>(), ["api-gateway-0"]);
    }

    #[test]
    fn a_restarted_replica_is_fresh_and_the_others_are_untouched() {
        let fleet = fleet(ServiceName::ModelManagement);
        fleet.afflict(Affliction::MemoryLeak, true);
        let leak = || {
            for replica in fleet.replicas() {
                replica.memory.as_ref().unwrap().leak(8);
            }
            fleet.replicas().iter().map(|r| r.memory.as_ref().unwrap().used_bytes() >> 20).collect::<Vec<_>>()
        };
        assert_eq!(leak(), [32, 32]);
        fleet.restart_replica("model-management-1").unwrap();
        assert_eq!(leak(), [40, 24]);
        assert!(fleet.restart_replica("model-management-9").is_err());
    }

    #[test]
    fn a_parameter_reaches_replicas_that_run_and_those_that_come() {
        let fleet = fleet(ServiceName::DocumentProcessing);
        fleet.set_parameter(Parameter::DbPoolSize, 5);
        fleet.set_replicas(3);
        let sizes = fleet
            .replicas()
            .iter()
            .map(|r| r.connections.as_ref().unwrap().slots().size())
            .collect::<Vec<_>>();
        assert_eq!(sizes, [5, 5, 5]);
    }
}
