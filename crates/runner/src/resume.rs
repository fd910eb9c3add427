//! Why a run that was cut off is not continued.

use std::{fmt::Debug, path::Path};

use annbench_store::results::{LibraryCard, RunRecord};

use crate::folder;

/// What has changed, in words, since the newest unfinished run of the same experiment on the same
/// data; none where there is no such run.
pub(crate) fn why_anew(experiment: &Path, now: &RunRecord) -> Option<String> {
    let (run_id, past) = folder::unfinished(experiment).find(|(run_id, past)| {
        *run_id != now.run_id
            && past.experiment_toml == now.experiment_toml
            && past.dataset.base_sha256 == now.dataset.base_sha256
            && past.dataset.queries_sha256 == now.dataset.queries_sha256
    })?;
    let changes = changes(&past, now).join("; ");
    let run = experiment.join(run_id);
    Some(format!(
        "{} was cut off and cannot be continued, for times do not mix: {changes}; beginning anew",
        run.display()
    ))
}

fn changes(past: &RunRecord, now: &RunRecord) -> Vec<String> {
    let (was, is) = (&past.machine, &now.machine);
    let changes = [
        change("CPU", &was.cpu, &is.cpu),
        change("instruction sets", &was.cpu_flags, &is.cpu_flags),
        change("physical cores", &was.physical_cores, &is.physical_cores),
        change("threads", &was.threads, &is.threads),
        change("memory in bytes", &was.memory_bytes, &is.memory_bytes),
        change("operating system", &was.os, &is.os),
        change(
            "version of annbench",
            &past.annbench_version,
            &now.annbench_version,
        ),
        change("libraries", &versions(past), &versions(now)),
    ];
    let changes: Vec<String> = changes.into_iter().flatten().collect();
    match changes.is_empty() {
        true => vec!["the plan is another one".into()],
        false => changes,
    }
}

fn change<T: Debug + PartialEq>(what: &str, was: &T, is: &T) -> Option<String> {
    (was != is).then(|| format!("{what} was {was:?} and is {is:?}"))
}

fn versions(record: &RunRecord) -> Vec<String> {
    let version = |library: &LibraryCard| {
        let LibraryCard {
            name,
            version,
            compile_options,
            blas_core,
            ..
        } = library;
        let parts = [name, version, compile_options].map(String::as_str);
        let parts = parts.into_iter().chain(blas_core.as_deref());
        parts.collect::<Vec<_>>().join(" ").trim().to_owned()
    };
    record.libraries.iter().map(version).collect()
}
