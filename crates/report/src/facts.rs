//! What a run was made of, as names and values.

use annbench_store::results::{EnvVariable, LibraryCard, Pinning, RunRecord};

use crate::numbers::count;

/// Memory is sold by powers of 1024.
const GIB: f64 = (1_u64 << 30) as f64;

/// A name and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The name.
    pub name: &'static str,
    /// What it stands for.
    pub value: String,
}

/// What a reader needs before the numbers: data, machine, libraries.
pub(crate) fn headline(record: &RunRecord) -> Vec<Fact> {
    let data = &record.dataset;
    let mut facts = vec![
        fact("experiment", experiment(record)),
        fact(
            "dataset",
            format!(
                "{}: {} x {}, {}",
                data.name,
                count(data.n),
                count(data.dim),
                data.metric
            ),
        ),
        fact(
            "queries",
            format!("{}, {}", count(data.n_queries), data.queries),
        ),
        fact("machine", machine(record)),
    ];
    facts.extend(
        record
            .libraries
            .iter()
            .map(|card| fact("library", library(card))),
    );
    facts
}

/// What it takes to repeat a run or to doubt it; facts without a value left out.
pub(crate) fn details(record: &RunRecord) -> Vec<Fact> {
    let data = &record.dataset;
    let facts = [
        fact("source", data.source.clone().unwrap_or_default()),
        fact("licence", data.licence.clone().unwrap_or_default()),
        fact(
            "ground truth",
            data.ground_truth.clone().unwrap_or_default(),
        ),
        fact("base sha256", data.base_sha256.clone()),
        fact("queries sha256", data.queries_sha256.clone()),
        fact("plan sha256", record.plan_sha256.clone()),
        fact("CPU flags", record.machine.cpu_flags.join(" ")),
        fact("CPU clock", clock(&record.pinning)),
        fact("pinning", pinning(&record.pinning)),
        fact("environment found", variables(&record.blas.found)),
        fact("environment set", variables(&record.blas.set)),
        fact("annbench", program(record)),
        fact(
            "finished",
            record.finished.clone().unwrap_or_else(|| "no".into()),
        ),
    ];
    let has_value = |fact: &Fact| !fact.value.is_empty();
    facts.into_iter().filter(has_value).collect()
}

fn fact(name: &'static str, value: String) -> Fact {
    Fact { name, value }
}

fn experiment(record: &RunRecord) -> String {
    let cut_off = match record.finished {
        Some(_) => "",
        None => ", not finished: rows may be missing",
    };
    format!(
        "{}, run {}, started {}{cut_off}",
        record.experiment, record.run_id, record.started
    )
}

fn machine(record: &RunRecord) -> String {
    let machine = &record.machine;
    let pinned = match &record.pinning {
        Pinning { asked: false, .. } => "threads not pinned",
        Pinning {
            refused: Some(_), ..
        } => "pinning refused",
        _ => "threads pinned",
    };
    let cores = machine.physical_cores.map(|cores| plural(cores, "core"));
    let threads = Some(plural(machine.threads, "thread"));
    let memory = Some(format!("{:.0} GiB", machine.memory_bytes as f64 / GIB));
    let parts = [
        Some(machine.cpu.clone()),
        cores,
        threads,
        memory,
        Some(machine.os.clone()),
        Some(pinned.to_owned()),
    ];
    listed(parts)
}

fn pinning(pinning: &Pinning) -> String {
    let listed = |cpus: &[usize]| {
        let cpus: Vec<String> = cpus.iter().map(usize::to_string).collect();
        cpus.join(" ")
    };
    match (&pinning.refused, pinning.asked) {
        (Some(reason), _) => format!("refused: {reason}"),
        (None, false) => "off: threads run where the system puts them".to_owned(),
        (None, true) => format!(
            "measured threads take the CPUs {} in that order, the coordinator waits on {}",
            listed(&pinning.cpus),
            listed(&pinning.coordinator)
        ),
    }
}

fn clock(pinning: &Pinning) -> String {
    match &pinning.governor {
        Some(governor) => format!("governed by {governor}"),
        None => "not told by this machine, as most virtual ones do not".to_owned(),
    }
}

fn library(card: &LibraryCard) -> String {
    let name = format!("{} {}", card.name, card.version);
    let compiled = Some(card.compile_options.trim().to_owned());
    let core = card
        .blas_core
        .as_ref()
        .map(|core| format!("{core} kernels"));
    let blas_threads = card
        .blas_threads
        .map(|threads| plural(threads, "BLAS thread"));
    let threads = card
        .openmp_threads
        .map(|threads| plural(threads, "OpenMP thread"));
    listed([
        Some(name),
        compiled,
        card.blas.clone(),
        core,
        blas_threads,
        threads,
    ])
}

fn program(record: &RunRecord) -> String {
    let revision = record.git_revision.as_ref();
    listed([
        Some(record.annbench_version.clone()),
        revision.map(|revision| format!("revision {revision}")),
    ])
}

fn variables(variables: &[EnvVariable]) -> String {
    let pairs = variables.iter().map(|v| format!("{}={}", v.name, v.value));
    pairs.collect::<Vec<_>>().join(" ")
}

fn plural(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn listed(parts: impl IntoIterator<Item = Option<String>>) -> String {
    let parts: Vec<String> = parts
        .into_iter()
        .flatten()
        .filter(|p| !p.is_empty())
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn what_is_not_known_is_left_out() {
        let mut record = fixture::run().record;
        record.machine.physical_cores = None;
        record.dataset.licence = None;
        assert!(!machine(&record).contains("cores"));
        assert!(details(&record).iter().all(|fact| fact.name != "licence"));
    }

    #[test]
    fn pinning_is_told_with_its_cpus_or_why_not() {
        let mut record = fixture::run().record;
        assert!(machine(&record).ends_with(", threads pinned"));
        let expected =
            "measured threads take the CPUs 1 0 in that order, the coordinator waits on 0";
        assert_eq!(pinning(&record.pinning), expected);
        record.pinning.refused = Some("not permitted".into());
        assert!(machine(&record).ends_with(", pinning refused"));
        assert_eq!(pinning(&record.pinning), "refused: not permitted");
        record.pinning = Pinning::default();
        assert!(machine(&record).ends_with(", threads not pinned"));
    }

    #[test]
    fn a_run_cut_off_says_so() {
        let mut record = fixture::run().record;
        assert!(!experiment(&record).contains("not finished"));
        record.finished = None;
        assert!(experiment(&record).contains("not finished"));
    }
}
