//! What makes a base a file of ann-benchmarks: queries, and their exact neighbours.

use std::path::Path;

use annbench_eval::{ExactOptions, GroundTruth};
use annbench_runner::{Observer, all_threads};
use annbench_store::{Format, LoadOptions, Truth, convert::Companions, load_on};
use annbench_vectors::{Matrix, Metric};
use anyhow::{Context, Result};

use super::inputs::at_least_one;
use crate::{args::ConvertArgs, exit::BadArgument, progress::Bars};

/// Reads the queries that the arguments name, and finds their neighbours among the rows of the
/// input; `None` where they name none.
pub(crate) fn of(
    args: &ConvertArgs,
    input: &Path,
    base: &LoadOptions,
    bars: &mut Bars,
) -> Result<Option<Companions>> {
    let Some(queries) = &args.queries else {
        return Ok(None);
    };
    if Format::of_extension(&args.output) != Some(Format::Hdf5) {
        let message = "--queries goes with an .hdf5 output; other formats hold one matrix";
        return Err(BadArgument(message.into()).into());
    }
    let metric = args.metric.unwrap_or(Metric::Cosine);
    let k = at_least_one("--k", args.k)?;
    bars.begin("read base and queries", None);
    let base = read(input, base)?;
    let queries = read(queries, &LoadOptions::default())?;
    bars.begin("find the true neighbours", None);
    let options = &mut ExactOptions::new(all_threads());
    let truth = GroundTruth::compute(base.view(), queries.view(), metric, k, options)
        .context("find the true neighbours")?;
    bars.end();
    Ok(Some(Companions {
        metric: Some(metric),
        truth: Some(in_words_of_ann_benchmarks(&truth)?),
        queries: Some(queries),
    }))
}

fn read(path: &Path, options: &LoadOptions) -> Result<Matrix> {
    let options = LoadOptions {
        keep_columns: false,
        ..options.clone()
    };
    Ok(load_on(path, &options, all_threads(), &mut |_| {})?.vectors)
}

/// Distances as ann-benchmarks has them: Euclidean and not squared, one minus the cosine, and the
/// inner product with its sign turned.
fn in_words_of_ann_benchmarks(truth: &GroundTruth) -> Result<Truth> {
    let distance = |score: &f64| match truth.metric() {
        Metric::L2 => score.sqrt() as f32,
        Metric::Cosine => (1.0 - score) as f32,
        Metric::InnerProduct => -score as f32,
    };
    let parts = truth.parts();
    let rows: Result<Vec<u32>, _> = parts.ids.iter().map(|&id| u32::try_from(id)).collect();
    let rows = rows.context("HDF5 of ann-benchmarks has row numbers of 32 bits")?;
    let distances = parts.scores.iter().map(distance).collect();
    Ok(Truth {
        rows: Matrix::from_vec(rows, truth.found())?,
        distances: Some(Matrix::from_vec(distances, truth.found())?),
    })
}
