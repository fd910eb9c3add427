//! Computing ground truth, of vectors in memory or of a base that comes in blocks.

use annbench_eval::{BlockSearch, ExactOptions, ExactProgress, GroundTruth};
use annbench_store::{
    LoadError, LoadOptions, VectorBlocks,
    dataset::Dataset,
    hash::{MatrixHasher, sha256_matrix},
    load_on,
};
use annbench_vectors::{Ids, Matrix, MatrixView, Metric, ZeroVector, refuse_zero_rows};
use anyhow::{Context, Result};

use super::cache::{TruthCache, TruthKey};
use crate::{
    coordinator::{Interrupted, Stop},
    observer::Observer,
};

/// Of the memory that may be taken, the share that a block of the base may have: reading holds parts
/// of the file beside it, searching a copy of a quarter of its size.
const BLOCK_SHARE: u64 = 2;

/// Of the bytes of a block, the share that the search's copy may have at a time.
const COPY_SHARE: u64 = 4;

/// The vectors of a run that a truth is computed of, with what identifies them.
pub(super) struct Vectors<'a> {
    pub(super) base: MatrixView<'a>,
    pub(super) queries: MatrixView<'a>,
    pub(super) key: TruthKey,
}

/// The exact neighbours of every query: from the cache, or computed and put there.
pub(super) fn ground_truth(
    vectors: &Vectors<'_>,
    cache: &TruthCache,
    threads: usize,
    stop: &Stop,
    observer: &mut dyn Observer,
) -> Result<GroundTruth> {
    if let Some(truth) = cache.read(&vectors.key) {
        return Ok(truth);
    }
    let TruthKey { metric, k, .. } = vectors.key;
    let (base, queries) = (vectors.base, vectors.queries);
    let pairs = base.n() as u64 * queries.n() as u64;
    observer.begin("ground truth", Some(pairs));
    let shown = &mut *observer;
    let mut options = ExactOptions::new(threads)
        .with_cancel(stop.flag())
        .with_progress(move |progress| shown.advance(progress.done));
    let truth = GroundTruth::compute(base, queries, metric, k, &mut options);
    drop(options);
    observer.end();
    let truth = truth.context("compute the ground truth")?;
    cache.write(&vectors.key, &truth)?;
    Ok(truth)
}

/// A base to find neighbours in: in memory, or in Parquet files larger than the memory there is.
#[derive(Debug)]
pub enum TruthBase {
    /// All of it.
    Whole(Matrix, Ids),
    /// In blocks of so many bytes.
    Blocks(VectorBlocks, u64),
}

impl TruthBase {
    /// Opens a base for which so many bytes of memory may be taken; what fits into half of them is
    /// read at once.
    ///
    /// # Errors
    /// [`LoadError`] if the base cannot be read, [`DatasetError`](annbench_store::dataset::DatasetError)
    /// if it is not what its manifest says, [`TooLarge`] if it is no Parquet and its file larger than
    /// the memory.
    pub fn open(
        dataset: &Dataset,
        columns: &LoadOptions,
        memory_bytes: u64,
        threads: usize,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        dataset.verify()?;
        let options = dataset.with_columns(columns);
        let path = &dataset.base.path;
        let block_bytes = memory_bytes / BLOCK_SHARE;
        match VectorBlocks::open(path, &options)? {
            Some(blocks) if blocks.bytes() > block_bytes => {
                return Ok(Self::Blocks(blocks, block_bytes));
            }
            Some(_) => {}
            None => refuse_too_large(dataset, memory_bytes)?,
        }
        observer.begin("read the base", None);
        let base = load_on(path, &options, threads, &mut |_| {});
        observer.end();
        let base = base?;
        Ok(Self::Whole(base.vectors, base.ids))
    }

    /// Number of vectors; of blocks, by what the files claim.
    pub fn n(&self) -> usize {
        match self {
            Self::Whole(vectors, _) => vectors.n(),
            Self::Blocks(blocks, _) => blocks.n(),
        }
    }

    /// What the user calls these rows (ascending, distinct); none where they have no names.
    ///
    /// # Errors
    /// [`LoadError`] if the names cannot be read.
    pub fn names(&self, rows: &[u64]) -> Result<Option<Ids>, LoadError> {
        match self {
            Self::Whole(_, Ids::Rows(_)) => Ok(None),
            Self::Whole(_, ids) => {
                let rows: Vec<usize> = rows.iter().map(|&row| row as usize).collect();
                Ok(Some(ids.select(&rows)))
            }
            Self::Blocks(blocks, _) => blocks.names(rows),
        }
    }

