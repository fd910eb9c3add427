//! What several commands read: queries for an index, and settings from the command line.

use annbench_index::{Index, IndexCard, Params, SearchSetup};
use annbench_runner::all_threads;
use annbench_store::{Embeddings, LoadOptions};
use annbench_vectors::{Metric, normalize_rows};
use anyhow::{Context, Result};
use serde_json::Value;

use super::locate;
use crate::{
    args::{ColumnArgs, IndexArgs, ThreadsArgs},
    exit::BadArgument,
};

/// Reads queries and normalises them where the metric asks for it.
pub(crate) fn queries(args: &IndexArgs, metric: Metric) -> Result<Embeddings> {
    let options = load_options(&args.source.columns);
    let path = &locate::file(&args.queries, &options, &args.source.cache)?;
    let mut queries = annbench_store::load(path, &options, &mut |_| {})?;
    if metric == Metric::Cosine {
        normalize_rows(&mut queries.vectors)
            .map_err(|zero| BadArgument(zero.to_string()))
            .with_context(|| path.display().to_string())?;
    }
    Ok(queries)
}

pub(crate) fn load_options(columns: &ColumnArgs) -> LoadOptions {
    LoadOptions {
        vector_column: columns.vector_column.clone(),
        id_column: columns.id.id_column.clone(),
        ..LoadOptions::default()
    }
}

/// Sets the search parameters that the command line gives.
pub(crate) fn configure(
    index: &mut dyn Index,
    card: &IndexCard,
    args: &IndexArgs,
    setup: SearchSetup,
) -> Result<()> {
    index
        .configure(&params(&args.set)?, setup)
        .with_context(|| format!("--set, for an index of type {}", card.backend))?;
    Ok(())
}

pub(crate) fn at_least_one(flag: &str, value: usize) -> Result<usize, BadArgument> {
    match value {
        0 => Err(BadArgument(format!("{flag} must be at least 1"))),
        value => Ok(value),
    }
}

/// The threads that the arguments allow.
pub(crate) fn threads(args: ThreadsArgs) -> Result<usize, BadArgument> {
    at_least_one("--threads", args.threads.unwrap_or_else(all_threads))
}

/// Search parameters from `key=value` pairs; a value is JSON where it reads as such, else text.
pub(crate) fn params(settings: &[String]) -> Result<Params> {
    settings
        .iter()
        .map(|setting| match setting.split_once('=') {
            Some((key, value)) => Ok((key.trim().to_owned(), value_of(value.trim()))),
            None => Err(BadArgument(format!(
                "--set {setting}: write it as key=value, such as nprobe=8"
            ))
            .into()),
        })
        .collect()
}

fn value_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}
