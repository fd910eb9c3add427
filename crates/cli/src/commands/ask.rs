//! `annbench ask`: a question in words to an index of texts, with exact search's answer beside it.

mod finding;
mod place;
mod table;

use std::{path::Path, time::Duration};

use annbench_embed::Recipe;
use annbench_runner::Observer;
use annbench_store::read_notes;
use annbench_vectors::{Matrix, Metric};
use anyhow::{Context, Result};

use self::{finding::answer_of, place::Place, table::TextTable};
use super::{answer, inputs::at_least_one, models};
use crate::{
    args::AskArgs,
    exit::{BadArgument, Outcome},
    progress::Bars,
};

pub(crate) fn ask(args: AskArgs) -> Result<Outcome> {
    at_least_one("--k", args.k)?;
    if args.question.trim().is_empty() {
        return Err(BadArgument("the question is empty; ask something in words".into()).into());
    }
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
