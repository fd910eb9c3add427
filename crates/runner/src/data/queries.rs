//! The queries of an experiment: of a file, of the dataset, or sampled from the base.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use annbench_store::{
    Embeddings, LoadOptions, RowFacts,
    dataset::Dataset,
    read_row_facts,
    remote::{address, within},
    results::Warning,
    row_facts,
    sample::sample_rows,
};
use annbench_vectors::{Ids, Matrix};
use anyhow::Result;

use super::reader::{Reader, keep};
use crate::experiment::{Mistake, QueriesSpec};

/// Queries to draw where nothing is said, and there is enough to draw from.
const DEFAULT_SAMPLE: usize = 1000;

/// Queries as they were found.
pub(super) struct Queries {
    pub(super) vectors: Matrix,
    pub(super) origin: Origin,
    /// Of each, or none.
    pub(super) facts: Vec<RowFacts>,
}

/// Where queries came from.
pub(super) enum Origin {
    File(PathBuf),
    Dataset,
    HeldOut,
    InBase,
}

impl Origin {
    pub(super) fn key(&self) -> &'static str {
        match self {
            Self::File(_) => "dataset.queries.file",
            Self::Dataset | Self::HeldOut | Self::InBase => "dataset.path",
        }
    }

    pub(super) fn in_words(&self) -> String {
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

    pub(super) fn warnings(&self, queries: usize) -> Vec<Warning> {
        match self {
            Self::InBase => vec![Warning::QueriesInBase { queries }],
            _ => Vec::new(),
        }
    }
}

impl Reader<'_> {
    pub(super) fn queries(&mut self, dataset: &Dataset, base: &mut Embeddings) -> Result<Queries> {
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
}
