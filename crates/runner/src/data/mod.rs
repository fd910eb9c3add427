//! The vectors of an experiment, read once and laid where every worker can map them.

mod queries;
mod reader;

use std::path::{Path, PathBuf};

use annbench_eval::GroundTruth;
use annbench_store::{
    Embeddings, RowFacts,
    cache::Cache,
    dataset::Dataset,
    hash::{sha256_matrix, sha256_parts},
    npy::MappedMatrix,
    remote::Remote,
    results::{DatasetCard, Warning},
    write_ids,
};
use annbench_vectors::{Ids, Matrix, Metric, normalize_rows};
use anyhow::{Context, Result};

use queries::{Origin, Queries};
use reader::Reader;
pub(crate) use reader::chain;

use crate::{
    experiment::{Mistake, Written},
    insertion::Order,
    observer::Observer,
    split::halves,
    threads::all_threads,
    truth::{Asked, Given},
};

/// Base and queries, checked, normalised where the metric asks for it, and memory-mapped.
#[derive(Debug)]
pub struct Prepared {
    /// The base, n x dim.
    pub base: MappedMatrix,
    /// The file behind it.
    pub base_path: PathBuf,
    /// The queries, n_queries x dim.
    pub queries: MappedMatrix,
    /// The file behind them.
    pub queries_path: PathBuf,
    /// What they are.
    pub card: DatasetCard,
    /// Doubts about them.
    pub warnings: Vec<Warning>,
    /// Whether the queries were rows of the base and have been taken out of it.
    pub(crate) held_out: bool,
    /// The ground truth that the user or the dataset has, if any: checked.
    pub(crate) ground_truth: Option<GroundTruth>,
    /// What the user's tables say of the queries: of each, or of none.
    pub(crate) query_facts: Vec<RowFacts>,
    ids: Ids,
    cache: Cache,
}

impl Prepared {
    /// Reads what the experiment names.
    ///
    /// # Errors
    /// [`Mistake`] if the data is missing, damaged or does not fit; anything else if the cache
    /// cannot be written.
    pub fn load(written: &Written, cache: &Path, observer: &mut dyn Observer) -> Result<Self> {
        let mut reader = Reader {
            written,
            remote: Remote::new(cache),
            observer,
        };
        let dataset = reader.open()?;
        let truth_file = reader.truth_file()?;
        let metric = reader.metric(&dataset);
        let mut base = reader.base(&dataset)?;
        let n_whole = base.n();
        reader.limit(&mut base)?;
        let mut queries = reader.queries(&dataset, &mut base)?;
        reader.check_fit(&base, &queries)?;
        let are_its_own = matches!(queries.origin, Origin::Dataset);
        if metric == Metric::Cosine {
            normalize(written, "dataset.path", &mut base.vectors)?;
            normalize(written, queries.origin.key(), &mut queries.vectors)?;
        }
        reader.observer.begin("hash and cache the vectors", None);
        let prepared = Self::cached(&dataset, metric, base, queries, cache);
        reader.observer.end();
        let mut prepared = prepared?;
        let given = match &truth_file {
            Some(file) => Some(prepared.truth_in(file, written, observer)?),
            None if are_its_own => prepared.truth_of(&dataset, n_whole, written, observer)?,
            None => None,
        };
        if let Some(Given { truth, in_words }) = given {
            prepared.ground_truth = Some(truth);
            prepared.card.ground_truth = Some(in_words);
        }
        Ok(prepared)
    }

    fn truth_in(
        &self,
        file: &Path,
        written: &Written,
        observer: &mut dyn Observer,
    ) -> Result<Given, Mistake> {
        Given::in_file(file, &self.asked(written), &written.places, observer)
    }

    fn truth_of(
        &self,
        dataset: &Dataset,
        n_whole: usize,
        written: &Written,
        observer: &mut dyn Observer,
    ) -> Result<Option<Given>, Mistake> {
        let asked = self.asked(written);
        Given::of_dataset(dataset, n_whole, &asked, &written.places, observer)
    }

