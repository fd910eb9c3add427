//! `annbench quick`: the comparison everybody starts with, from flags alone.

use std::{path::PathBuf, time::Duration};

use annbench_runner::{
    Axes, DatasetSpec, Experiment, IndexSpec, MachineSpec, MeasureSpec, QueriesSpec, TuneSpec,
};
use serde_json::{Value, json};

use super::{
    locate,
    run::{Job, run_job},
};
use crate::{args::QuickArgs, exit::Outcome, interrupt::Signals};

pub(crate) fn quick(args: QuickArgs) -> anyhow::Result<Outcome> {
    let experiment = experiment(&args)?;
    run_job(Job {
        written: locate::in_catalogue(experiment.written(PathBuf::new())?)?,
        folders: args.folders,
        output: args.output,
        dry_run: false,
        is_repetition: false,
        signals: Signals::default(),
    })
}

fn experiment(args: &QuickArgs) -> anyhow::Result<Experiment> {
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
            budget: Duration::from_secs(30),
            ..MeasureSpec::default()
        },
        machine: MachineSpec::default(),
        tune: TuneSpec::default(),
        index: indexes(args),
    })
}

fn queries(args: &QuickArgs) -> anyhow::Result<QueriesSpec> {
    Ok(match &args.queries_file {
        Some(file) => QueriesSpec {
            file: Some(locate::absolute(file)?),
            ..QueriesSpec::default()
        },
        None => QueriesSpec {
            sample: Some(args.queries),
            holdout: Some(args.holdout),
            ..QueriesSpec::default()
        },
    })
}

fn indexes(args: &QuickArgs) -> Vec<IndexSpec> {
    vec![
        index("flat", json!({}), json!({})),
        index(
            "hnsw",
            json!({ "m": args.hnsw_m, "ef_construction": args.hnsw_ef_construction }),
            json!({ "ef_search": args.hnsw_ef_search }),
        ),
        index(
            "ivf_flat",
            json!({ "nlist": args.ivf_nlist, "auto_adjust": !args.no_auto_adjust_ivf }),
            json!({ "nprobe": args.ivf_nprobe }),
        ),
    ]
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
