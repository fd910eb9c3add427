//! `annbench ask`: a question in words to an index of texts, with exact search's answer beside it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use annbench_embed::{METADATA_COLUMN, Recipe, TEXT_COLUMN};
use annbench_eval::{ExactOptions, GroundTruth};
use annbench_index::{Index, IndexCard, Params, SearchSetup};
use annbench_runner::{Observer, all_threads};
use annbench_store::{
    Embeddings, LoadOptions, TextColumns, read_notes, read_texts,
    results::{PointRow, RunRecord, tables},
};
use annbench_vectors::{Ids, Matrix, Metric, Neighbors, normalize_rows};
use anyhow::{Context, Result};

use super::{answer, inputs, models, search};
use crate::{
    args::AskArgs,
    backends::registry,
    exit::{BadArgument, Outcome},
    progress::Bars,
};

pub(crate) fn ask(args: AskArgs) -> Result<Outcome> {
    let place = Place::find(&args.place)?;
    let texts_file = place.texts_file(args.texts.as_deref())?;
    let texts = TextTable::read(&texts_file)?;
    let recipe = recipe(&texts_file, args.model.as_deref())?;
    let question = question(&args, &recipe)?;
    let mut answers = Vec::new();
    for index in &place.indexes {
        let answer = answer_of(index, &place, &texts, &question, &args);
        answers.push(answer.with_context(|| index.display().to_string())?);
    }
    answer::print(&args, &recipe.model, &answers)?;
    Ok(Outcome::Fine)
}

/// What was found for a question.
pub(crate) struct Answer {
    /// What the table of the run calls the index, or its file.
    pub(crate) label: String,
    /// Search parameters in force.
    pub(crate) effective: String,
    pub(crate) metric: Metric,
    /// Texts in the index.
    pub(crate) n: usize,
    pub(crate) found: Vec<Found>,
    pub(crate) exact: Vec<Found>,
    pub(crate) took: Duration,
    pub(crate) exact_took: Duration,
}

/// A text that was found.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) score: f64,
    pub(crate) text: String,
    /// JSON; none where the texts have no metadata.
    pub(crate) metadata: Option<String>,
}

/// The indexes asked, and the run they belong to.
struct Place {
    indexes: Vec<PathBuf>,
    run: Option<(PathBuf, RunRecord)>,
}

impl Place {
    /// A run's folder, an experiment's (which stands for its latest run), or an index's file.
    fn find(path: &Path) -> Result<Self> {
        if !path.exists() {
            let reason = "no such run or index; give runs/EXPERIMENT/latest";
            return Err(BadArgument(format!("{}: {reason}", path.display())).into());
        }
        let run_folder = match path.is_dir() {
            false => path.parent().and_then(Path::parent).map(Path::to_owned),
            true if path.join("run.json").is_file() => Some(path.to_owned()),
            true => Some(path.join("latest")),
        };
        let record = |folder: PathBuf| {
            let file = folder.join("run.json");
            file.is_file()
                .then(|| tables::read_record(&file).map(|record| (folder, record)))
        };
        let run = run_folder.and_then(record).transpose()?;
        let indexes = match (&run, path.is_dir()) {
            (_, false) => vec![path.to_owned()],
            (Some((folder, _)), true) => approximate(folder)?,
            (None, true) => {
                let reason = "neither a run's folder nor an index; give runs/EXPERIMENT/latest";
                return Err(BadArgument(format!("{}: {reason}", path.display())).into());
            }
        };
        Ok(Self { indexes, run })
    }

    fn texts_file(&self, given: Option<&Path>) -> Result<PathBuf, BadArgument> {
        let of_run = || self.run.as_ref()?.1.dataset.base_file.clone();
        let file = given.map(Path::to_owned).or_else(of_run);
        let file = file.ok_or_else(|| {
            let reason =
                "no run tells which texts were indexed; name their Parquet file with --texts";
            BadArgument(reason.into())
        })?;
        match file.is_file() {
            true => Ok(file),
            false => Err(BadArgument(format!(
                "{}: the texts that were indexed are gone; run the experiment again, or name their Parquet file with --texts",
                file.display()
            ))),
        }
    }

