//! Runs a folder of PromQL's test scripts over the real series store, and prints file, passed, total.
//!
//! `cargo xtask promqltest DIR [--reopen]` builds and runs it. With `--reopen` what a script loads is written to disk, packed
//! into blocks where it is old enough, and opened again before anything is evaluated.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ballast_promql::script::{Report, ScriptStore, run};
use ballast_tsdb::{Options, SeriesDb};
use ballast_types::{Interner, Labels, Queryable, Sample, Series, Timestamp};
use tempfile::TempDir;

type Failed = Box<dyn Error + Send + Sync>;

/// Scripts load what is older than what they loaded before.
const OUT_OF_ORDER_MS: i64 = i64::MAX >> 8;

fn main() -> Result<ExitCode, Failed> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut flag = |name: &str| {
        let before = arguments.len();
        arguments.retain(|argument| argument != name);
        arguments.len() < before
    };
    let (reopen, verbose) = (flag("--reopen"), flag("--verbose"));
    let [folder] = arguments.as_slice() else {
        return Err("usage: promqltest DIR [--reopen] [--verbose]".into());
    };
    let mut all = Report::default();
    println!("{:<28} {:>7} {:>7} {:>7} {:>7}", "file", "passed", "total", "failed", "skipped");
    for file in files(Path::new(folder))? {
        let mut store = Store::new(reopen)?;
        let report = run(&std::fs::read_to_string(&file)?, &mut store)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        print(&name, &report);
        if verbose {
            report
                .failed
                .iter()
                .for_each(|f| println!("  {name}:{}: {}\n      {}", f.line, f.query, f.reason));
        }
        all.passed += report.passed;
        all.skipped_native.extend(report.skipped_native);
        all.failed.extend(report.failed);
    }
    print("all", &all);
    if all.total() == 0 {
        return Err(format!("there is no script in {folder}").into());
    }
    println!("skipped are evaluations that load or make native histograms");
    Ok(if all.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(name: &str, report: &Report) {
    let (passed, failed) = (report.passed, report.failed.len());
    println!("{name:<28} {passed:>7} {:>7} {failed:>7} {:>7}", report.total(), report.skipped_native.len());
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("read {}: {error}", folder.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>, Failed>>()?;
    let mut scripts: Vec<PathBuf> =
        paths.into_iter().filter(|path| path.extension().is_some_and(|e| e == "test")).collect();
    scripts.sort();
    Ok(scripts)
}

/// The real store in a folder of its own.
struct Store {
    folder: TempDir,
    /// None only while it is closed.
    db: Option<SeriesDb>,
    reopen: bool,
    /// What was loaded and is not on disk yet, oldest first once it is.
    loaded: Vec<(Labels, Sample)>,
    is_new: bool,
}

impl Store {
    fn new(reopen: bool) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let db = Some(open(folder.path(), OUT_OF_ORDER_MS)?);
        Ok(Store { folder, db, reopen, loaded: Vec::new(), is_new: false })
    }

    fn append(&self, batch: &[(Labels, Sample)]) -> Result<(), String> {
        let db = self.db.as_ref().ok_or_else(|| "the store is closed".to_owned())?;
        match db.append(batch).map_err(|error| error.to_string())?.first_refused {
            None => Ok(()),
            Some((reason, labels, at)) => Err(format!("{labels} at {}: {}", at.as_millis(), reason.as_str())),
        }
    }

    fn renew(&mut self, out_of_order_ms: i64) -> Result<(), String> {
        self.db = None;
        self.folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        self.db = Some(open(self.folder.path(), out_of_order_ms)?);
        Ok(())
    }
}

fn open(folder: &Path, out_of_order_ms: i64) -> Result<SeriesDb, String> {
    let options = Options { out_of_order_ms, ..Options::default() };
    match SeriesDb::open(folder, options, Interner::default()) {
        Ok((db, report)) if report.damaged == 0 => Ok(db),
        Ok((_, report)) => Err(format!("the store is damaged: {report:?}")),
        Err(error) => Err(format!("failed to {error}")),
    }
}

impl ScriptStore for Store {
    fn clear(&mut self) -> Result<(), String> {
        self.loaded.clear();
        self.renew(OUT_OF_ORDER_MS)
    }

    fn load(&mut self, series: &[Series]) -> Result<(), String> {
        // Of two lines for one series the later counts.
        let by_labels: BTreeMap<&Labels, &Series> = series.iter().map(|one| (&one.labels, one)).collect();
        let batch: Vec<(Labels, Sample)> = by_labels
            .into_values()
            .flat_map(|series| series.samples.iter().map(|sample| (series.labels.clone(), *sample)))
            .collect();
        self.append(&batch)?;
        self.loaded.extend(batch);
        self.is_new = true;
        Ok(())
    }

    /// What a script loads goes back in time, and blocks do not: so everything is written anew, oldest first.
    fn before_eval(&mut self) -> Result<(), String> {
        if !self.reopen || !std::mem::take(&mut self.is_new) {
            return Ok(());
        }
        self.renew(0)?;
        self.loaded.sort_by_key(|(_, sample)| sample.at);
        self.append(&self.loaded)?;
        if let Some(db) = self.db.take() {
            let long_ago = Timestamp::from_millis(i64::MIN >> 8);
            let written = db.flush().and_then(|()| db.forget_before(long_ago)).and_then(|_| db.flush());
            written.map_err(|error| error.to_string())?;
        }
        self.db = Some(open(self.folder.path(), OUT_OF_ORDER_MS)?);
        Ok(())
    }

    fn source(&self) -> &dyn Queryable {
        match &self.db {
            Some(db) => db,
            None => panic!("the store is closed"),
        }
    }
}
