//! What is known of the queries before any index is asked, and how the vectors lie, for whoever reads
//! the results: it says why an index lost some of them.

use annbench_eval::{GroundTruth, relative_contrasts};
use annbench_store::{
    results::{QueryFacts, VectorMap, tables},
    sample::sample_rows,
};
use annbench_vectors::{MatrixView, PrincipalComponents};
use anyhow::Result;

use crate::{data::Prepared, folder::RunFolder, observer::Observer, threads::all_threads};

/// Base vectors that the typical distance is taken from: their mean is known to about half a percent.
const CROWD: usize = 500;

/// Base vectors on the map: more of them would be one cloud.
const MAPPED: usize = 2_000;

/// Writes it beside the tables.
pub(crate) fn describe(
    data: &Prepared,
    truth: &GroundTruth,
    seed: u64,
    folder: &RunFolder,
    observer: &mut dyn Observer,
) -> Result<()> {
    observer.begin("describe the queries", None);
    let (facts, map) = (query_facts(data, truth, seed), map(data, seed));
    observer.end();
    tables::write_query_facts(&folder.file("query_facts.parquet"), &facts)?;
    tables::write_map(&folder.file("map.json"), &map)?;
    Ok(())
}

fn query_facts(data: &Prepared, truth: &GroundTruth, seed: u64) -> Vec<QueryFacts> {
    let (base, queries) = (data.base.view(), data.queries.view());
    let crowd = sample_rows(base.n(), CROWD, seed);
    let contrasts = relative_contrasts(truth, base, queries, &crowd, all_threads());
    let facts = |(query_idx, contrast)| QueryFacts {
        query_idx,
        row: data.query_facts.get(query_idx).cloned().unwrap_or_default(),
        contrast,
    };
    contrasts.into_iter().enumerate().map(facts).collect()
}

/// By the principal components of the sample, as vectors are indexed.
fn map(data: &Prepared, seed: u64) -> VectorMap {
    let (base, queries) = (data.base.view(), data.queries.view());
    let sample = base.select(&sample_rows(base.n(), MAPPED, seed));
    let components = PrincipalComponents::of(sample.view(), 2);
    let total = components.total_variance();
    let share = |at: usize| {
        let variance = components.variances().get(at).copied();
        variance
            .filter(|_| total > 0.0)
            .map_or(0.0, |variance| variance / total)
    };
    // Vectors that vary along one direction only lie on a line.
    let place = |row: &[f32]| {
        let along = components.coordinates(row);
        [0, 1].map(|at| along.get(at).map_or(0.0, |value| *value as f32))
    };
    let places = |view: MatrixView<'_>| (0..view.n()).map(|row| place(view.row(row))).collect();
    VectorMap {
        variance_shares: [0, 1].map(share),
        base: places(sample.view()),
        queries: places(queries),
    }
}