    /// Hands the vectors over, with the row that each block begins at.
    fn for_each(&self, take: &mut dyn FnMut(usize, MatrixView<'_>) -> Result<()>) -> Result<()> {
        match self {
            Self::Whole(vectors, _) => take(0, vectors.view()),
            Self::Blocks(blocks, bytes) => {
                let mut first = 0;
                blocks.for_each(*bytes, &mut |block| {
                    take(first, block.view())?;
                    first += block.n();
                    Ok(())
                })
            }
        }
    }
}

fn refuse_too_large(dataset: &Dataset, memory_bytes: u64) -> Result<()> {
    let path = &dataset.base.path;
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    match bytes > memory_bytes {
        true => Err(TooLarge {
            path: path.clone(),
            bytes,
            memory_bytes,
        }
        .into()),
        false => Ok(()),
    }
}

/// A base that does not fit into the memory and cannot come in blocks.
#[derive(Debug, thiserror::Error)]
#[error("{}: {bytes} bytes do not fit into the memory of {memory_bytes} bytes; raise --memory, or write it as Parquet, which is read in blocks", .path.display())]
pub struct TooLarge {
    /// The file.
    pub path: std::path::PathBuf,
    /// Its size.
    pub bytes: u64,
    /// The memory there is.
    pub memory_bytes: u64,
}

/// Exact neighbours of the user's own files, vectors as they are.
#[derive(Debug)]
pub struct TruthJob<'a> {
    /// The base.
    pub base: &'a TruthBase,
    /// The queries, n_queries x dim.
    pub queries: MatrixView<'a>,
    /// The metric; under cosine, a zero vector is refused.
    pub metric: Metric,
    /// Neighbours a query.
    pub k: usize,
    /// Threads.
    pub threads: usize,
    /// By which it can be stopped from outside.
    pub stop: &'a Stop,
}

impl TruthJob<'_> {
    /// What identifies the truth: reads the base.
    ///
    /// # Errors
    /// If the base cannot be read, or [`Interrupted`].
    pub fn key(&self, observer: &mut dyn Observer) -> Result<TruthKey> {
        let n = self.base.n();
        observer.begin("hash the base", Some(n as u64));
        let mut hasher: Option<MatrixHasher> = None;
        let hashed = self.base.for_each(&mut |first, block| {
            self.go_on()?;
            let hasher = hasher.get_or_insert_with(|| MatrixHasher::new(n, block.dim()));
            hasher.update(block);
            observer.advance((first + block.n()) as u64);
            Ok(())
        });
        observer.end();
        hashed?;
        Ok(TruthKey {
            base_sha256: hasher.map(MatrixHasher::finish).unwrap_or_default(),
            queries_sha256: sha256_matrix(self.queries),
            metric: self.metric,
            k: self.k,
            n,
            n_queries: self.queries.n(),
        })
    }

    /// Finds the neighbours.
    ///
    /// # Errors
    /// If the base cannot be read; [`ExactError`](annbench_eval::ExactError) if the vectors do not fit
    /// together; [`ZeroVector`]; [`Interrupted`].
    pub fn compute(&self, observer: &mut dyn Observer) -> Result<GroundTruth> {
        self.refuse_zero_rows(self.queries, 0).context("queries")?;
        let n_queries = self.queries.n() as u64;
        let search = BlockSearch::new(self.queries, self.metric, self.k)?;
        let mut search = match self.base {
            TruthBase::Whole(..) => search,
            TruthBase::Blocks(_, bytes) => search.with_memory_cap(bytes / COPY_SHARE),
        };
        observer.begin("ground truth", Some(self.base.n() as u64 * n_queries));
        let mut n = 0;
        let searched = self.base.for_each(&mut |first, block| {
            self.refuse_zero_rows(block, first).context("base")?;
            let mut parts = Parts::after(first as u64 * n_queries);
            let shown = &mut *observer;
            let mut options = ExactOptions::new(self.threads)
                .with_cancel(self.stop.flag())
                .with_progress(move |progress| shown.advance(parts.done(progress)));
            let pushed = search.push(block, &mut options);
            n = first + block.n();
            pushed.or_else(|error| {
                self.go_on()?;
                Err(error.into())
            })
        });
        observer.end();
        searched?;
        Ok(GroundTruth::from_exact(search.finish(), self.metric, n))
    }

    fn refuse_zero_rows(&self, vectors: MatrixView<'_>, first: usize) -> Result<(), ZeroVector> {
        match self.metric {
            Metric::Cosine => refuse_zero_rows(vectors).map_err(|zero| ZeroVector {
                row: first + zero.row,
            }),
            _ => Ok(()),
        }
    }

    fn go_on(&self) -> Result<(), Interrupted> {
        match self.stop.is_requested() {
            true => Err(Interrupted {
                kept: "nothing was written".into(),
            }),
            false => Ok(()),
        }
    }
}

