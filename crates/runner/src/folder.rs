//! The folder of a run: `runs/<experiment>/<run-id>/`, kept from two runs at once, found again
//! after a cut.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::SystemTime,
};

use annbench_store::results::{RunRecord, tables};
use anyhow::{Context, Result, bail};

/// How the folders for passing things begin; the process that uses one follows.
const SCRATCH: &str = "tmp-";

/// An opened run folder. While it lives, no other run can open it.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    run_id: String,
    scratch: PathBuf,
    lock: File,
}

impl RunFolder {
    /// Opens the newest run of this very plan if it was cut off or has failed rows, or begins a new
    /// one; `fresh` always begins a new one. Returns the record of the run that is continued, if one
    /// is.
    ///
    /// # Errors
    /// If folders cannot be made, or if another process works on the run to be continued.
    pub fn open(
        experiment: &Path,
        plan_sha256: &str,
        fresh: bool,
    ) -> Result<(Self, Option<RunRecord>)> {
        fs::create_dir_all(experiment)
            .with_context(|| format!("make the folder {}", experiment.display()))?;
        clear_unbegun(experiment);
        let newest = runs(experiment).find(|(_, record)| record.plan_sha256 == plan_sha256);
        let past = newest.filter(|(_, record)| is_incomplete(record));
        if !fresh && let Some((run_id, record)) = past {
            return Ok((Self::lock(experiment, run_id)?, Some(record)));
        }
        Ok((Self::begin(experiment, plan_sha256)?, None))
    }

    fn begin(experiment: &Path, plan_sha256: &str) -> Result<Self> {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let stem = format!("{}-{}", now.replace(':', ""), &plan_sha256[..6]);
        let names = std::iter::once(stem.clone()).chain((2..).map(|i| format!("{stem}-{i}")));
        for run_id in names {
            let path = experiment.join(&run_id);
            match fs::create_dir(&path) {
                Ok(()) => return Self::lock(experiment, run_id),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error).context(format!("make the folder {}", path.display()));
                }
            }
        }
        bail!("no name left for a run in {}", experiment.display())
    }

    fn lock(experiment: &Path, run_id: String) -> Result<Self> {
        let path = experiment.join(&run_id);
        let lock = File::create(path.join("run.lock"))
            .with_context(|| format!("write into {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "another annbench is working on {}; wait for it, or begin a new run with --fresh",
                path.display()
            ),
            Err(TryLockError::Error(error)) => {
                return Err(error).context(format!("lock {}", path.display()));
            }
        }
        clear_scratch(&path);
        let scratch = format!("{SCRATCH}{}", std::process::id());
        for part in ["indexes", "logs", &scratch] {
            fs::create_dir_all(path.join(part))
                .with_context(|| format!("make the folder {}", path.join(part).display()))?;
        }
        Ok(Self {
            scratch: path.join(scratch),
            path,
            run_id,
            lock,
        })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run's name.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// A file of the run.
    pub fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// A file for the time being, in a folder that this process alone uses: a worker that outlives
    /// a killed coordinator for a moment finds it gone, and cannot write into what the next one does.
    pub(crate) fn scratch(&self, name: impl AsRef<Path>) -> PathBuf {
        self.scratch.join(name)
    }

    /// Points `latest` beside the run's folder at it.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn mark_latest(&self) -> Result<()> {
        let latest = self.path.with_file_name("latest");
        let temporary = self.path.with_file_name(format!("latest.{}", self.run_id));
        point(&temporary, &self.run_id)
            .and_then(|()| fs::rename(&temporary, &latest))
            .with_context(|| format!("point {} at the run", latest.display()))
    }
}

/// Whether a process works on the run in this folder.
pub(crate) fn is_locked(run: &Path) -> bool {
    // Opened without writing: a look must not make the file.
    let lock = File::open(run.join("run.lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        // What stays behind is cleared when the run is continued.
        let _ = fs::remove_dir_all(&self.scratch);
        // Said, not left to closing: a process that is just being started has the file open too.
        let _ = self.lock.unlock();
    }
}

/// Removes what killed coordinators left behind. What a worker is about to leave in there at this
/// moment may have to wait for the next time.
fn clear_scratch(run: &Path) {
    let entries = fs::read_dir(run).into_iter().flatten().flatten();
    for entry in entries {
        if entry.file_name().to_string_lossy().starts_with(SCRATCH) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(unix)]
fn point(link: &Path, run_id: &str) -> std::io::Result<()> {
    std::os::unix::fs::symlink(run_id, link)
}

#[cfg(not(unix))]
fn point(link: &Path, run_id: &str) -> std::io::Result<()> {
    fs::write(link, run_id)
}

fn is_incomplete(record: &RunRecord) -> bool {
    record.finished.is_none() || record.failures > 0
}

/// Removes the folders of runs that were killed before they wrote down what they are: nothing was
/// built in them, and nothing can be continued.
fn clear_unbegun(experiment: &Path) {
    for run in fs::read_dir(experiment).into_iter().flatten().flatten() {
        let path = run.path();
        let has_record = path.join("run.json").exists();
        // Held by a run that has just begun; of what is no run there is no lock.
        let lock = File::open(path.join("run.lock"));
        if !has_record && lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// The runs that were cut off, newest first.
pub(crate) fn unfinished(experiment: &Path) -> impl Iterator<Item = (String, RunRecord)> {
    runs(experiment).filter(|(_, record)| record.finished.is_none())
}

/// All runs, newest first. Their names sort by time.
fn runs(experiment: &Path) -> impl Iterator<Item = (String, RunRecord)> {
    let entries = fs::read_dir(experiment).into_iter().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name != "latest")
        .collect();
    names.sort();
    names.into_iter().rev().filter_map(move |name| {
        let record = tables::read_record(&experiment.join(&name).join("run.json")).ok()?;
        Some((name, record))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_of_one_second_get_folders_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let (first, _) = RunFolder::open(folder.path(), "abcdef0", false).unwrap();
        let (second, _) = RunFolder::open(folder.path(), "abcdef0", false).unwrap();
        assert_ne!(first.run_id(), second.run_id());
    }

    #[test]
    fn one_run_is_not_worked_on_twice() {
        let folder = tempfile::tempdir().unwrap();
        let (first, _) = RunFolder::open(folder.path(), "abcdef0", false).unwrap();
        let error = RunFolder::lock(folder.path(), first.run_id().into()).unwrap_err();
        assert!(error.to_string().contains("another annbench"), "{error}");
        let run_id = first.run_id().to_owned();
        drop(first);
        assert!(RunFolder::lock(folder.path(), run_id).is_ok());
    }

    #[test]
    fn what_a_killed_run_left_in_passing_is_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let (first, _) = RunFolder::open(folder.path(), "abcdef0", false).unwrap();
        let run_id = first.run_id().to_owned();
        let own = first.scratch("answers");
        fs::write(&own, "x").unwrap();
        fs::create_dir(first.file("tmp-of-another")).unwrap();
        drop(first);
        assert!(!own.exists(), "a run clears up after itself");
        let again = RunFolder::lock(folder.path(), run_id).unwrap();
        assert!(!again.file("tmp-of-another").exists());
        fs::write(again.scratch("answers"), "x").unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn latest_points_at_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let (run, _) = RunFolder::open(folder.path(), "abcdef0", true).unwrap();
            run.mark_latest().unwrap();
            let target = fs::read_link(folder.path().join("latest")).unwrap();
            assert_eq!(target.to_str(), Some(run.run_id()));
        }
    }
}
