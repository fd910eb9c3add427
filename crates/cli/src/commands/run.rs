//! `annbench run`: an experiment, from its file to the table.

use std::path::PathBuf;

use annbench_index::Registry;
use annbench_report::{Details, Run};
use annbench_runner::{
    Experiment, Finished, Plan, Prepared, Setup, Stop, Written, run as run_plan,
};
use anyhow::{Context, Result};

use crate::{
    args::{FolderArgs, OutputArgs, RunArgs},
    backends::{registry, steering},
    exit::Outcome,
    interrupt::Signals,
    output,
    progress::Bars,
};

use super::{
    exports::{self, Place, USUAL, Wanted},
    locate, plan, texts,
};

/// A run as the command line asks for it.
pub(crate) struct Job {
    pub(crate) written: Written,
    pub(crate) folders: FolderArgs,
    pub(crate) output: OutputArgs,
    pub(crate) dry_run: bool,
    /// Whether it was run just before.
    pub(crate) is_repetition: bool,
    pub(crate) signals: Signals,
}

pub(crate) fn run(args: RunArgs) -> Result<Outcome> {
    run_job(job(args)?)
}

/// The run that the arguments ask for.
pub(crate) fn job(args: RunArgs) -> Result<Job> {
    let written = Experiment::load(&args.config, &args.set)?;
    let data = other_data(args.data, written.experiment.dataset.corpus.is_some())?;
    let written = match data.is_empty() {
        true => written,
        false => Experiment::load(&args.config, &[args.set, data].concat())?,
    };
    let mut job = Job {
        written: locate::in_catalogue(written)?,
        folders: args.folders,
        output: args.output,
        dry_run: args.dry_run,
        is_repetition: false,
        signals: Signals::default(),
    };
    let cache = cache_folder(&job);
    texts::embedded(&mut job.written, &cache, &job.signals, &mut Bars::default())?;
    Ok(job)
}

/// Settings that put other data in the place of the experiment's: vectors by flag or `ANNBENCH_DATA`,
/// a corpus and its metadata by `CORPUS_PATH` and `CORPUS_META_PATH`, where there is a corpus.
fn other_data(vectors: Option<PathBuf>, has_corpus: bool) -> Result<Vec<String>> {
    let given = |name| std::env::var_os(name).filter(|path| !path.is_empty());
    let [corpus, metadata] = ["CORPUS_PATH", "CORPUS_META_PATH"].map(given);
    let mut paths = Vec::new();
    match vectors {
        Some(vectors) => {
            paths.push(("dataset.path", Some(vectors)));
            if has_corpus {
                paths.extend(CORPUS_KEYS.map(|key| (key, None)));
            }
        }
        None if has_corpus => {
            if corpus.is_some() || metadata.is_some() {
                paths.push(("dataset.metadata", metadata.map(PathBuf::from)));
            }
            paths.extend(corpus.map(|path| ("dataset.corpus", Some(path.into()))));
        }
        None => {}
    }
    paths
        .into_iter()
        .map(|(key, path)| setting(key, path))
        .collect()
}

/// What an experiment says of its corpus alone.
const CORPUS_KEYS: [&str; 6] = [
    "dataset.corpus",
    "dataset.split",
    "dataset.text_column",
    "dataset.metadata",
    "dataset.prefix",
    "dataset.embedded",
];

fn setting(key: &str, path: Option<PathBuf>) -> Result<String> {
    let Some(path) = path else {
        return Ok(format!("{key}="));
    };
    // JSON's strings are TOML's: a path that looks like a number or a list stays a path.
    let path = serde_json::to_string(&locate::absolute(&path)?)?;
    Ok(format!("{key}={path}"))
}

pub(crate) fn run_job(job: Job) -> Result<Outcome> {
    match prepare(&job)? {
        Prelude::Shown => Ok(Outcome::Fine),
        Prelude::Ready(ready) => finish(&job, *ready),
    }
}

