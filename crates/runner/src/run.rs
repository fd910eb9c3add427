//! A run, from a written experiment to tables on disk.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::SystemTime,
};

use annbench_index::{Library, Registry};
use annbench_store::results::{
    BuildRow, Machine, PointRow, QueryRow, Role, RunRecord, Settled, Warning, tables,
};
use anyhow::Result;

use crate::{
    coordinator::{Coordinator, IndexCache, Interrupted, Launcher, Stop},
    data::Prepared,
    describe,
    experiment::Written,
    folder::RunFolder,
    git, glance,
    ledger::Ledger,
    libraries::{compiled_for_less, distinct, kernels_below_cpu, library_card, probe, versions},
    machine::{Environment, Placement, Steering, machine},
    observer::Observer,
    plan::Plan,
    resume,
    rows::{self, ByMethod, Rows},
    truth::Truths,
};

/// What a run needs besides the experiment.
pub struct Setup<'a> {
    /// The backends.
    pub registry: &'a Registry,
    /// What their libraries listen to.
    pub steering: Steering,
    /// The program that becomes a worker, and the arguments that make it one.
    pub worker: (PathBuf, Vec<String>),
    /// Folder of results; the experiment's gets its own within.
    pub runs: PathBuf,
    /// Folder of cached vectors, ground truth and indexes.
    pub cache: PathBuf,
    /// Whether to begin anew even where a run could be continued.
    pub fresh: bool,
    /// Whether to build indexes that the cache holds all the same.
    pub rebuild: bool,
    /// Whether the same data is measured again, and what a glance at it shows has been said.
    pub is_repetition: bool,
    /// By which the run can be stopped from outside.
    pub stop: Stop,
}

/// A finished run.
#[derive(Debug)]
pub struct Finished {
    /// Its folder.
    pub folder: PathBuf,
    /// What it was.
    pub record: RunRecord,
    /// Its indexes.
    pub builds: Vec<BuildRow>,
    /// Its operating points, those on parts of the base included.
    pub points: Vec<PointRow>,
    /// What was measured to watch the measuring: the null index and a duplicate.
    pub controls: Vec<PointRow>,
    /// Its queries at every point.
    pub queries: Vec<QueryRow>,
    /// What other methods would have made of the same samples.
    pub by_method: Vec<ByMethod>,
}

impl Finished {
    /// Whether every build and every point was measured.
    pub fn is_complete(&self) -> bool {
        self.builds.iter().all(|build| build.status.is_ok())
            && self.points.iter().all(|point| point.status.is_ok())
    }
}

/// Builds and measures what the plan says, or goes on where an earlier run of it was cut off.
///
/// # Errors
/// If the disk, the cache or the workers as such fail; an index that fails is a failed row instead.
/// [`Interrupted`] if the run was asked to stop. What was measured until then is kept, and the error
/// says where.
pub fn run(
    written: &Written,
    data: &Prepared,
    plan: &Plan,
    setup: &Setup<'_>,
    observer: &mut dyn Observer,
) -> Result<Finished> {
    let experiment = experiment_folder(setup, &plan.name);
    let (begun, mut ledger) = begin(written, data, plan, setup, &experiment, observer)?;
    let work = Work {
        data,
        plan,
        setup,
        begun: &begun,
    };
    work.finish(begun.record.clone(), &mut ledger, observer)
        .map_err(|error| begun.cut_off(error, setup, &ledger))
}

/// A run that has its folder and knows where it is, before any work.
pub(crate) struct Begun {
    pub(crate) launcher: Launcher,
    pub(crate) libraries: Vec<Library>,
    pub(crate) placement: Placement,
    /// Rounds that a finished run had of which something failed; none of others.
    pub(crate) had_rounds: Option<usize>,
    pub(crate) folder: RunFolder,
    pub(crate) record: RunRecord,
}

/// The experiment's folder among the results.
pub(crate) fn experiment_folder(setup: &Setup<'_>, name: &str) -> PathBuf {
    setup.runs.join(folder_name(name))
}