    /// What the run says of an index: its label, and the parameters it was first measured with.
    fn measured(&self, index: &Path) -> Result<Option<(String, Params)>> {
        let Some((folder, _)) = &self.run else {
            return Ok(None);
        };
        let builds = tables::read_builds(&folder.join("builds.parquet"))?;
        let name = index.file_name();
        let build = builds.into_iter().find(|build| {
            build
                .index_file
                .as_deref()
                .map(Path::new)
                .and_then(Path::file_name)
                == name
        });
        let Some(build) = build else { return Ok(None) };
        let points = tables::read_points(&folder.join("points.parquet"))?;
        let of_build = |point: &&PointRow| point.build == build.build;
        let point = points.iter().find(of_build);
        let params = point.map(|point| point.requested.clone().into());
        Ok(Some((build.label, params.unwrap_or_default())))
    }
}

/// The run's indexes that exact search is to be compared with; an exact one where there is no other.
fn approximate(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut builds = tables::read_builds(&folder.join("builds.parquet"))?;
    builds.retain(|build| build.repetition == 0 && build.index_file.is_some());
    if builds.iter().any(|build| !build.is_exact) {
        builds.retain(|build| !build.is_exact);
    }
    let files = builds.into_iter().filter_map(|build| build.index_file);
    let indexes: Vec<PathBuf> = files.map(|file| folder.join(file)).collect();
    match indexes.is_empty() {
        true => Err(BadArgument(format!("{}: the run has left no index", folder.display())).into()),
        false => Ok(indexes),
    }
}

fn recipe(texts: &Path, model: Option<&str>) -> Result<Recipe> {
    let noted = Recipe::of_notes(&read_notes(texts)?);
    match (noted, model) {
        (Some(recipe), None) => Ok(recipe),
        (Some(recipe), Some(model)) => Ok(Recipe {
            model: model.into(),
            ..recipe
        }),
        (None, Some(model)) => Ok(Recipe {
            model: model.into(),
            fingerprint: String::new(),
            prefix: None,
            query_prefix: None,
        }),
        (None, None) => Err(BadArgument(format!(
            "{}: does not say which model made its embeddings; name it with --model",
            texts.display()
        ))
        .into()),
    }
}

fn question(args: &AskArgs, recipe: &Recipe) -> Result<Matrix> {
    let mut bars = Bars::default();
    let model = models::locate(&recipe.model, Path::new(""), &mut bars)?;
    if !recipe.fingerprint.is_empty() && recipe.fingerprint != model.fingerprint {
        bars.note(&format!(
            "warning: {} is not byte for byte the model that embedded the texts; their scores may be off",
            model.folder.display()
        ));
    }
    models::question(&args.question, &model, recipe, &mut bars)
}

/// The texts that were indexed, with their embeddings.
struct TextTable {
    embeddings: Embeddings,
    texts: Vec<String>,
    metadata: Option<Vec<String>>,
    rows: HashMap<String, usize>,
}

impl TextTable {
    fn read(path: &Path) -> Result<Self> {
        let embeddings = annbench_store::load(path, &LoadOptions::default(), &mut |_| {})?;
        let name = |row| embeddings.ids.get(row).map(|id| (id.to_string(), row));
        Ok(Self {
            rows: (0..embeddings.n()).filter_map(name).collect(),
            texts: column(path, TEXT_COLUMN)?,
            metadata: column(path, METADATA_COLUMN).ok(),
            embeddings,
        })
    }

