//! Experiments on texts: corpus and queries become files of vectors before anything else.
//!
//! The files lie in the cache, called by what they were made of; what was made once is found again.

mod maker;
mod part;

use std::path::{Path, PathBuf};

use annbench_embed::CorpusError;
use annbench_runner::{DatasetSpec, Interrupted, QueriesSpec, Written};
use anyhow::Result;

use self::{
    maker::{Maker, OtherModel},
    part::{Part, Role, parts},
};
use super::models;
use crate::{interrupt::Signals, progress::Bars};

/// Embeds what the experiment names in words, and has it name the files of vectors instead.
///
/// What is computed is kept, so that who stops it goes on where it was.
pub(crate) fn embedded(
    written: &mut Written,
    cache: &Path,
    signals: &Signals,
    bars: &mut Bars,
) -> Result<()> {
    let dataset = written.experiment.dataset.clone();
    let parts = parts(&dataset, &written.folder);
    let Some(name) = dataset.model.as_ref().filter(|_| !parts.is_empty()) else {
        return Ok(());
    };
    for part in &parts {
        part.check()
            .map_err(|error| located(written, part, error.into()))?;
    }
    let model = match models::locate(name, &written.folder, bars) {
        Err(why) if parts.iter().any(|part| part.embedded.is_none()) => return Err(why),
        model => model,
    };
    let maker = Maker {
        written,
        cache: &std::path::absolute(cache)?,
        name: model_name(name, &written.folder)?,
        model,
        signals,
    };
    let files: Vec<(Role, PathBuf)> = parts
        .iter()
        .map(|part| Ok((part.role, maker.file(part, bars)?)))
        .collect::<Result<_>>()?;
    for (role, file) in files {
        name_instead(role, file, &mut written.experiment.dataset);
    }
    Ok(())
}

/// A folder is named by its whole path: who reads the name later is elsewhere.
fn model_name(name: &str, folder: &Path) -> Result<String> {
    let path = folder.join(name);
    match path.is_dir() {
        true => Ok(std::path::absolute(path)?.display().to_string()),
        false => Ok(name.to_owned()),
    }
}

fn name_instead(role: Role, file: PathBuf, dataset: &mut DatasetSpec) {
    match role {
        Role::Corpus => {
            dataset.path = Some(file);
            dataset.corpus = None;
            // The table is annbench's own: its columns have the names annbench gives.
            dataset.id_column = None;
        }
        Role::Queries => {
            dataset.queries = QueriesSpec {
                file: Some(file),
                limit: dataset.queries.limit,
                ..QueriesSpec::default()
            };
        }
    }
}

/// An error with its place in the experiment, where the experiment is at fault.
fn located(written: &Written, part: &Part, error: anyhow::Error) -> anyhow::Error {
    let key = match error.downcast_ref::<CorpusError>() {
        Some(CorpusError::Text(_)) => part.role.texts_key(),
        Some(CorpusError::Metadata(_)) => "dataset.metadata",
        Some(CorpusError::Load(_) | CorpusError::NoRecipe { .. }) => part.role.embedded_key(),
        Some(CorpusError::NotReady { .. }) => part.role.embedded_key(),
        _ if error.is::<OtherModel>() => part.role.embedded_key(),
        // Its words are all that is to be said.
        _ if error.is::<Interrupted>() => return error,
        _ => return error.context(format!("embed the {}", part.role.words())),
    };
    written.places.mistake(key, format!("{error:#}")).into()
}
