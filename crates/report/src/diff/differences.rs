//! What two runs differ in besides what they measured.

use std::fmt::Display;

use annbench_store::results::{DatasetCard, EnvVariable, LibraryCard, Machine, RunRecord};
use serde::Serialize;

use crate::{
    Run,
    numbers::{Quantity, alone, count},
};

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
    let base = |card: &DatasetCard| {
        let (n, dim) = (count(card.n), card.dim);
        format!("{n} x {dim}, {}", shortened(&card.base_sha256))
    };
    let queries = |card: &DatasetCard| {
        let n = count(card.n_queries);
        format!("{n}, {}", shortened(&card.queries_sha256))
    };
    vec![
        difference("dataset", &a.name, &b.name),
        difference("base vectors", &base(a), &base(b)),
        difference("queries", &queries(a), &queries(b)),
        difference("metric", &a.metric, &b.metric),
    ]
}

/// As much of a hash as tells it from another.
fn shortened(sha256: &str) -> String {
    format!("sha256 {}…", sha256.get(..12).unwrap_or(sha256))
}

fn machine(a: &RunRecord, b: &RunRecord) -> Vec<Option<Difference>> {
    let (a, b) = (&a.machine, &b.machine);
    let cores = |machine: &Machine| optional(machine.physical_cores.map(count));
    let memory = |machine: &Machine| alone(Quantity::Bytes, machine.memory_bytes as f64);
    vec![
        difference("CPU", &a.cpu, &b.cpu),
        lists("instruction sets", &a.cpu_flags, &b.cpu_flags),
        difference("physical cores", &cores(a), &cores(b)),
        difference("threads", &a.threads, &b.threads),
        difference("memory", &memory(a), &memory(b)),
        difference("operating system", &a.os, &b.os),
    ]
}

fn software(a: &RunRecord, b: &RunRecord) -> Vec<Option<Difference>> {
    let libraries =
        |record: &RunRecord| -> Vec<String> { record.libraries.iter().map(library).collect() };
    let variable = |variable: &EnvVariable| format!("{}={}", variable.name, variable.value);
    let variables =
        |record: &RunRecord| -> Vec<String> { record.blas.set.iter().map(variable).collect() };
    let revision = |record: &RunRecord| optional(record.git_revision.clone());
    vec![
        difference(
            "version of annbench",
            &a.annbench_version,
            &b.annbench_version,
        ),
        difference("git revision", &revision(a), &revision(b)),
        lists("libraries", &libraries(a), &libraries(b)),
        lists("variables of BLAS and OpenMP", &variables(a), &variables(b)),
        difference("experiment", &a.experiment, &b.experiment),
        lists(
            "experiment file",
            &settings(&a.experiment_toml),
            &settings(&b.experiment_toml),
        ),
    ]
}

/// The lines of an experiment that say something, without the comments between them.
fn settings(toml: &str) -> Vec<String> {
    let lines = toml.lines().map(str::trim);
    let said = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    said.map(str::to_owned).collect()
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

fn optional(value: Option<String>) -> String {
    value.unwrap_or_else(|| "unknown".to_owned())
}

fn difference<T: Display + PartialEq>(what: &'static str, a: &T, b: &T) -> Option<Difference> {
    (a != b).then(|| Difference {
        what,
        a: a.to_string(),
        b: b.to_string(),
    })
}

/// Of two lists what one has more often than the other, in its order.
fn lists(what: &'static str, a: &[String], b: &[String]) -> Option<Difference> {
    let (only_a, only_b) = (beyond(a, b), beyond(b, a));
    let written = |items: Vec<&str>| match items.is_empty() {
        true => "nothing more".to_owned(),
        false => items.join("; "),
    };
    (a != b).then(|| match only_a.is_empty() && only_b.is_empty() {
        true => Difference {
            what,
            a: "the same".to_owned(),
            b: "the same, in another order".to_owned(),
        },
        false => Difference {
            what,
            a: written(only_a),
            b: written(only_b),
        },
    })
}

/// The items of `list` that `other` lacks; one that stands twice must stand twice there.
fn beyond<'a>(list: &'a [String], other: &[String]) -> Vec<&'a str> {
    let mut rest: Vec<&String> = other.iter().collect();
    let is_beyond = |item: &&String| match rest.iter().position(|other| other == item) {
        Some(at) => {
            rest.swap_remove(at);
            false
        }
        None => true,
    };
    let items: Vec<&String> = list.iter().filter(is_beyond).collect();
    items.into_iter().map(String::as_str).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::tests::run;

    #[test]
    fn what_differs_is_told_in_words_and_no_more_of_it_than_differs() {
        let (a, mut b) = (run(), run());
        let record = &mut b.record;
        record.dataset.metric = annbench_vectors::Metric::L2;
        record.machine.physical_cores = None;
        record.machine.memory_bytes = 64_000_000_000;
        record.machine.cpu_flags.push("amx".into());
        record.git_revision = None;
        record.libraries[0].version = "9.9".into();
        record.experiment_toml += "\n# a remark\nseed = 7\n";
        let found = differences(&a, &b);
        let told: Vec<&str> = found.iter().map(|found| found.what).collect();
        let expected = [
            "metric",
            "instruction sets",
            "physical cores",
            "memory",
            "git revision",
            "libraries",
            "experiment file",
        ];
        assert_eq!(told, expected);
        for Difference { a, b, what } in &found {
            assert!(
                !format!("{a}{b}").contains(['"', '(', '[']),
                "{what}: {a} {b}"
            );
        }
        let of_b: Vec<&str> = found.iter().map(|found| found.b.as_str()).collect();
        assert_eq!((of_b[0], of_b[1], of_b[2]), ("l2", "amx", "unknown"));
        assert_eq!((of_b[3], of_b[6]), ("64 GB", "seed = 7"));
        assert_eq!(found[1].a, "nothing more");
    }

    #[test]
    fn lines_in_another_order_and_lines_repeated_are_differences() {
        let list =
            |items: &[&str]| -> Vec<String> { items.iter().map(ToString::to_string).collect() };
        let found = lists("x", &list(&["a", "b"]), &list(&["b", "a"])).unwrap();
        assert_eq!(found.b, "the same, in another order");
        let found = lists("x", &list(&["a"]), &list(&["a", "a"])).unwrap();
        assert_eq!(found.b, "a");
        assert_eq!(lists("x", &list(&["a"]), &list(&["a"])), None);
    }
}