/// Measures and reports.
pub(crate) fn finish(job: &Job, mut ready: Ready) -> Result<Outcome> {
    report(measure(job, &mut ready)?, job.output)
}

/// What precedes the measuring.
pub(crate) enum Prelude {
    /// All is there.
    Ready(Box<Ready>),
    /// It was a dry run: the plan is printed.
    Shown,
}

/// All that measuring takes.
pub(crate) struct Ready {
    pub(crate) registry: Registry,
    pub(crate) data: Prepared,
    pub(crate) plan: Plan,
    pub(crate) stop: Stop,
    pub(crate) bars: Bars,
}

pub(crate) fn prepare(job: &Job) -> Result<Prelude> {
    let mut bars = Bars::default();
    let data = load(job, &mut bars)?;
    ready(job, data, bars)
}

/// The vectors that the experiment names.
pub(crate) fn load(job: &Job, bars: &mut Bars) -> Result<Prepared> {
    Prepared::load(&job.written, &cache_folder(job), bars)
}

/// The plan for these vectors, ready to be carried out or shown.
pub(crate) fn ready(job: &Job, data: Prepared, bars: Bars) -> Result<Prelude> {
    let registry = registry();
    let plan = Plan::resolve(&job.written, &data, &registry)?;
    if job.dry_run {
        plan::show(&plan, &data, job.output)?;
        return Ok(Prelude::Shown);
    }
    let stop = job.signals.listen()?.clone();
    Ok(Prelude::Ready(Box::new(Ready {
        registry,
        data,
        plan,
        stop,
        bars,
    })))
}

pub(crate) fn measure(job: &Job, ready: &mut Ready) -> Result<Finished> {
    let setup = setup(job, &ready.registry, &ready.stop)?;
    run_plan(
        &job.written,
        &ready.data,
        &ready.plan,
        &setup,
        &mut ready.bars,
    )
}

pub(crate) fn setup<'a>(job: &Job, registry: &'a Registry, stop: &Stop) -> Result<Setup<'a>> {
    let program = std::env::current_exe().context("find this program, to start workers with")?;
    Ok(Setup {
        registry,
        steering: steering(),
        worker: (program, vec!["worker".into()]),
        cache: cache_folder(job),
        runs: runs_folder(job),
        fresh: job.folders.fresh,
        rebuild: job.folders.rebuild,
        is_repetition: job.is_repetition,
        stop: stop.clone(),
    })
}

fn cache_folder(job: &Job) -> PathBuf {
    let given = job.folders.cache.clone();
    given.unwrap_or_else(|| runs_folder(job).join(".cache"))
}

/// Flags and environment before the file, the file before the default.
fn runs_folder(job: &Job) -> PathBuf {
    let in_file = job.written.experiment.out.as_ref();
    let in_file = in_file.map(|out| job.written.folder.join(out));
    let given = job.folders.out.clone().or(in_file);
    given.unwrap_or_else(|| PathBuf::from("runs"))
}

/// Writes what people read beside the tables, and prints it.
pub(crate) fn report(finished: Finished, format: OutputArgs) -> Result<Outcome> {
    let outcome = match finished.is_complete() {
        true => Outcome::Fine,
        false => Outcome::Partial,
    };
    let folder = finished.folder;
    let run = Run {
        record: finished.record,
        builds: finished.builds,
        points: finished.points,
        queries: finished.queries,
        details: Details::read(&folder)?,
    };
    let wanted = Wanted {
        formats: USUAL.to_vec(),
        ..Wanted::default()
    };
    exports::write(&exports::exports(
        &run,
        &wanted,
        &Place::Folder(folder.clone()),
    )?)?;
    match format.json {
        true => output::text(&annbench_report::json(&run)?)?,
        false => {
            output::text(&annbench_report::terminal(&run, output::style()))?;
            output::text(&format!("\nresults  {}", folder.display()))?;
            output::text(&format!(
                "report   {}",
                folder.join("report.html").display()
            ))?;
        }
    }
    Ok(outcome)
}
