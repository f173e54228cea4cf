//! The rules in force. The last good wins, file by file: a file that does not check keeps what it said before, while the
//! others take effect.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use ballast_alerting::{Problem, RuleSet};
use ballast_promql::syntax::Features;
use ballast_types::{RuleId, Timestamp};

/// How a rule's last evaluation went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleStatus {
    /// When it was; `None` before the first.
    pub evaluated_at: Option<Timestamp>,
    /// How long it took.
    pub took: Duration,
    /// Why it failed.
    pub error: Option<String>,
    /// How many series its expression yielded.
    pub series: usize,
}

/// Rules, what is wrong with those that are not in force, and how the evaluations go.
pub struct RuleBook {
    /// The experimental parts of PromQL that rules may use.
    features: Features,
    rules: ArcSwap<RuleSet>,
    problems: ArcSwap<Vec<Problem>>,
    /// Text by file; `None` before the first files came.
    last_good: Mutex<Option<BTreeMap<String, String>>>,
    /// Where the last good texts outlive a restart, so that a file broken meanwhile does not end its alerts.
    kept_in: Option<PathBuf>,
    statuses: RwLock<HashMap<RuleId, RuleStatus>>,
}

/// What a reload found.
#[derive(Clone, Debug, PartialEq)]
pub struct RulesRead {
    /// How many rules are in force now.
    pub rules: usize,
    /// From how many files.
    pub files: usize,
    /// Whether anything is different from before.
    pub changed: bool,
    /// What was refused.
    pub problems: Vec<Problem>,
}

impl Default for RuleBook {
    fn default() -> Self {
        RuleBook {
            features: Features::default(),
            rules: ArcSwap::from_pointee(RuleSet::default()),
            problems: ArcSwap::default(),
            last_good: Mutex::default(),
            kept_in: None,
            statuses: RwLock::default(),
        }
    }
}

impl RuleBook {
    /// A book that remembers the last good texts of an earlier run.
    pub fn open(data_folder: &Path, features: Features) -> Self {
        let file = data_folder.join("rules-last-good.json");
        let remembered = std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        RuleBook { features, last_good: Mutex::new(remembered), kept_in: Some(file), ..RuleBook::default() }
    }

    /// The rules in force.
    pub fn rules(&self) -> Arc<RuleSet> {
        self.rules.load_full()
    }

    /// What is wrong with the files as they are now.
    pub fn problems(&self) -> Arc<Vec<Problem>> {
        self.problems.load_full()
    }

    /// How a rule's last evaluation went.
    pub fn status(&self, rule: &RuleId) -> RuleStatus {
        let statuses = self.statuses.read().unwrap_or_else(PoisonError::into_inner);
        statuses.get(rule).cloned().unwrap_or_default()
    }

    /// Notes an evaluation; returns the status before it.
    pub(crate) fn note(&self, rule: &RuleId, status: RuleStatus) -> RuleStatus {
        let mut statuses = self.statuses.write().unwrap_or_else(PoisonError::into_inner);
        statuses.insert(rule.clone(), status).unwrap_or_default()
    }

    /// Ids of all rules in force.
    pub fn ids(&self) -> BTreeSet<RuleId> {
        self.rules().rules().map(|rule| rule.id().clone()).collect()
    }

    /// Notes that the folder itself cannot be read; what is in force stays.
    pub(crate) fn refuse(&self, folder: &Path, reason: &str) {
        let problem = Problem {
            file: folder.display().to_string(),
            line: 1,
            column: 1,
            message: format!("cannot read the rules: {reason}"),
            help: Some("make the folder, or name another under `rules.path`".into()),
        };
        self.problems.store(Arc::new(vec![problem]));
    }

    /// Takes a set of files over. Blocking: parses everything.
    pub fn take_over(&self, files: Vec<(String, String)>) -> RulesRead {
        let (good, problems) = self.good_files(files);
        let count = good.len();
        let first = self.rules.load().rule_count() == 0;
        let (changed, mut problems) = match RuleSet::build_with(good.clone(), self.features) {
            Ok(set) => {
                self.rules.store(Arc::new(set));
                (self.remember(good.into_iter().collect()) || first, problems)
            }
            // Each file is good by itself and they do not go together: all stays as it was.
            Err(together) => (false, [problems, together].concat()),
        };
        problems.dedup();
        let ids = self.ids();
        self.statuses.write().unwrap_or_else(PoisonError::into_inner).retain(|id, _| ids.contains(id));
        self.problems.store(Arc::new(problems.clone()));
        RulesRead { rules: self.rules().rule_count(), files: count, changed, problems }
    }

    /// Keeps the texts that are in force now; whether they are others than before.
    fn remember(&self, good: BTreeMap<String, String>) -> bool {
        let mut last_good = self.last_good.lock().unwrap_or_else(PoisonError::into_inner);
        if last_good.as_ref() == Some(&good) {
            return false;
        }
        if let Some(file) = &self.kept_in
            && let Err(error) = replace_file(file, &good)
        {
            tracing::warn!(file = %file.display(), %error, "cannot keep the rules for the next start");
        }
        *last_good = Some(good);
        true
    }

    /// Each file as it is where it checks, else as it was when it last did.
    fn good_files(&self, files: Vec<(String, String)>) -> (Vec<(String, String)>, Vec<Problem>) {
        let last_good =
            self.last_good.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default();
        let (mut good, mut problems) = (Vec::new(), Vec::new());
        for (name, text) in files {
            match RuleSet::build_with(vec![(name.clone(), text.clone())], self.features) {
                Ok(_) => good.push((name, text)),
                Err(found) => {
                    problems.extend(found);
                    good.extend(last_good.get(&name).map(|old| (name.clone(), old.clone())));
                }
            }
        }
        (good, problems)
    }
}

fn replace_file(file: &Path, texts: &BTreeMap<String, String>) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let partial = file.with_extension("partial");
    std::fs::write(&partial, serde_json::to_vec(texts)?)?;
    std::fs::rename(partial, file)
}

/// Reads all `.yaml` and `.yml` files of a folder, by name. One that cannot be read is reported in the place of its text.
pub fn read_rule_files(folder: &Path) -> Result<Vec<(String, String)>, std::io::Error> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            // An editor may take a file away between the listing and the reading.
            match std::fs::read(&path) {
                Ok(bytes) => {
                    files.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()))
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    files.sort();
    Ok(files)
}