    /// What a ground truth has to be true of.
    fn asked(&self, written: &Written) -> Asked<'_> {
        Asked {
            base: self.base.view(),
            queries: self.queries.view(),
            metric: self.card.metric,
            k: written.experiment.k,
            seed: written.experiment.seed,
            threads: all_threads(),
        }
    }

    fn cached(
        dataset: &Dataset,
        metric: Metric,
        base: Embeddings,
        queries: Queries,
        cache: &Path,
    ) -> Result<Self> {
        let Queries {
            vectors: queries,
            origin,
            facts,
        } = queries;
        let cache =
            Cache::open(cache).with_context(|| format!("open the cache {}", cache.display()))?;
        let card = DatasetCard {
            name: dataset.name.clone(),
            source: dataset.source.clone(),
            licence: dataset.licence.clone(),
            metric,
            n: base.n(),
            n_queries: queries.n(),
            dim: base.dim(),
            queries: origin.in_words(),
            base_sha256: sha256_matrix(base.vectors.view()),
            queries_sha256: sha256_matrix(queries.view()),
            ground_truth: None,
            base_file: std::path::absolute(&dataset.base.path).ok(),
        };
        Ok(Self {
            base_path: cache.path("matrix", &card.base_sha256, "npy"),
            base: map(&cache, &card.base_sha256, base.vectors)?,
            queries_path: cache.path("matrix", &card.queries_sha256, "npy"),
            warnings: origin.warnings(queries.n()),
            queries: map(&cache, &card.queries_sha256, queries)?,
            card,
            held_out: matches!(origin, Origin::HeldOut),
            ground_truth: None,
            query_facts: facts,
            ids: base.ids,
            cache,
        })
    }

    /// A file with the base in another order, or a part of it, which belongs to a seed.
    ///
    /// # Errors
    /// If the cache cannot be written.
    pub(crate) fn shuffled(&self, order: &Order, seed: u64) -> Result<PathBuf> {
        let [seed, n] = [seed.to_string(), order.len().to_string()];
        let key = sha256_parts(&[&self.card.base_sha256, "shuffled", &seed, &n]);
        let make = || Ok::<_, std::convert::Infallible>(order.applied(self.base.view()));
        self.cache.matrix(&key, make)?;
        Ok(self.cache.path("matrix", &key, "npy"))
    }

    /// Writes the rows' names, or their numbers where they have none, in another order.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write_shuffled_ids(&self, order: &Order, path: &Path) -> Result<()> {
        let ids = self.ids.select(&order.rows().collect::<Vec<_>>());
        write_ids(path, &ids).with_context(|| format!("write {}", path.display()))
    }

    /// The same base with one half of the queries, drawn at random, and with the other: what one
    /// chooses, the other tells of.
    ///
    /// # Errors
    /// [`Mistake`] if one half would hold none; anything else if the cache cannot be written.
    pub(crate) fn halves(&self, written: &Written, seed: u64) -> Result<(Self, Self)> {
        let n_queries = self.card.n_queries;
        let (choosing, reporting) = halves(n_queries, seed);
        if choosing.is_empty() {
            let message = "one query cannot both choose and report; give two or more, better 1,000";
            return Err(written.places.mistake("dataset.queries", message).into());
        }
        let of_all = |half: &[usize], words| {
            let said = format!("half of {n_queries}, {words}; {}", self.card.queries);
            self.with_queries(half, said)
        };
        Ok((
            of_all(&choosing, "for tuning")?,
            of_all(&reporting, "that had no say in the tuning")?,
        ))
    }

    /// The same base with some of the queries.
    fn with_queries(&self, rows: &[usize], said: String) -> Result<Self> {
        let queries = self.queries.view();
        let picked = rows
            .iter()
            .flat_map(|&row| queries.row(row).iter().copied());
        let picked = Matrix::from_vec(picked.collect(), self.card.dim)?;
        let card = DatasetCard {
            n_queries: rows.len(),
            queries: said,
            queries_sha256: sha256_matrix(picked.view()),
            ..self.card.clone()
        };
        Ok(Self {
            base: MappedMatrix::open(&self.base_path)
                .with_context(|| format!("map {}", self.base_path.display()))?,
            base_path: self.base_path.clone(),
            queries_path: self.cache.path("matrix", &card.queries_sha256, "npy"),
            queries: map(&self.cache, &card.queries_sha256, picked)?,
            warnings: self.warnings.clone(),
            held_out: self.held_out,
            card,
            ids: self.ids.clone(),
            query_facts: match self.query_facts.is_empty() {
                true => Vec::new(),
                false => rows
                    .iter()
                    .map(|&row| self.query_facts[row].clone())
                    .collect(),
            },
            ground_truth: self
                .ground_truth
                .as_ref()
                .map(|truth| truth.of_queries(rows)),
            cache: Cache::open(self.cache.folder())
                .with_context(|| format!("open the cache {}", self.cache.folder().display()))?,
        })
    }

    /// Whether rows have names of their own.
    pub fn has_ids(&self) -> bool {
        !matches!(self.ids, Ids::Rows(_))
    }

    /// Writes the rows' own names, if they have any.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_ids(&self, path: &Path) -> Result<()> {
        match self.has_ids() {
            true => write_ids(path, &self.ids).with_context(|| format!("write {}", path.display())),
            false => Ok(()),
        }
    }
}

fn map(cache: &Cache, key: &str, matrix: Matrix) -> Result<MappedMatrix> {
    Ok(cache.matrix(key, || Ok::<_, std::convert::Infallible>(matrix))?)
}

fn normalize(written: &Written, key: &str, vectors: &mut Matrix) -> Result<(), Mistake> {
    normalize_rows(vectors).map_err(|zero| written.places.mistake(key, zero))
}
