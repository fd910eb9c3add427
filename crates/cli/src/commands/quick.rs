//! `annbench quick`: the comparison everybody starts with, from flags alone.

use std::{path::PathBuf, time::Duration};

use annbench_runner::{
    Axes, DatasetSpec, Experiment, IndexSpec, MachineSpec, MeasureSpec, QueriesSpec, TuneSpec,
};
use anyhow::Result;
use serde_json::{Value, json};

use super::{
    locate,
    run::{Job, Prelude, finish, load, ready},
};
use crate::{args::QuickArgs, exit::Outcome, interrupt::Signals, progress::Bars};

/// Time to spend measuring.
const BUDGET: Duration = Duration::from_secs(45);

pub(crate) fn quick(args: QuickArgs) -> Result<Outcome> {
    let mut experiment = experiment(&args)?;
    let mut job = Job {
        written: locate::in_catalogue(experiment.written(PathBuf::new())?)?,
        folders: args.folders.clone(),
        output: args.output,
        dry_run: false,
        is_repetition: false,
        signals: Signals::default(),
    };
    let mut bars = Bars::default();
    let data = load(&job, &mut bars)?;
    experiment.index = indexes(&args, data.card.n);
    job.written = locate::in_catalogue(experiment.written(PathBuf::new())?)?;
    match ready(&job, data, bars)? {
        Prelude::Shown => Ok(Outcome::Fine),
        Prelude::Ready(ready) => finish(&job, *ready),
    }
}

/// All but the indexes, which depend on the number of vectors.
fn experiment(args: &QuickArgs) -> Result<Experiment> {
    Ok(Experiment {
        name: "quick".into(),
        k: args.k,
        seed: args.seed,
        out: None,
        dataset: DatasetSpec {
            path: Some(locate::absolute(&args.data)?),
            metric: args.metric.metric,
            vector_column: args.columns.vector_column.clone(),
            id_column: args.columns.id.id_column.clone(),
            queries: queries(args)?,
            ..DatasetSpec::default()
        },
        measure: MeasureSpec {
            rounds: args.rounds,
            budget: BUDGET,
            ..MeasureSpec::default()
        },
        machine: MachineSpec::default(),
        tune: TuneSpec::default(),
        index: Vec::new(),
    })
}

/// What was asked for; where nothing was, what an experiment takes that says nothing of queries.
fn queries(args: &QuickArgs) -> Result<QueriesSpec> {
    let file = args.queries_file.as_deref().map(locate::absolute);
    let is_sample = args.queries.is_some() || !args.holdout;
    Ok(QueriesSpec {
        file: file.transpose()?,
        sample: args.queries,
        holdout: is_sample.then_some(args.holdout),
        ..QueriesSpec::default()
    })
}

fn indexes(args: &QuickArgs, n: usize) -> Vec<IndexSpec> {
    let nlist = or_else(&args.ivf_nlist, || vec![usual_nlist(n)]);
    let most = nlist.iter().copied().min().unwrap_or_default();
    let nprobe = or_else(&args.ivf_nprobe, || usual_nprobes(most));
    vec![
        index("flat", json!({}), json!({})),
        index(
            "hnsw",
            json!({ "m": args.hnsw_m, "ef_construction": args.hnsw_ef_construction }),
            json!({ "ef_search": args.hnsw_ef_search }),
        ),
        index(
            "ivf_flat",
            json!({ "nlist": nlist, "auto_adjust": !args.no_auto_adjust_ivf }),
            json!({ "nprobe": nprobe }),
        ),
    ]
}

fn or_else(given: &[usize], usual: impl FnOnce() -> Vec<usize>) -> Vec<usize> {
    match given {
        [] => usual(),
        given => given.to_vec(),
    }
}

/// Lists for `n` vectors: a power of two of at most 4 sqrt(n), and of 39 vectors a list; 8 for few.
///
/// # Source
/// The wiki of Faiss, "Guidelines to choose an index", asks for 4 to 16 sqrt(n); its k-means warns
/// below 39 vectors a centroid (`ClusteringParameters::min_points_per_centroid`).
fn usual_nlist(n: usize) -> usize {
    let most = (16 * n).isqrt().min(n / 39).max(1);
    (1 << most.ilog2()).max(8)
}

/// Powers of two that search up to half of the lists, and 64 lists at most.
fn usual_nprobes(nlist: usize) -> Vec<usize> {
    let nprobes = [4, 8, 16, 32, 64].into_iter();
    let nprobes: Vec<usize> = nprobes.filter(|nprobe| 2 * nprobe <= nlist).collect();
    match nprobes.is_empty() {
        true => vec![nlist.max(1)],
        false => nprobes,
    }
}

fn index(kind: &str, build: Value, search: Value) -> IndexSpec {
    IndexSpec {
        kind: kind.into(),
        label: None,
        build: axes(build),
        search: axes(search),
    }
}

fn axes(value: Value) -> Axes {
    match value {
        Value::Object(axes) => axes,
        _ => Axes::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_grow_with_the_base_and_have_vectors_to_learn_from() {
        let found = [0, 48, 312, 19_000, 115_659, 1_000_000].map(usual_nlist);
        assert_eq!(found, [8, 8, 8, 256, 1_024, 2_048]);
        for n in (400..1_000_000).step_by(997) {
            let nlist = usual_nlist(n);
            assert!(39 * nlist <= n && nlist * nlist <= 16 * n, "{n}: {nlist}");
        }
    }

    #[test]
    fn no_more_than_half_of_the_lists_are_searched() {
        assert_eq!(usual_nprobes(8), [4]);
        assert_eq!(usual_nprobes(256), [4, 8, 16, 32, 64]);
        assert_eq!(usual_nprobes(2), [2]);
    }
}
