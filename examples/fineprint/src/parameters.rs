//! What can be tuned on a running service: names, bounds, defaults. The effect of a change lives in `service::fleet`.

use std::collections::BTreeMap;
use std::fmt;

use crate::topology::ServiceName;

const MIB: u64 = 1024 * 1024;

/// One tunable; all are whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Parameter {
    /// Connections to the document store, per replica.
    DbPoolSize,
    /// Requests that a replica works on at once.
    Workers,
    /// Requests that may wait for a worker, per replica.
    Queue,
    /// Memory that one model replica may hold, in bytes.
    ModelMemoryLimitBytes,
    /// How long to wait for a worker, a connection or a dependency, in milliseconds each.
    TimeoutMs,
}

impl Parameter {
    const ALL: [Self; 5] =
        [Self::DbPoolSize, Self::Workers, Self::Queue, Self::ModelMemoryLimitBytes, Self::TimeoutMs];

    /// The name on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::DbPoolSize => "db_pool_size",
            Self::Workers => "workers",
            Self::Queue => "queue",
            Self::ModelMemoryLimitBytes => "model_memory_limit_bytes",
            Self::TimeoutMs => "timeout_ms",
        }
    }

    /// The parameter of that name which this service has.
    pub(crate) fn of(service: ServiceName, name: &str) -> Option<Self> {
        Self::all_of(service).find(|parameter| parameter.as_str() == name)
    }

    /// Every parameter that a service has.
    pub(crate) fn all_of(service: ServiceName) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |parameter| match parameter {
            Self::DbPoolSize => service == ServiceName::DocumentProcessing,
            Self::ModelMemoryLimitBytes => service == ServiceName::ModelManagement,
            Self::Workers | Self::Queue | Self::TimeoutMs => true,
        })
    }

    /// Smallest and largest value taken.
    pub(crate) fn bounds(self) -> (u64, u64) {
        match self {
            Self::DbPoolSize => (1, 256),
            Self::Workers => (1, 512),
            Self::Queue => (0, 4096),
            Self::ModelMemoryLimitBytes => (32 * MIB, 512 * MIB),
            Self::TimeoutMs => (10, 30_000),
        }
    }

    /// The value that a service starts with.
    pub(crate) fn default_of(self, service: ServiceName) -> u64 {
        match (self, service) {
            (Self::DbPoolSize, _) => 8,
            (Self::Workers, ServiceName::ApiGateway) => 64,
            (Self::Workers, ServiceName::DocumentStore) => 32,
            (Self::Workers, _) => 16,
            (Self::Queue, _) => 64,
            (Self::ModelMemoryLimitBytes, _) => 96 * MIB,
            (Self::TimeoutMs, ServiceName::ApiGateway) => 500,
            (Self::TimeoutMs, _) => 200,
        }
    }

    /// Reads a value within the bounds.
    ///
    /// # Errors
    /// What a caller should have sent instead.
    pub(crate) fn read(self, text: &str) -> Result<u64, String> {
        let (least, most) = self.bounds();
        match text.trim().parse::<u64>() {
            Ok(value) if (least..=most).contains(&value) => Ok(value),
            _ => Err(format!("{self} takes a whole number from {least} to {most}, not '{text}'")),
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A value for every parameter of one service.
#[derive(Clone, Debug)]
pub(crate) struct Parameters(BTreeMap<Parameter, u64>);

impl Parameters {
    /// What a service starts with.
    pub(crate) fn defaults(service: ServiceName) -> Self {
        Self(Parameter::all_of(service).map(|parameter| (parameter, parameter.default_of(service))).collect())
    }

    /// The value, or 0 where the service does not have the parameter.
    pub(crate) fn get(&self, parameter: Parameter) -> u64 {
        self.0.get(&parameter).copied().unwrap_or(0)
    }

    /// The value as a count.
    pub(crate) fn count(&self, parameter: Parameter) -> usize {
        usize::try_from(self.get(parameter)).unwrap_or(usize::MAX)
    }

    /// Sets one; the caller has checked the bounds.
    pub(crate) fn set(&mut self, parameter: Parameter, value: u64) {
        self.0.insert(parameter, value);
    }

    /// All of them, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Parameter, u64)> + '_ {
        self.0.iter().map(|(parameter, value)| (*parameter, *value))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn values_outside_the_bounds_are_refused_with_the_bounds() {
        assert_eq!(Parameter::DbPoolSize.read(" 12 "), Ok(12));
        for wrong in ["0", "257", "-1", "many", ""] {
            let said = Parameter::DbPoolSize.read(wrong).unwrap_err();
            assert!(said.contains("from 1 to 256"), "{said}");
        }
    }

    #[test]
    fn a_service_has_only_the_parameters_that_it_obeys() {
        assert!(Parameter::of(ServiceName::ApiGateway, "db_pool_size").is_none());
        assert!(Parameter::of(ServiceName::DocumentProcessing, "db_pool_size").is_some());
        assert!(Parameter::of(ServiceName::ModelManagement, "model_memory_limit_bytes").is_some());
    }

    #[test]
    fn every_default_is_within_its_own_bounds() {
        for service in ServiceName::ALL {
            for (parameter, value) in Parameters::defaults(service).iter() {
                assert_eq!(parameter.read(&value.to_string()), Ok(value), "{service} {parameter}");
            }
        }
    }
}
