//! Experiments on texts: corpus and queries become files of vectors before anything else.
//!
//! The files lie in the cache, called by what they were made of; what was made once is found again.

use std::path::{Path, PathBuf};

use annbench_embed::{Corpus, CorpusError, Metadata, Ready, Recipe, Split, Texts};
use annbench_runner::{DatasetSpec, Observer, QueriesSpec, QueryTexts, TextSplit, Written};
use annbench_store::{TextColumns, WriteOptions, hash::sha256_parts};
use anyhow::{Result, bail};

use super::models::{self, Located, Task};
use crate::progress::Bars;

/// Embeds what the experiment names in words, and has it name the files of vectors instead.
pub(crate) fn embedded(written: &mut Written, cache: &Path, bars: &mut Bars) -> Result<()> {
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

/// What texts are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Corpus,
    Queries,
}

impl Role {
    fn words(self) -> &'static str {
        match self {
            Self::Corpus => "corpus",
            Self::Queries => "queries",
        }
    }

    fn texts_key(self) -> &'static str {
        match self {
            Self::Corpus => "dataset.corpus",
            Self::Queries => "dataset.queries.texts",
        }
    }

    fn embedded_key(self) -> &'static str {
        match self {
            Self::Corpus => "dataset.embedded",
            Self::Queries => "dataset.queries.embedded",
        }
    }
}

/// Texts of an experiment, with all that it says of them; paths are resolved.
struct Part {
    role: Role,
    texts: Texts,
    metadata: Option<PathBuf>,
    prefix: Option<String>,
    query_prefix: Option<String>,
    embedded: Option<PathBuf>,
    /// What the file of vectors is called.
    stem: String,
}

impl Part {
    /// Refuses texts that cannot be read and metadata that does not fit them, before a model is
    /// looked for.
    fn check(&self) -> Result<(), CorpusError> {
        let count = self.texts.count()?;
        match &self.metadata {
            Some(path) => Ok(Metadata::read(path)?.check(count)?),
            None => Ok(()),
        }
    }
}

fn parts(dataset: &DatasetSpec, folder: &Path) -> Vec<Part> {
    let queries = &dataset.queries;
    let at = |path: &Option<PathBuf>| path.as_ref().map(|path| folder.join(path));
    let corpus = at(&dataset.corpus).map(|path| Part {
        role: Role::Corpus,
        stem: stem(&path),
        texts: file(path, dataset),
        metadata: at(&dataset.metadata),
        prefix: dataset.prefix.clone(),
        query_prefix: queries.prefix.clone(),
        embedded: at(&dataset.embedded),
    });
    let words = queries.texts.as_ref().map(|texts| {
        let (texts, stem) = match texts {
            QueryTexts::List(texts) => (Texts::List(texts.clone()), "queries".into()),
            QueryTexts::File(path) => {
                let path = folder.join(path);
                let stem = stem(&path);
                (file(path, &DatasetSpec::default()), stem)
            }
        };
        Part {
            role: Role::Queries,
            texts,
            stem,
            metadata: None,
            prefix: queries.prefix.clone(),
            query_prefix: None,
            embedded: at(&queries.embedded),
        }
    });
    corpus.into_iter().chain(words).collect()
}

fn file(path: PathBuf, dataset: &DatasetSpec) -> Texts {
    Texts::File {
        path,
        split: match dataset.split.unwrap_or_default() {
            TextSplit::Lines => Split::Lines,
            TextSplit::Paragraphs => Split::Paragraphs,
        },
        columns: TextColumns {
            text: dataset.text_column.clone(),
            id: dataset.id_column.clone(),
        },
    }
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
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

/// Makes files of vectors for one experiment.
struct Maker<'a> {
    written: &'a Written,
    cache: &'a Path,
    name: String,
    model: Result<Located>,
}

impl Maker<'_> {
    /// The file of vectors of a part, made if it is not there.
    fn file(&self, part: &Part, bars: &mut Bars) -> Result<PathBuf> {
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

/// An error with its place in the experiment, where the experiment is at fault.
fn located(written: &Written, part: &Part, error: anyhow::Error) -> anyhow::Error {
    let key = match error.downcast_ref::<CorpusError>() {
        Some(CorpusError::Text(_)) => part.role.texts_key(),
        Some(CorpusError::Metadata(_)) => "dataset.metadata",
        Some(CorpusError::Load(_) | CorpusError::NoRecipe { .. }) => part.role.embedded_key(),
        Some(CorpusError::NotReady { .. }) => part.role.embedded_key(),
        _ if error.is::<OtherModel>() => part.role.embedded_key(),
        _ => return error.context(format!("embed the {}", part.role.words())),
    };
    written.places.mistake(key, format!("{error:#}")).into()
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
struct OtherModel {
    file: PathBuf,
    found: String,
    wanted: String,
}
