//! The vectors of an experiment, read once and laid where every worker can map them.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use annbench_eval::GroundTruth;
use annbench_store::{
    Embeddings, LoadOptions, Progress, RowFacts,
    cache::Cache,
    dataset::Dataset,
    hash::{sha256_matrix, sha256_parts},
    npy::MappedMatrix,
    read_row_facts,
    remote::{Remote, Transfer, address, shown as shown_address, within},
    results::{DatasetCard, Warning},
    row_facts,
    sample::sample_rows,
    write_ids,
};
use annbench_vectors::{Ids, Matrix, Metric, normalize_rows};
use anyhow::{Context, Result};

use crate::{
    experiment::{Mistake, QueriesSpec, Written},
    insertion::Order,
    observer::Observer,
    split::halves,
    threads::all_threads,
    truth::{Asked, Given},
};

/// Queries to draw where nothing is said, and there is enough to draw from.
const DEFAULT_SAMPLE: usize = 1000;

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

/// Queries as they were found.
struct Queries {
    vectors: Matrix,
    origin: Origin,
    /// Of each, or none.
    facts: Vec<RowFacts>,
}

/// Where queries came from.
enum Origin {
    File(PathBuf),
    Dataset,
    HeldOut,
    InBase,
}

impl Origin {
    fn key(&self) -> &'static str {
        match self {
            Self::File(_) => "dataset.queries.file",
            Self::Dataset | Self::HeldOut | Self::InBase => "dataset.path",
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::File(path) => format!(
                "from {}",
                path.file_name().unwrap_or_default().to_string_lossy()
            ),
            Self::Dataset => "the dataset's own".into(),
            Self::HeldOut => "sampled from the base and held out of it".into(),
            Self::InBase => "sampled from the base and left in it".into(),
        }
    }

    fn warnings(&self, queries: usize) -> Vec<Warning> {
        match self {
            Self::InBase => vec![Warning::QueriesInBase { queries }],
            _ => Vec::new(),
        }
    }
}

/// Reads the parts of a dataset, and points at the experiment where they do not fit.
struct Reader<'a> {
    written: &'a Written,
    remote: Remote,
    observer: &'a mut dyn Observer,
}

