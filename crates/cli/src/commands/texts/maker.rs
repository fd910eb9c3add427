//! Making the files of vectors: by a model, or of ready embeddings where it is not at hand.

use std::path::{Path, PathBuf};

use annbench_embed::{Corpus, CorpusError, Metadata, Ready, Recipe};
use annbench_runner::{Observer, Written};
use annbench_store::{WriteOptions, hash::sha256_parts};
use anyhow::{Result, bail};

use super::{located, part::Part};
use crate::{
    commands::models::{self, Located, Task},
    interrupt::Signals,
    progress::Bars,
};

/// Makes files of vectors for one experiment.
pub(super) struct Maker<'a> {
    pub(super) written: &'a Written,
    pub(super) cache: &'a Path,
    pub(super) name: String,
    pub(super) model: Result<Located>,
    pub(super) signals: &'a Signals,
}

impl Maker<'_> {
    /// The file of vectors of a part, made if it is not there.
    pub(super) fn file(&self, part: &Part, bars: &mut Bars) -> Result<PathBuf> {
        let made = match (&self.model, &part.embedded) {
            (Ok(model), _) => self.by_model(part, model, bars),
            (Err(why), Some(file)) => self.by_table(part, file, why, bars).map_err(|error| {
                error.context(format!(
                    "the model is not at hand ({why:#}), and what was embedded before does not do"
                ))
            }),
            (Err(why), None) => bail!("{why:#}"),
        };
        made.map_err(|error| located(self.written, part, error))
    }

    fn by_model(&self, part: &Part, model: &Located, bars: &mut Bars) -> Result<PathBuf> {
        let recipe = self.recipe(part, model.fingerprint.clone());
        let (output, metadata) = self.output(part, &recipe)?;
        if output.is_file() {
            return Ok(output);
        }
        let options = noted(&recipe);
        let task = Task {
            corpus: Corpus {
                texts: &part.texts,
                metadata: metadata.as_ref(),
                output: &output,
                options: &options,
            },
            model,
            recipe: &recipe,
            cache: self.cache,
            batch: None,
            threads: None,
            stop: self.signals.listen()?,
        };
        let tally = models::write(&task, bars)?;
        bars.note(&format!(
            "{}: {} texts, {} of them embedded now, in {:.1} s",
            part.role.words(),
            tally.n,
            tally.computed,
            tally.seconds
        ));
        Ok(output)
    }

    fn by_table(
        &self,
        part: &Part,
        file: &Path,
        why: &anyhow::Error,
        bars: &mut Bars,
    ) -> Result<PathBuf> {
        let mut ready = Ready::open(file)?;
        let recipe = self.recipe(part, ready.recipe().fingerprint.clone());
        if (&ready.recipe().model, &ready.recipe().prefix) != (&recipe.model, &recipe.prefix) {
            let found = &ready.recipe().model;
            return Err(OtherModel {
                file: file.into(),
                found: found.clone(),
                wanted: recipe.model,
            }
            .into());
        }
        let (output, metadata) = self.output(part, &recipe)?;
        let options = noted(&recipe);
        let corpus = Corpus {
            texts: &part.texts,
            metadata: metadata.as_ref(),
            output: &output,
            options: &options,
        };
        corpus.write(&mut ready, &mut |_| {})?;
        bars.note(&format!(
            "{}: the embeddings are those of {}, made by {}; no model was asked ({why:#})",
            part.role.words(),
            file.display(),
            recipe.model
        ));
        Ok(output)
    }

    fn recipe(&self, part: &Part, fingerprint: String) -> Recipe {
        Recipe {
            model: self.name.clone(),
            fingerprint,
            prefix: part.prefix.clone(),
            query_prefix: part.query_prefix.clone(),
        }
    }

    /// Where the file lies, or would, and the metadata that belongs into it.
    fn output(
        &self,
        part: &Part,
        recipe: &Recipe,
    ) -> Result<(PathBuf, Option<Metadata>), CorpusError> {
        let metadata = part.metadata.as_deref().map(Metadata::read).transpose()?;
        let rows = metadata.as_ref().map_or(&[][..], Metadata::rows);
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let key = sha256_parts(&[
            &recipe.key(),
            &recipe.model,
            &format!("{:?}", recipe.query_prefix),
            &part.texts.sha256()?,
            &sha256_parts(&rows),
        ]);
        let folder = self.cache.join("embeddings").join(key);
        Ok((folder.join(format!("{}.parquet", part.stem)), metadata))
    }
}

fn noted(recipe: &Recipe) -> WriteOptions {
    WriteOptions {
        notes: recipe.notes(),
        ..WriteOptions::default()
    }
}

/// Ready embeddings of another model than the experiment's.
#[derive(Debug, thiserror::Error)]
#[error("{}: made by {found} or with another prefix, the experiment asks for {wanted}; embed the texts again", .file.display())]
pub(super) struct OtherModel {
    file: PathBuf,
    found: String,
    wanted: String,
}
