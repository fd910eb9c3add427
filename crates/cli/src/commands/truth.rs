//! `annbench truth`: the exact neighbours of any queries in any base, as a file.

use std::path::{Path, PathBuf};

use annbench_eval::GroundTruth;
use annbench_runner::{Stop, TruthBase, TruthCache, TruthJob, machine};
use annbench_store::{
    Embeddings, TruthTable, check_truth_path, dataset::Dataset, load_on, write_truth,
};
use annbench_vectors::{Ids, MatrixView, Metric};
use anyhow::Result;

use super::{inputs, locate};
use crate::{args::TruthArgs, exit::Outcome, interrupt, output, progress::Bars};

pub(crate) fn truth(args: TruthArgs) -> Result<Outcome> {
    check_truth_path(&args.output)?;
    let work = Work::prepare(&args)?;
    let (truth, origin) = work.find(&args)?;
    let files = work.write(&truth, &args.output)?;
    output::text(&summary(&truth, &origin, &files))?;
    Ok(Outcome::Fine)
}

/// What a truth is made of.
struct Work {
    base: TruthBase,
    queries: Embeddings,
    metric: Metric,
    k: usize,
    threads: usize,
}

impl Work {
    fn prepare(args: &TruthArgs) -> Result<Self> {
        let k = inputs::at_least_one("--k", args.k)?;
        let threads = inputs::threads(args.threads)?;
        let memory_bytes = match args.memory {
            Some(bytes) => inputs::at_least_one("--memory", bytes as usize)? as u64,
            None => machine().memory_bytes / 2,
        };
        let columns = inputs::load_options(&args.columns);
        let dataset = Dataset::open(&locate::dataset(&args.base, &columns, &args.cache)?)?;
        let mut bars = Bars::default();
        let base = TruthBase::open(&dataset, &columns, memory_bytes, threads, &mut bars)?;
        let options = dataset.with_columns(&columns);
        let queries = locate::file(&args.queries, &options, &args.cache)?;
        let queries = load_on(&queries, &options, threads, &mut |_| {})?;
        Ok(Self {
            base,
            queries,
            metric: args
                .metric
                .metric
                .or(dataset.metric)
                .unwrap_or(Metric::Cosine),
            k,
            threads,
        })
    }

    /// The truth, and where it comes from.
    fn find(&self, args: &TruthArgs) -> Result<(GroundTruth, String)> {
        let stop = Stop::default();
        interrupt::stop_on_signals(&stop)?;
        let job = TruthJob {
            base: &self.base,
            queries: self.queries.vectors.view(),
            metric: self.metric,
            k: self.k,
            threads: self.threads,
            stop: &stop,
        };
        let mut bars = Bars::default();
        if args.no_cache {
            return Ok((job.compute(&mut bars)?, "computed, not cached".into()));
        }
        let folder = &args.cache.folder;
        let cache = TruthCache::open(folder)?;
        let key = job.key(&mut bars)?;
        if let Some(truth) = cache.read(&key) {
            let origin = format!(
                "taken from the cache {}; --no-cache computes it again",
                folder.display()
            );
            return Ok((truth, origin));
        }
        let truth = job.compute(&mut bars)?;
        cache.write(&key, &truth)?;
        Ok((truth, format!("computed, cached in {}", folder.display())))
    }

    fn write(&self, truth: &GroundTruth, path: &Path) -> Result<Vec<PathBuf>> {
        let parts = truth.parts();
        let rows = MatrixView::new(&parts.ids, truth.found())?;
        let ids = self.names(rows)?;
        let table = TruthTable {
            metric: truth.metric(),
            n: truth.n(),
            rows,
            scores: MatrixView::new(&parts.scores, truth.found())?,
            ties_at_k: &parts.ties_at_k,
            ids: ids.as_ref(),
            query_ids: match &self.queries.ids {
                Ids::Rows(_) => None,
                names => Some(names),
            },
        };
        Ok(write_truth(path, &table)?)
    }

    /// What the base calls the neighbours, one name each.
    fn names(&self, rows: MatrixView<'_, u64>) -> Result<Option<Ids>> {
        let mut distinct = rows.as_slice().to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let place = |row: &u64| distinct.partition_point(|other| other < row);
        let names = self.base.names(&distinct)?;
        let places: Vec<usize> = rows.as_slice().iter().map(place).collect();
        Ok(names.map(|names| names.select(&places)))
    }
}

fn summary(truth: &GroundTruth, origin: &str, files: &[PathBuf]) -> String {
    let tied = (0..truth.len()).filter(|&query_idx| truth.ties_at_k(query_idx) > 1);
    let files: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    format!(
        "{}: the {} nearest of {} base vectors, {}, for each of {} queries\n\
         {} queries have several vectors at the last place\n{origin}",
        files.join(" and "),
        truth.found(),
        truth.n(),
        truth.metric(),
        truth.len(),
        tied.count(),
    )
}
