//! The texts of an experiment, with all that it says of them.

use std::path::{Path, PathBuf};

use annbench_embed::{CorpusError, Metadata, Split, Texts};
use annbench_runner::{DatasetSpec, QueryTexts, TextSplit};
use annbench_store::TextColumns;

/// What texts are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Corpus,
    Queries,
}

impl Role {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Corpus => "corpus",
            Self::Queries => "queries",
        }
    }

    pub(super) fn texts_key(self) -> &'static str {
        match self {
            Self::Corpus => "dataset.corpus",
            Self::Queries => "dataset.queries.texts",
        }
    }

    pub(super) fn embedded_key(self) -> &'static str {
        match self {
            Self::Corpus => "dataset.embedded",
            Self::Queries => "dataset.queries.embedded",
        }
    }
}

/// Texts of an experiment, with all that it says of them; paths are resolved.
pub(super) struct Part {
    pub(super) role: Role,
    pub(super) texts: Texts,
    pub(super) metadata: Option<PathBuf>,
    pub(super) prefix: Option<String>,
    pub(super) query_prefix: Option<String>,
    pub(super) embedded: Option<PathBuf>,
    /// What the file of vectors is called.
    pub(super) stem: String,
}

impl Part {
    /// Refuses texts that cannot be read and metadata that does not fit them, before a model is
    /// looked for.
    pub(super) fn check(&self) -> Result<(), CorpusError> {
        let count = self.texts.count()?;
        match &self.metadata {
            Some(path) => Ok(Metadata::read(path)?.check(count)?),
            None => Ok(()),
        }
    }
}

pub(super) fn parts(dataset: &DatasetSpec, folder: &Path) -> Vec<Part> {
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
