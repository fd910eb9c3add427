//! Finding runs among the results: by folder, by experiment, by name.

use std::{
    fs,
    path::{Path, PathBuf},
};

use annbench_store::{
    nearest::{did_you_mean, nearest},
    results::{
        RunRecord,
        tables::{self, TableError},
    },
};

use crate::folder;

/// A folder of results: `<folder>/<experiment>/<run>/`.
#[derive(Debug, Clone)]
pub struct Runs {
    folder: PathBuf,
}

/// A run among the results.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundRun {
    /// Its folder.
    pub folder: PathBuf,
    /// What it is.
    pub record: RunRecord,
    /// Whether it is finished, under way or cut off.
    pub state: RunState,
}

/// Whether a run is finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// All its tables are written.
    Finished,
    /// A process works on it.
    Running,
    /// It was cut off; the same command goes on with it.
    Unfinished,
}

/// No run of that name.
#[derive(Debug, thiserror::Error)]
pub enum NoRun {
    /// Nothing there is called so.
    #[error(
        "no run {name}: it is neither a folder with a run.json nor the name of a run or an \
         experiment in {}{}; annbench list shows those there are", .folder.display(), did_you_mean(.nearest)
    )]
    Unknown {
        /// What was looked for.
        name: String,
        /// Where.
        folder: PathBuf,
        /// The name of an experiment or a run that is written much like it.
        nearest: Option<String>,
    },
    /// A folder whose record cannot be read.
    #[error("the run in {} is damaged", .folder.display())]
    Damaged {
        /// The run's folder.
        folder: PathBuf,
        /// What is wrong with its record.
        source: TableError,
    },
    /// An experiment without a finished run.
    #[error("{} holds no finished run; run the experiment, or go on with the one that was cut off", .folder.display())]
    NoneFinished {
        /// The experiment's folder, or that of all results.
        folder: PathBuf,
    },
    /// A run that is not finished.
    #[error(
        "{} is not finished; the command that began it goes on with it, annbench report shows what it \
         holds", .folder.display()
    )]
    Unfinished {
        /// The run's folder.
        folder: PathBuf,
    },
}

impl Runs {
    /// The results in a folder, which need not exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// All runs, the newest first.
    pub fn list(&self) -> Vec<FoundRun> {
        let mut runs: Vec<FoundRun> = folders_in(&self.folder)
            .flat_map(|experiment| runs_of(&experiment))
            .collect();
        sort(&mut runs);
        runs
    }

    /// Runs that are not in [`list`](Self::list), for their records cannot be read.
    pub fn damaged(&self) -> Vec<NoRun> {
        folders_in(&self.folder)
            .flat_map(|experiment| folders_in(&experiment))
            .filter_map(|folder| damage(&folder))
            .collect()
    }

    /// The newest finished run of all.
    ///
    /// # Errors
    /// [`NoRun`] if there is none.
    pub fn newest(&self) -> Result<PathBuf, NoRun> {
        newest(self.list(), &self.folder)
    }

    /// The folder of a finished run: given as that folder, as the folder or the name of an
    /// experiment (its newest run), as the name of a run, or as `latest`, the newest of all.
    ///
    /// # Errors
    /// [`NoRun`] if there is no such run, or it is not finished.
    pub fn find(&self, name: &Path) -> Result<PathBuf, NoRun> {
        let run = self.find_begun(name)?;
        match run.state {
            RunState::Finished => Ok(run.folder),
            _ => Err(NoRun::Unfinished { folder: run.folder }),
        }
    }

    /// The same, finished or not; of an experiment the newest finished run before one that is not.
    ///
    /// # Errors
    /// [`NoRun`] if there is no such run.
    pub fn find_begun(&self, name: &Path) -> Result<FoundRun, NoRun> {
        let within = self.folder.join(name);
        let places = [name, within.as_path()];
        let mut in_folders = places
            .into_iter()
            .filter_map(|folder| found(folder).or_else(|| best_of(runs_of(folder))));
        let by_folder = in_folders.next();
        by_folder.or_else(|| self.named(name)).ok_or_else(|| {
            match places.into_iter().find_map(damage) {
                Some(damaged) => damaged,
                None => self.unknown(name),
            }
        })
    }

