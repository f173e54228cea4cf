//! Which versions a service has run. Pure. The invariant: the newest entry is what runs, and a rollback goes down the line of
//! releases, so that two rollbacks in a row never bring the bad release back.

/// One deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deployment {
    /// What.
    pub(super) version: String,
    /// When, RFC 3339.
    pub(super) deployed_at: String,
    /// Who.
    pub(super) by: String,
}

/// All deployments of one service, oldest first.
#[derive(Clone, Debug)]
pub(super) struct History {
    deployments: Vec<Deployment>,
    /// The releases that a rollback goes back along; the last one runs.
    line: Vec<String>,
}

impl History {
    /// A history that begins with these.
    pub(super) fn beginning_with(deployments: Vec<Deployment>) -> Self {
        let mut history = Self { deployments: Vec::new(), line: Vec::new() };
        for deployment in deployments {
            history.record(deployment);
        }
        history
    }

    /// What runs.
    pub(super) fn current(&self) -> &str {
        self.line.last().map_or("", String::as_str)
    }

    /// What ran before the current release.
    pub(super) fn previous(&self) -> Option<&str> {
        self.line.len().checked_sub(2).and_then(|index| self.line.get(index)).map(String::as_str)
    }

    /// Whether a version was ever deployed.
    pub(super) fn knows(&self, version: &str) -> bool {
        self.deployments.iter().any(|deployment| deployment.version == version)
    }

    /// Records a release, or a return to an earlier one.
    pub(super) fn record(&mut self, deployment: Deployment) {
        match self.line.iter().position(|version| *version == deployment.version) {
            Some(index) => self.line.truncate(index + 1),
            None => self.line.push(deployment.version.clone()),
        }
        self.deployments.push(deployment);
    }

    /// Newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Deployment> {
        self.deployments.iter().rev()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    fn check(versions: &[&str], current: &str, previous: Option<&str>) {
        let deployment = |version: &&str| Deployment {
            version: (*version).into(),
            deployed_at: String::new(),
            by: String::new(),
        };
        let history = History::beginning_with(versions.iter().map(deployment).collect());
        assert_eq!((history.current(), history.previous()), (current, previous), "{versions:?}");
        assert_eq!(history.newest_first().count(), versions.len());
        assert_eq!(history.newest_first().next().map(|newest| newest.version.as_str()), Some(current));
    }

    #[test]
    fn a_rollback_goes_down_the_line_of_releases() {
        check(&["1"], "1", None);
        check(&["1", "2"], "2", Some("1"));
        check(&["1", "2", "3-bad"], "3-bad", Some("2"));
        check(&["1", "2", "3-bad", "2"], "2", Some("1"));
        check(&["1", "2", "3-bad", "2", "1"], "1", None);
        check(&["1", "2", "3-bad", "2", "4"], "4", Some("2"));
        check(&["1", "2", "2"], "2", Some("1"));
    }
}