impl Reader<'_> {
    fn mistake(&self, key: &str, error: impl std::error::Error) -> Mistake {
        self.written.places.mistake(key, chain(&error))
    }

    fn open(&mut self) -> Result<Dataset> {
        let Some(path) = &self.written.experiment.dataset.path else {
            let message = "texts have no vectors yet; embed them first";
            return Err(self
                .written
                .places
                .mistake("dataset.corpus", message)
                .into());
        };
        let path = within(&self.written.folder, path);
        let local = self.local("dataset.path", &path, Some(&self.options()))?;
        let dataset = Dataset::open(&local).map_err(|error| self.mistake("dataset.path", error));
        let mut dataset = dataset?;
        if let (Some(address), None) = (address(&path), &dataset.source) {
            dataset.source = Some(shown_address(address));
        }
        Ok(dataset)
    }

    /// The path itself, or that of a copy of what lies at the address: of what reading with `options`
    /// takes, or of all.
    fn local(&mut self, key: &str, path: &Path, options: Option<&LoadOptions>) -> Result<PathBuf> {
        let Some(address) = address(path) else {
            return Ok(path.into());
        };
        let step = format!("download {}", shown_address(address));
        let mut progress = transferred(self.observer, &step);
        let brought = match options {
            Some(options) => self.remote.bring(address, options, &mut progress),
            None => self.remote.bring_all(address, &mut progress),
        };
        drop(progress);
        self.observer.end();
        match brought {
            Ok(brought) => Ok(brought.path),
            Err(error) if error.is_bad_input() => Err(self.mistake(key, error).into()),
            Err(error) => Err(error).context(key.to_owned()),
        }
    }

    /// The file of exact neighbours that the experiment names.
    fn truth_file(&mut self) -> Result<Option<PathBuf>> {
        let Some(file) = &self.written.experiment.dataset.ground_truth else {
            return Ok(None);
        };
        let path = within(&self.written.folder, file);
        self.local("dataset.ground_truth", &path, None).map(Some)
    }

    fn metric(&self, dataset: &Dataset) -> Metric {
        let asked = self.written.experiment.dataset.metric;
        asked.or(dataset.metric).unwrap_or(Metric::Cosine)
    }

    fn base(&mut self, dataset: &Dataset) -> Result<Embeddings, Mistake> {
        let options = self.options();
        self.observer.begin("read the base", None);
        let base = dataset.load_base_on(
            &options,
            all_threads(),
            &mut shown(self.observer, "read the base"),
        );
        self.observer.end();
        base.map_err(|error| self.mistake("dataset.path", error))
    }

    /// Keeps as much of the base as the experiment asks for.
    fn limit(&self, base: &mut Embeddings) -> Result<(), Mistake> {
        let limit = self.written.experiment.dataset.limit;
        if let Some(limit) = self.positive("dataset.limit", limit)? {
            keep(base, |row| row < limit);
        }
        Ok(())
    }

    fn positive(&self, key: &str, value: Option<usize>) -> Result<Option<usize>, Mistake> {
        match value {
            Some(0) => Err(self.written.places.mistake(key, "must be at least 1")),
            value => Ok(value),
        }
    }

    fn options(&self) -> LoadOptions {
        let spec = &self.written.experiment.dataset;
        LoadOptions {
            vector_column: spec.vector_column.clone(),
            id_column: spec.id_column.clone(),
            ..LoadOptions::default()
        }
    }

    fn queries(&mut self, dataset: &Dataset, base: &mut Embeddings) -> Result<Queries> {
        let spec = self.written.experiment.dataset.queries.clone();
        let limit = self.positive("dataset.queries.limit", spec.limit)?;
        match &spec.file {
            Some(_) if spec.sample.is_some() || spec.holdout.is_some() => {
                let message = "a file and a sample exclude each other; keep one of the two";
                Err(self
                    .written
                    .places
                    .mistake("dataset.queries", message)
                    .into())
            }
            Some(file) => {
                let path = within(&self.written.folder, file);
                self.query_file(path, limit)
            }
            None if spec
                == QueriesSpec {
                    limit,
                    ..QueriesSpec::default()
                } =>
            {
                match self.dataset_queries(dataset, limit)? {
                    Some(queries) => Ok(queries),
                    None => Ok(self.sample(&spec, dataset, base)?),
                }
            }
            None => Ok(self.sample(&spec, dataset, base)?),
        }
    }

    fn dataset_queries(
        &mut self,
        dataset: &Dataset,
        limit: Option<usize>,
    ) -> Result<Option<Queries>, Mistake> {
        let Some(file) = &dataset.queries else {
            return Ok(None);
        };
        let options = self.query_options(self.is_base_local());
        let queries = dataset.load_queries(&options, &mut |_| {});
        let queries = queries.map_err(|error| self.mistake("dataset.path", error))?;
        let told = |queries| self.told(queries, limit, Origin::Dataset, &file.path);
        queries.map(told).transpose()
    }

    fn query_file(&mut self, path: PathBuf, limit: Option<usize>) -> Result<Queries> {
        let options = self.query_options(address(&path).is_none());
        let local = self.local("dataset.queries.file", &path, Some(&options))?;
        let queries = annbench_store::load(&local, &options, &mut |_| {});
        let queries = queries.map_err(|error| self.mistake("dataset.queries.file", error))?;
        Ok(self.told(queries, limit, Origin::File(path), &local)?)
    }

    /// The queries with what their own table at `path` says of them.
    fn told(
        &self,
        mut queries: Embeddings,
        limit: Option<usize>,
        origin: Origin,
        path: &Path,
    ) -> Result<Queries, Mistake> {
        if let Some(limit) = limit.filter(|limit| *limit < queries.n()) {
            queries = queries.select(&(0..limit).collect::<Vec<_>>());
        }
        let facts = queries.columns.as_ref();
        let facts = facts.map(|columns| row_facts(path, columns)).transpose();
        let facts = facts.map_err(|error| self.mistake(origin.key(), error))?;
        Ok(Queries {
            vectors: queries.vectors,
            origin,
            facts: facts.unwrap_or_default(),
        })
    }

    /// Of what lies elsewhere nothing is copied but what is searched.
    fn is_base_local(&self) -> bool {
        let path = self.written.experiment.dataset.path.as_deref();
        path.is_some_and(|path| address(path).is_none())
    }

    /// Queries need no names: an id column of theirs may well repeat itself, and is kept like any
    /// other column, if they are.
    fn query_options(&self, keep_columns: bool) -> LoadOptions {
        LoadOptions {
            id_column: Some(String::new()),
            keep_columns,
            ..self.options()
        }
    }

    fn sample(
        &self,
        spec: &QueriesSpec,
        dataset: &Dataset,
        base: &mut Embeddings,
    ) -> Result<Queries, Mistake> {
        let key = "dataset.queries.sample";
        let n = base.n();
        let most = (n / 10).clamp(1, DEFAULT_SAMPLE);
        let count = self.positive(key, spec.sample)?.unwrap_or(most);
        let holdout = spec.holdout.unwrap_or(true);
        if count + usize::from(holdout) > n {
            let message =
                format!("a sample of {count} leaves no base: it has {n} vectors; lower it");
            return Err(self.written.places.mistake(key, message));
        }
        let rows = sample_rows(n, count, self.written.experiment.seed);
        let drawn = base.select(&rows);
        let queries = |origin| -> Result<Queries, Mistake> {
            Ok(Queries {
                facts: self.facts_of_sample(dataset, &rows, &drawn.ids)?,
                vectors: drawn.vectors,
                origin,
            })
        };
        if !holdout {
            return queries(Origin::InBase);
        }
        let queries = queries(Origin::HeldOut)?;
        let taken: HashSet<usize> = rows.into_iter().collect();
        keep(base, |row| !taken.contains(&row));
        Ok(queries)
    }

    /// What the base's table says of some of its rows, which are called `names`.
    fn facts_of_sample(
        &self,
        dataset: &Dataset,
        rows: &[usize],
        names: &Ids,
    ) -> Result<Vec<RowFacts>, Mistake> {
        let options = dataset.with_columns(&self.options());
        let facts = match self.is_base_local() {
            true => read_row_facts(&dataset.base.path, &options, rows),
            false => Ok(Vec::new()),
        };
        let mut facts = facts.map_err(|error| self.mistake("dataset.path", error))?;
        facts.resize(rows.len(), RowFacts::default());
        for (at, facts) in facts.iter_mut().enumerate() {
            facts.id = names.get(at).map(|name| name.to_string());
        }
        Ok(facts)
    }

    fn check_fit(&self, base: &Embeddings, found: &Queries) -> Result<(), Mistake> {
        match (base.dim(), found.vectors.dim()) {
            (base, queries) if base == queries => Ok(()),
            (base, queries) => Err(self.written.places.mistake(
                found.origin.key(),
                format!("queries have dim = {queries}, the base has dim = {base}; embed both with one model"),
            )),
        }
    }
}

/// Keeps some rows of vectors and ids.
fn keep(embeddings: &mut Embeddings, mut wanted: impl FnMut(usize) -> bool) {
    let rows: Vec<usize> = (0..embeddings.n()).filter(|&row| wanted(row)).collect();
    if rows.len() == embeddings.n() {
        return;
    }
    embeddings.ids = embeddings.ids.select(&rows);
    embeddings.vectors.retain_rows(wanted);
}

fn shown<'a>(observer: &'a mut dyn Observer, step: &'a str) -> impl FnMut(Progress) + use<'a> {
    let mut begun = false;
    move |progress| {
        if !begun {
            observer.begin(step, Some(progress.total as u64));
            begun = true;
        }
        observer.advance(progress.done as u64);
    }
}

fn transferred<'a>(
    observer: &'a mut dyn Observer,
    step: &'a str,
) -> impl FnMut(Transfer) + use<'a> {
    let mut total = None;
    move |transfer| {
        if total.replace(transfer.total) != Some(transfer.total) {
            observer.begin_transfer(step, transfer.total);
        }
        observer.advance(transfer.done);
    }
}

/// An error with all its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