/// Looks at machine and libraries, and opens a folder in `experiment` with what it holds so far.
pub(crate) fn begin(
    written: &Written,
    data: &Prepared,
    plan: &Plan,
    setup: &Setup<'_>,
    experiment: &Path,
    observer: &mut dyn Observer,
) -> Result<(Begun, Ledger)> {
    let launcher = launcher(plan, setup);
    let libraries = probe(&launcher, plan, setup)?;
    let machine = machine();
    let placement = Placement::new(plan.pin);
    let mut doubts = doubts(&launcher, &libraries, data, plan, setup)?;
    doubts.extend(placement.warning());
    let plan_sha256 = plan.sha256(&machine, &versions(&libraries));
    let (folder, past) = RunFolder::open(experiment, &plan_sha256, setup.fresh)?;
    let mut ledger = Ledger::open(&folder.file("journal.jsonl"))?;
    announce(&folder, &past, &mut ledger, observer);

    let mut record = RunRecord {
        started: past.as_ref().map_or_else(now, |past| past.started.clone()),
        warnings: doubts,
        ..record(written, data, plan, plan_sha256, &folder)
    };
    record.machine = machine;
    record.libraries = distinct(&libraries).into_iter().map(library_card).collect();
    record.blas = launcher.environment.record.clone();
    record.pinning = placement.record();
    if past.is_none() && !setup.is_repetition {
        for line in glance::lines(data, plan) {
            observer.note(&line);
        }
    }
    if past.is_none() && !setup.fresh {
        resume::why_anew(experiment, &record).inspect(|why| observer.note(why));
    }
    let had_rounds = past
        .filter(|past| past.finished.is_some())
        .map(|_| ledger.events().rounds());
    let begun = Begun {
        launcher,
        libraries,
        placement,
        had_rounds,
        folder,
        record,
    };
    tables::write_record(&begun.folder.file("run.json"), &begun.record)?;
    Ok((begun, ledger))
}

impl Begun {
    /// Says of work that ends early what is kept and how to go on.
    pub(crate) fn cut_off(
        &self,
        error: anyhow::Error,
        setup: &Setup<'_>,
        ledger: &Ledger,
    ) -> anyhow::Error {
        let kept = format!(
            "{} are kept in {}",
            ledger.events().in_words(),
            self.folder.path().display()
        );
        match setup.stop.is_requested() {
            true => Interrupted {
                kept: format!("{kept}; the same command goes on from there"),
            }
            .into(),
            false => error.context(format!(
                "cut off, but {kept}: put right what follows, and the same command goes on from \
                 there"
            )),
        }
    }

    /// Says on the disk that there is nothing left to go on with.
    pub(crate) fn mark_finished(mut self) -> Result<()> {
        self.record.finished = Some(now());
        tables::write_record(&self.folder.file("run.json"), &self.record)?;
        Ok(())
    }
}

/// What the work of a run is done with, once it is clear what to do and where.
struct Work<'a> {
    data: &'a Prepared,
    plan: &'a Plan,
    setup: &'a Setup<'a>,
    begun: &'a Begun,
}

impl Work<'_> {
    /// Does what is missing and writes the tables.
    fn finish(
        &self,
        mut record: RunRecord,
        ledger: &mut Ledger,
        observer: &mut dyn Observer,
    ) -> Result<Finished> {
        let folder = &self.begun.folder;
        self.data.write_ids(&folder.file("indexes/ids.parquet"))?;
        let (rounds, settled) = self.measure(&record.machine, ledger, observer)?;
        if settled == Settled::Budget {
            record.warnings.push(Warning::BudgetSpent {
                rounds,
                wanted: self.plan.rounds,
            });
        }
        finish(folder, record, self.plan, ledger, settled)
    }

    /// Builds and measures what is missing; returns the number of rounds done, and why no more.
    fn measure(
        &self,
        machine: &Machine,
        ledger: &mut Ledger,
        observer: &mut dyn Observer,
    ) -> Result<(usize, Settled)> {
        let Setup {
            registry,
            cache,
            stop,
            rebuild,
            ..
        } = self.setup;
        let Begun {
            launcher,
            libraries,
            placement,
            folder,
            ..
        } = self.begun;
        let truths = Truths::of_run(self.data, self.plan, cache, stop, observer)?;
        let indexes = IndexCache::open(cache, registry, libraries, machine, !rebuild)?;
        let mut coordinator = Coordinator {
            plan: self.plan,
            data: self.data,
            truths: &truths,
            launcher,
            placement,
            had_rounds: self.begun.had_rounds,
            folder,
            ledger,
            observer,
            workers: Vec::new(),
            orders: BTreeMap::new(),
            deaths: BTreeMap::new(),
            cache: &indexes,
        };
        coordinator.build_all()?;
        let measured = coordinator.measure_rounds()?;
        drop(coordinator);
        let truth = truths.of(self.data.card.n)?;
        describe::describe(self.data, truth, self.plan.seed, folder, observer)?;
        Ok(measured)
    }
}

