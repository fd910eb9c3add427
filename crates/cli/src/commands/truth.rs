//! `annbench truth`: the exact neighbours of any queries in any base, as a file.

use std::path::{Path, PathBuf};

use annbench_eval::GroundTruth;
use annbench_runner::{Stop, TruthBase, TruthCache, TruthJob, all_threads, machine};
use annbench_store::{
    Embeddings, TruthTable, check_truth_path, dataset::Dataset, load_on, write_truth,
};
use annbench_vectors::{Ids, MatrixView, Metric};
use anyhow::Result;

use super::{inputs, locate};
use crate::{
    args::{CacheArgs, TruthArgs},
    exit::{BadArgument, Outcome},
    interrupt, output,
    progress::Bars,
};

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
        let threads = inputs::at_least_one("--threads", args.threads.unwrap_or_else(all_threads))?;
        let memory_bytes = match &args.memory {
            Some(text) => bytes(text)?,
            None => machine().memory_bytes / 2,
        };
        let columns = inputs::load_options(&args.columns);
        let copies = CacheArgs {
            cache: args.cache.clone(),
        };
        let dataset = Dataset::open(&locate::dataset(&args.base, &columns, &copies)?)?;
        let mut bars = Bars::default();
        let base = TruthBase::open(&dataset, &columns, memory_bytes, threads, &mut bars)?;
        let options = dataset.with_columns(&columns);
        let queries = locate::file(&args.queries, &options, &copies)?;
        let queries = load_on(&queries, &options, threads, &mut |_| {})?;
        Ok(Self {
            base,
            queries,
            metric: args.metric.or(dataset.metric).unwrap_or(Metric::Cosine),
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
        let folder = cache_folder(args);
        let cache = TruthCache::open(&folder)?;
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

/// Where runs started here have theirs, so that they share it.
fn cache_folder(args: &TruthArgs) -> PathBuf {
    let given = args.cache.clone();
    given.unwrap_or_else(|| PathBuf::from("runs/.cache"))
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

/// Bytes as people write them: `4GB`, `512MB`, `1.5 GiB`, or a plain number.
fn bytes(text: &str) -> Result<u64, BadArgument> {
    let number_end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(number_end);
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => Some(1.0),
        "kb" => Some(1e3),
        "mb" => Some(1e6),
        "gb" => Some(1e9),
        "tb" => Some(1e12),
        "kib" => Some(1024.0),
        "mib" => Some(1_048_576.0),
        "gib" => Some(1_073_741_824.0),
        _ => None,
    };
    let number: Option<f64> = number.parse().ok();
    match number.zip(unit) {
        Some((number, unit)) if number * unit >= 1.0 => Ok((number * unit) as u64),
        _ => Err(BadArgument(format!(
            "--memory {text}: write it as a size, such as 4GB or 512MB"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let cases = [
            ("4GB", Some(4_000_000_000)),
            ("1.5 GiB", Some(1_610_612_736)),
            ("512mb", Some(512_000_000)),
            ("4096", Some(4096)),
            ("0", None),
            ("GB", None),
            ("4 bananas", None),
            ("-1GB", None),
        ];
        for (text, expected) in cases {
            assert_eq!(bytes(text).ok(), expected, "{text}");
        }
    }
}
