//! What two runs differ in besides what they measured.

use std::fmt::Debug;

use annbench_store::results::{LibraryCard, RunRecord};
use serde::Serialize;

use crate::Run;

/// Something that differs between two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is.
    pub what: &'static str,
    /// In run A.
    pub a: String,
    /// In run B.
    pub b: String,
}

/// All differences in data, machine, versions and parameters.
pub(super) fn differences(a: &Run, b: &Run) -> Vec<Difference> {
    let (k_a, k_b) = (a.k(), b.k());
    let (a, b) = (&a.record, &b.record);
    let all = [
        data(a, b),
        vec![difference("k", &k_a, &k_b)],
        machine(a, b),
        software(a, b),
    ];
    all.into_iter().flatten().flatten().collect()
}

fn data(a: &RunRecord, b: &RunRecord) -> Vec<Option<Difference>> {
    let (a, b) = (&a.dataset, &b.dataset);
    vec![
        difference("dataset", &a.name, &b.name),
        difference(
            "base vectors",
            &(a.n, a.dim, &a.base_sha256),
            &(b.n, b.dim, &b.base_sha256),
        ),
        difference(
            "queries",
            &(a.n_queries, &a.queries_sha256),
            &(b.n_queries, &b.queries_sha256),
        ),
        difference("metric", &a.metric, &b.metric),
    ]
}

fn machine(a: &RunRecord, b: &RunRecord) -> Vec<Option<Difference>> {
    let (a, b) = (&a.machine, &b.machine);
    vec![
        difference("CPU", &a.cpu, &b.cpu),
        difference("instruction sets", &a.cpu_flags, &b.cpu_flags),
        difference("physical cores", &a.physical_cores, &b.physical_cores),
        difference("threads", &a.threads, &b.threads),
        difference("memory in bytes", &a.memory_bytes, &b.memory_bytes),
        difference("operating system", &a.os, &b.os),
    ]
}

fn software(a: &RunRecord, b: &RunRecord) -> Vec<Option<Difference>> {
    let libraries =
        |record: &RunRecord| -> Vec<String> { record.libraries.iter().map(library).collect() };
    vec![
        difference(
            "version of annbench",
            &a.annbench_version,
            &b.annbench_version,
        ),
        difference("git revision", &a.git_revision, &b.git_revision),
        difference("libraries", &libraries(a), &libraries(b)),
        difference("variables of BLAS and OpenMP", &a.blas.set, &b.blas.set),
        (a.experiment_toml != b.experiment_toml).then(|| Difference {
            what: "experiment file",
            a: a.experiment.clone(),
            b: format!("{}, of another text", b.experiment),
        }),
    ]
}

fn library(library: &LibraryCard) -> String {
    let LibraryCard {
        name,
        version,
        compile_options,
        blas,
        blas_core,
        ..
    } = library;
    let parts = [name, version, compile_options].map(String::as_str);
    let blas = [blas, blas_core].map(|part| part.as_deref().unwrap_or_default());
    let all = parts.into_iter().chain(blas);
    let given: Vec<&str> = all.filter(|part| !part.is_empty()).collect();
    given.join(" ")
}

fn difference<T: Debug + PartialEq>(what: &'static str, a: &T, b: &T) -> Option<Difference> {
    (a != b).then(|| Difference {
        what,
        a: format!("{a:?}"),
        b: format!("{b:?}"),
    })
}

/// Why recall of the runs means different things; none where it does not.
pub(super) fn recall_refused(a: &Run, b: &Run) -> Option<String> {
    let (k, data) = ((a.k(), b.k()), (&a.record.dataset, &b.record.dataset));
    let (a, b) = data;
    let reasons = [
        (a.base_sha256 != b.base_sha256, "the base vectors differ"),
        (a.queries_sha256 != b.queries_sha256, "the queries differ"),
        (a.metric != b.metric, "the metrics differ"),
        (k.0 != k.1, "k differs"),
    ];
    together(&reasons)
}

/// Why times of the runs are those of different machines; none where they are not.
pub(super) fn times_refused(a: &Run, b: &Run) -> Option<String> {
    let (a, b) = (&a.record.machine, &b.record.machine);
    let reasons = [
        (a.cpu != b.cpu, "the CPUs differ"),
        (
            a.cpu_flags != b.cpu_flags,
            "the CPUs' instruction sets differ",
        ),
        (
            a.physical_cores != b.physical_cores,
            "the numbers of cores differ",
        ),
        (a.threads != b.threads, "the numbers of threads differ"),
    ];
    together(&reasons)
}

fn together(reasons: &[(bool, &str)]) -> Option<String> {
    let held = reasons.iter().filter(|(holds, _)| *holds);
    let words: Vec<&str> = held.map(|(_, reason)| *reason).collect();
    (!words.is_empty()).then(|| words.join(", "))
}