    /// The rows that an index holds, in its order.
    fn rows_of(&self, ids: &Ids) -> Result<Vec<usize>, BadArgument> {
        let row = |place| {
            let id = ids.get(place).map(|id| id.to_string()).unwrap_or_default();
            self.rows.get(&id).copied().ok_or_else(|| {
                BadArgument(format!(
                    "the index holds the id {id}, which the texts do not have; name the file that was indexed with --texts"
                ))
            })
        };
        (0..ids.len()).map(row).collect()
    }

    fn found(&self, row: usize, score: f64) -> Found {
        let id = self.embeddings.ids.get(row);
        Found {
            id: id.map(|id| id.to_string()).unwrap_or_default(),
            score,
            text: self.texts[row].clone(),
            metadata: self.metadata.as_ref().map(|metadata| metadata[row].clone()),
        }
    }
}

fn column(path: &Path, name: &str) -> Result<Vec<String>, annbench_store::LoadError> {
    let columns = TextColumns {
        text: Some(name.into()),
        id: Some(String::new()),
    };
    let mut texts = Vec::new();
    read_texts(path, &columns, &mut |rows| {
        texts.extend(rows.texts);
        Ok::<(), annbench_store::LoadError>(())
    })?;
    Ok(texts)
}

fn answer_of(
    path: &Path,
    place: &Place,
    texts: &TextTable,
    question: &Matrix,
    args: &AskArgs,
) -> Result<Answer> {
    let (mut index, card) = registry().open(path)?;
    let rows = texts.rows_of(&search::ids(path, &card)?)?;
    let mut query = question.clone();
    let mut base = texts.embeddings.vectors.select(&rows);
    if card.metric == Metric::Cosine {
        for vectors in [&mut query, &mut base] {
            normalize_rows(vectors).map_err(|zero| BadArgument(zero.to_string()))?;
        }
    }
    let setup = SearchSetup {
        k: inputs::at_least_one("--k", args.k)?,
        threads: 1,
    };
    let measured = place.measured(path)?;
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let (label, params) = measured.unwrap_or((file.into_owned(), Params::default()));
    let params = match args.set.is_empty() {
        true => params,
        false => inputs::params(&args.set)?,
    };
    let effective = index
        .configure(&params, setup)
        .context("the search parameters")?;
    let (found, took) = searched(&*index, &query, args.k)?;
    let (exact, exact_took) = exactly(&base, &query, &card, args.k)?;
    let named = |found: Vec<(usize, f64)>| {
        let named = |(row, score)| texts.found(rows[row], score);
        found.into_iter().map(named).collect()
    };
    Ok(Answer {
        label,
        effective: effective.to_string(),
        metric: card.metric,
        n: card.n,
        found: named(found),
        exact: named(exact),
        took,
        exact_took,
    })
}

type Timed = (Vec<(usize, f64)>, Duration);

/// Rows of the index with their scores. The first search warms caches up, the second is timed.
fn searched(index: &dyn Index, query: &Matrix, k: usize) -> Result<Timed> {
    let mut neighbors = Neighbors::new(1, k);
    let mut took = Duration::ZERO;
    for _ in 0..2 {
        let start = Instant::now();
        index
            .search(query.view(), &mut neighbors.as_mut())
            .map_err(|error| BadArgument(error.to_string()))?;
        took = start.elapsed();
    }
    let pairs = neighbors.ids(0).iter().zip(neighbors.scores(0));
    Ok((
        pairs
            .map(|(&row, &score)| (row as usize, f64::from(score)))
            .collect(),
        took,
    ))
}

fn exactly(base: &Matrix, query: &Matrix, card: &IndexCard, k: usize) -> Result<Timed> {
    let mut options = ExactOptions::new(all_threads());
    let start = Instant::now();
    let truth = GroundTruth::compute(base.view(), query.view(), card.metric, k, &mut options)?;
    let took = start.elapsed();
    let pairs = truth.ids(0).iter().zip(truth.scores(0));
    Ok((
        pairs.map(|(&row, &score)| (row as usize, score)).collect(),
        took,
    ))
}