    fn unknown(&self, name: &Path) -> NoRun {
        let runs = self.list();
        let names = runs
            .iter()
            .flat_map(|run| [&run.record.experiment, &run.record.run_id]);
        let wanted = name.file_name().unwrap_or(name.as_os_str());
        NoRun::Unknown {
            name: name.display().to_string(),
            folder: self.folder.clone(),
            nearest: nearest(&wanted.to_string_lossy(), names.map(String::as_str)),
        }
    }

    fn named(&self, name: &Path) -> Option<FoundRun> {
        let mut all = self.list();
        if name != Path::new("latest") {
            all.retain(|run| run.folder.file_name() == Some(name.as_os_str()));
        }
        best_of(all)
    }
}

/// The newest finished of `runs`, which are the newest first; where none is finished, the newest.
fn best_of(mut runs: Vec<FoundRun>) -> Option<FoundRun> {
    let finished = runs.iter().position(|run| run.state == RunState::Finished);
    (!runs.is_empty()).then(|| runs.swap_remove(finished.unwrap_or(0)))
}

fn newest(runs: Vec<FoundRun>, among: &Path) -> Result<PathBuf, NoRun> {
    let mut finished = runs
        .into_iter()
        .filter(|run| run.state == RunState::Finished);
    let newest = finished.next().map(|run| run.folder);
    newest.ok_or_else(|| NoRun::NoneFinished {
        folder: among.to_owned(),
    })
}

/// The runs of one experiment, the newest first.
fn runs_of(experiment: &Path) -> Vec<FoundRun> {
    let mut runs: Vec<FoundRun> = folders_in(experiment)
        .filter_map(|folder| found(&folder))
        .collect();
    sort(&mut runs);
    runs
}

fn sort(runs: &mut [FoundRun]) {
    runs.sort_by(|a, b| {
        (&b.record.started, &b.record.run_id).cmp(&(&a.record.started, &a.record.run_id))
    });
}

/// The run in a folder, if one is there.
fn found(folder: &Path) -> Option<FoundRun> {
    let record = tables::read_record(&folder.join("run.json")).ok()?;
    let state = match record.finished {
        Some(_) => RunState::Finished,
        None if folder::is_locked(folder) => RunState::Running,
        None => RunState::Unfinished,
    };
    Some(FoundRun {
        folder: folder.to_owned(),
        record,
        state,
    })
}

/// What is wrong with the record in a folder, if there is one that cannot be read.
fn damage(folder: &Path) -> Option<NoRun> {
    let record = folder.join("run.json");
    let source = tables::read_record(&record).err()?;
    record.exists().then(|| NoRun::Damaged {
        folder: folder.to_owned(),
        source,
    })
}