fn launcher(plan: &Plan, setup: &Setup<'_>) -> Launcher {
    let (program, arguments) = setup.worker.clone();
    Launcher {
        program,
        arguments,
        environment: Environment::detect(&setup.steering, plan.blas_env, std::env::vars()),
        stop: setup.stop.clone(),
    }
}

fn announce(
    folder: &RunFolder,
    past: &Option<RunRecord>,
    ledger: &mut Ledger,
    observer: &mut dyn Observer,
) {
    let Some(past) = past else {
        return;
    };
    ledger.forgive();
    let again = match (&past.finished, past.failures) {
        (None, _) => String::new(),
        (Some(_), 1) => "; 1 row failed and is tried again".to_owned(),
        (Some(_), failures) => format!("; {failures} rows failed and are tried again"),
    };
    observer.note(&format!(
        "continuing {}: {} are there{again}; --fresh begins anew",
        folder.path().display(),
        ledger.events().in_words(),
    ));
}

fn record(
    written: &Written,
    data: &Prepared,
    plan: &Plan,
    plan_sha256: String,
    folder: &RunFolder,
) -> RunRecord {
    RunRecord {
        experiment: plan.name.clone(),
        run_id: folder.run_id().to_owned(),
        started: String::new(),
        finished: None,
        annbench_version: env!("CARGO_PKG_VERSION").to_owned(),
        git_revision: git::revision(),
        plan_sha256,
        plan: serde_json::json!(plan),
        experiment_toml: written.places.text().to_owned(),
        dataset: data.card.clone(),
        machine: Machine::default(),
        libraries: Vec::new(),
        blas: Default::default(),
        pinning: Default::default(),
        failures: 0,
        noise: Vec::new(),
        choices: Vec::new(),
        scaling: Vec::new(),
        warnings: Vec::new(),
    }
}

/// Doubts about the run as a whole.
fn doubts(
    launcher: &Launcher,
    libraries: &[Library],
    data: &Prepared,
    plan: &Plan,
    setup: &Setup<'_>,
) -> Result<Vec<Warning>> {
    let mut warnings = launcher.environment.warnings();
    warnings.extend(data.warnings.iter().cloned());
    warnings.extend(compiled_for_less(libraries, !cfg!(debug_assertions)));
    warnings.extend(kernels_below_cpu(launcher, libraries, plan, setup)?);
    Ok(warnings)
}

/// Writes the tables, and only then says that the run is finished.
fn finish(
    folder: &RunFolder,
    mut record: RunRecord,
    plan: &Plan,
    ledger: &Ledger,
    settled: Settled,
) -> Result<Finished> {
    let rows = rows::rows(plan, record.dataset.n, ledger.events(), settled);
    tables::write_builds(&folder.file("builds.parquet"), &rows.builds)?;
    tables::write_points(&folder.file("points.parquet"), &rows.points)?;
    tables::write_queries(&folder.file("queries.parquet"), &rows.queries)?;
    let started = humantime::parse_rfc3339(&record.started).unwrap_or(SystemTime::UNIX_EPOCH);
    let latencies = rows::latencies(plan, ledger.events());
    tables::write_latencies(&folder.file("latencies.hlog"), started, latencies)?;
    folder.mark_latest()?;
    record.failures = failures(&rows);
    record.noise = rows.noise;
    record.choices = rows.choices;
    record.scaling = rows.scaling;
    record.finished = Some(now());
    tables::write_record(&folder.file("run.json"), &record)?;
    let is_compared = |row: &PointRow| matches!(row.role, Role::Candidate | Role::Subset);
    let (points, controls) = rows.points.into_iter().partition(is_compared);
    let first = |row: &BuildRow| row.repetition == 0;
    let builds = rows.builds.into_iter().filter(first).collect();
    Ok(Finished {
        folder: folder.path().to_owned(),
        record,
        builds,
        points,
        controls,
        queries: rows.queries,
        by_method: rows.by_method,
    })
}

/// Builds that failed, and points that failed for another reason than their build.
fn failures(rows: &Rows) -> usize {
    let failed = rows.builds.iter().filter(|build| !build.status.is_ok());
    let failed: Vec<usize> = failed.map(|build| build.build).collect();
    let points = rows.points.iter().filter(|point| !point.status.is_ok());
    failed.len()
        + points
            .filter(|point| !failed.contains(&point.build))
            .count()
}

fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// The experiment's name as the name of a folder.
fn folder_name(experiment: &str) -> PathBuf {
    let name: String = experiment
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect();
    match name.trim_matches('.') {
        "" => Path::new("unnamed").to_owned(),
        name => Path::new(name).to_owned(),
    }
}
