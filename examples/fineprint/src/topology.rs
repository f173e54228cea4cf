//! Which services exist and who calls whom. Not where they listen: the supervisor decides that.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the platform's services; each is a process.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ServiceName {
    /// The public door: routes to the two services behind it.
    ApiGateway,
    /// Parses, stores and classifies documents.
    DocumentProcessing,
    /// The model server: inference.
    ModelManagement,
    /// The database behind document processing.
    DocumentStore,
}

impl ServiceName {
    /// Every service, dependencies before those that need them.
    pub(crate) const ALL: [Self; 4] =
        [Self::DocumentStore, Self::ModelManagement, Self::DocumentProcessing, Self::ApiGateway];

    /// The name on the wire, in metrics and in paths.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ApiGateway => "api-gateway",
            Self::DocumentProcessing => "document-processing",
            Self::ModelManagement => "model-management",
            Self::DocumentStore => "document-store",
        }
    }

    /// The service of that name, if there is one.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.as_str() == name)
    }

    /// Whom it calls to do its work.
    pub(crate) fn dependencies(self) -> &'static [Self] {
        match self {
            Self::ApiGateway => &[Self::DocumentProcessing, Self::ModelManagement],
            Self::DocumentProcessing => &[Self::DocumentStore, Self::ModelManagement],
            Self::ModelManagement | Self::DocumentStore => &[],
        }
    }

    /// How many replicas it starts with.
    pub(crate) fn default_replicas(self) -> usize {
        match self {
            Self::DocumentStore => 1,
            _ => 2,
        }
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Where a service reaches one of its dependencies: `document-store=http://127.0.0.1:4000` on the command line.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    /// Whom.
    pub(crate) name: ServiceName,
    /// Base URL without a trailing slash.
    pub(crate) url: String,
}

impl std::str::FromStr for Upstream {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, url) = text.split_once('=').ok_or("an upstream is written name=url")?;
        let name = ServiceName::parse(name).ok_or_else(|| format!("no service is called {name}"))?;
        Ok(Self { name, url: url.to_owned() })
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.name, self.url)
    }
}
