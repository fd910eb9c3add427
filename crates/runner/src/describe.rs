//! What is known of the queries before any index is asked, for whoever reads the results: it says
//! why an index lost some of them.

use annbench_eval::{GroundTruth, relative_contrasts};
use annbench_store::{
    results::{QueryFacts, tables},
    sample::sample_rows,
};
use anyhow::Result;

use crate::{data::Prepared, folder::RunFolder, observer::Observer, threads::all_threads};

/// Base vectors that the typical distance is taken from: their mean is known to about half a percent.
const CROWD: usize = 500;

/// Writes it beside the tables.
pub(crate) fn describe(
    data: &Prepared,
    truth: &GroundTruth,
    seed: u64,
    folder: &RunFolder,
    observer: &mut dyn Observer,
) -> Result<()> {
    observer.begin("describe the queries", None);
    let facts = query_facts(data, truth, seed);
    observer.end();
    tables::write_query_facts(&folder.file("query_facts.parquet"), &facts)?;
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