/// The pairs done, over blocks and the parts that a search divides them into: each part begins anew.
struct Parts {
    before: u64,
    last: Option<ExactProgress>,
}

impl Parts {
    fn after(before: u64) -> Self {
        Self { before, last: None }
    }

    fn done(&mut self, progress: ExactProgress) -> u64 {
        let last = self.last.replace(progress);
        let ended = last.filter(|last| last.done == last.total);
        self.before += ended.map_or(0, |last| last.total);
        self.before + progress.done
    }
}

#[cfg(test)]
mod tests {
    use annbench_store::{Embeddings, WriteOptions, write_parquet};

    use super::*;
    use crate::Silent;

    const ROWS: usize = 10_000;

    /// A base of rows that repeat after a while, so that there are ties, with names.
    fn base(folder: &std::path::Path) -> Dataset {
        let value = |i: usize| ((i % 9_000).wrapping_mul(2_654_435_761) >> 7) as u16;
        let values = (0..ROWS * 4).map(|i| f32::from(value(i))).collect();
        let names = Ids::Strings((0..ROWS).map(|row| format!("doc-{row}")).collect());
        let base = Embeddings::new(Matrix::from_vec(values, 4).unwrap(), names).unwrap();
        let path = folder.join("base.parquet");
        write_parquet(&path, &base, &WriteOptions::default()).unwrap();
        Dataset::open(&path).unwrap()
    }

    fn open(dataset: &Dataset, memory_bytes: u64) -> TruthBase {
        let columns = LoadOptions::default();
        TruthBase::open(dataset, &columns, memory_bytes, 1, &mut Silent).unwrap()
    }

    #[test]
    fn a_base_larger_than_the_memory_gives_the_same_truth_under_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = base(folder.path());
        let queries = Matrix::from_vec((0..40).map(|i| (i * 1000) as f32).collect(), 4).unwrap();
        let stop = Stop::default();
        let of = |base: &TruthBase| {
            let job = TruthJob {
                base,
                queries: queries.view(),
                metric: Metric::L2,
                k: 7,
                threads: 1,
                stop: &stop,
            };
            let key = job.key(&mut Silent).unwrap();
            (key, job.compute(&mut Silent).unwrap())
        };
        let (whole, blocks) = (open(&dataset, 1 << 30), open(&dataset, 1 << 10));
        assert!(matches!(whole, TruthBase::Whole(..)) && matches!(blocks, TruthBase::Blocks(..)));
        assert_eq!(of(&whole), of(&blocks));
        let rows = [3, 4_095, 4_096, 9_999];
        assert_eq!(whole.names(&rows).unwrap(), blocks.names(&rows).unwrap());
    }

    #[test]
    fn a_stop_leaves_nothing_and_a_zero_vector_is_refused_under_cosine() {
        let folder = tempfile::tempdir().unwrap();
        let base = open(&base(folder.path()), 1 << 30);
        let queries = Matrix::from_vec(vec![0.0; 4], 4).unwrap();
        let stop = Stop::default();
        let mut job = TruthJob {
            base: &base,
            queries: queries.view(),
            metric: Metric::Cosine,
            k: 7,
            threads: 1,
            stop: &stop,
        };
        let error = job.compute(&mut Silent).unwrap_err();
        assert!(error.is::<ZeroVector>(), "{error:#}");
        job.metric = Metric::L2;
        stop.request();
        let error = job.compute(&mut Silent).unwrap_err();
        assert!(error.is::<Interrupted>(), "{error:#}");
    }

    #[test]
    fn progress_goes_on_over_the_parts_of_a_block() {
        let mut parts = Parts::after(1000);
        let told = [(5, 10), (10, 10), (10, 10), (2, 4)];
        let done = told.map(|(done, total)| parts.done(ExactProgress { done, total }));
        assert_eq!(done, [1005, 1010, 1020, 1022]);
    }
}