/// Folders in a folder, without links such as `latest` and without hidden ones such as the cache.
fn folders_in(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A run whose record holds no more than it must.
    fn lay(results: &Path, experiment: &str, run_id: &str, finished: bool) {
        let folder = results.join(experiment).join(run_id);
        fs::create_dir_all(&folder).unwrap();
        let record = json!({
            "experiment": experiment, "run_id": run_id, "started": &run_id[..10],
            "finished": finished.then_some("later"), "annbench_version": "0", "git_revision": null,
            "plan_sha256": "", "plan": {}, "experiment_toml": "",
            "dataset": {
                "name": "d", "source": null, "licence": null, "metric": "l2", "n": 1,
                "n_queries": 1, "dim": 1, "queries": "", "base_sha256": "", "queries_sha256": ""
            },
            "machine": {
                "cpu": "", "cpu_flags": [], "physical_cores": null, "threads": 1,
                "memory_bytes": 0, "os": ""
            },
            "libraries": [], "blas": { "kept": false, "found": [], "set": [] }, "warnings": []
        });
        fs::write(folder.join("run.json"), record.to_string()).unwrap();
    }

    fn results() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        lay(folder.path(), "a", "2026-01-01-x", true);
        lay(folder.path(), "a", "2026-01-03-x", true);
        lay(folder.path(), "a", "2026-01-04-x", false);
        lay(folder.path(), "b", "2026-01-02-x", true);
        lay(folder.path(), "c", "2026-01-05-x", false);
        fs::create_dir_all(folder.path().join(".cache/truth")).unwrap();
        folder
    }

    #[test]
    fn runs_are_listed_newest_first_with_their_state() {
        let results = results();
        let told: Vec<(String, RunState)> = Runs::new(results.path())
            .list()
            .into_iter()
            .map(|run| (run.record.run_id[9..10].to_owned(), run.state))
            .collect();
        use RunState::{Finished, Unfinished};
        let expected = [
            ("5", Unfinished),
            ("4", Unfinished),
            ("3", Finished),
            ("2", Finished),
            ("1", Finished),
        ];
        assert_eq!(told, expected.map(|(day, state)| (day.to_owned(), state)));
        assert_eq!(Runs::new("no/such/folder").list(), []);
    }

    #[test]
    fn a_run_is_found_by_folder_by_experiment_and_by_name() {
        let results = results();
        let runs = Runs::new(results.path());
        let newest_of_a = results.path().join("a/2026-01-03-x");
        for name in [
            newest_of_a.clone(),
            results.path().join("a"),
            "a".into(),
            "2026-01-03-x".into(),
            "a/2026-01-03-x".into(),
            "latest".into(),
        ] {
            assert_eq!(runs.find(&name).unwrap(), newest_of_a, "{}", name.display());
        }
        assert_eq!(runs.newest().unwrap(), newest_of_a);
    }

    #[test]
    fn a_run_that_is_not_finished_is_found_where_that_will_do() {
        let results = results();
        let runs = Runs::new(results.path());
        for (name, expected) in [
            ("a", "a/2026-01-03-x"),
            ("c", "c/2026-01-05-x"),
            ("2026-01-04-x", "a/2026-01-04-x"),
        ] {
            let found = runs.find_begun(Path::new(name)).unwrap();
            assert_eq!(found.folder, results.path().join(expected), "{name}");
        }
        assert!(runs.find_begun(Path::new("nothing")).is_err());
    }

    #[test]
    fn a_record_that_cannot_be_read_is_told_from_none() {
        let results = results();
        let runs = Runs::new(results.path());
        assert!(runs.damaged().is_empty());
        let folder = results.path().join("a/2026-01-01-x");
        fs::write(folder.join("run.json"), "{").unwrap();
        assert_eq!(runs.list().len(), 4);
        let told: Vec<String> = runs.damaged().iter().map(NoRun::to_string).collect();
        let expected = format!("the run in {} is damaged", folder.display());
        assert_eq!(told, [expected.as_str()]);
        for name in ["a/2026-01-01-x", folder.to_str().unwrap()] {
            let error = runs.find(Path::new(name)).unwrap_err();
            assert_eq!(error.to_string(), expected, "{name}");
        }
    }

    #[test]
    fn a_misspelt_name_is_told_its_nearest() {
        let results = results();
        lay(results.path(), "default", "2026-02-01-x", true);
        let runs = Runs::new(results.path());
        for name in ["defualt", "runs/defalt", "defaults"] {
            let error = runs.find(Path::new(name)).unwrap_err().to_string();
            assert!(error.contains("; did you mean `default`?"), "{error}");
        }
        let error = runs.find(Path::new("photograph")).unwrap_err().to_string();
        assert!(!error.contains("did you mean"), "{error}");
    }

    #[test]
    fn what_is_not_there_or_not_finished_is_refused_with_a_remedy() {
        let results = results();
        let runs = Runs::new(results.path());
        for (name, expected) in [
            ("nothing", "no run nothing: "),
            ("c", "is not finished"),
            ("2026-01-04-x", "is not finished"),
        ] {
            let error = runs.find(Path::new(name)).unwrap_err().to_string();
            assert!(error.contains(expected), "{name}: {error}");
        }
        assert!(Runs::new("no/such/folder").newest().is_err());
    }
}
