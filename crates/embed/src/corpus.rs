//! A corpus, embedded part by part and written as one table.

use std::path::{Path, PathBuf};

use annbench_store::{
    LoadError, Progress, WriteError, WriteOptions, vector_log::VectorLogError, write_parquet_parts,
};
use annbench_vectors::ShapeError;

use crate::{
    EmbedError, Metadata, MetadataError, TableError, TextError, Texts, VectorSource, with_texts,
};

/// Texts that were not embedded and written.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "fields are what the messages name")]
pub enum CorpusError {
    /// The texts are refused.
    #[error(transparent)]
    Text(#[from] TextError),
    /// What is known of them is refused.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// A file of embeddings is refused.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The log of computed vectors cannot be used.
    #[error(transparent)]
    Log(#[from] VectorLogError),
    /// The model fails.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// Vectors that make no matrix.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Vectors and texts that make no table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The table cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// It was asked to stop, and did.
    #[error("stopped before all texts were embedded; do it again, it goes on where it was")]
    Stopped,
    /// A file of embeddings that says nothing of a model.
    #[error("{}: does not say which model made its embeddings; write it with `annbench embed`", .path.display())]
    NoRecipe { path: PathBuf },
    /// A text without a ready embedding.
    #[error("{}: holds no embedding of the text `{text}`; embed it with the model", .path.display())]
    NotReady { path: PathBuf, text: String },
}

/// What there is to embed, and where it goes.
#[derive(Debug)]
pub struct Corpus<'a> {
    /// The texts.
    pub texts: &'a Texts,
    /// What is known of each.
    pub metadata: Option<&'a Metadata>,
    /// The Parquet file to write: ids, vectors, texts, metadata.
    pub output: &'a Path,
    /// How to write it.
    pub options: &'a WriteOptions,
}

impl Corpus<'_> {
    /// Embeds the texts and writes the table, a few thousand rows at a time; returns the number of
    /// rows. All texts are read once before the first is embedded.
    ///
    /// # Errors
    /// [`CorpusError`] for the first thing that is refused or fails; the output is then as it was.
    pub fn write(
        &self,
        source: &mut dyn VectorSource,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<usize, CorpusError> {
        let total = self.texts.count()?;
        if let Some(metadata) = self.metadata {
            metadata.check(total)?;
        }
        let (mut row, mut done) = (0, 0);
        let mut advance = |texts| {
            done += texts;
            progress(Progress { done, total });
        };
        write_parquet_parts(self.output, self.options, |writer| {
            self.texts.read(&mut |rows| {
                let vectors = source.vectors(&rows.texts, &mut advance)?;
                let end = row + rows.texts.len();
                let metadata = self.metadata.and_then(|all| all.rows().get(row..end));
                writer.push(&with_texts(vectors, &rows, metadata, row)?)?;
                row = end;
                Ok::<(), CorpusError>(())
            })
        })?;
        Ok(total)
    }
}

#[cfg(test)]
mod tests {
    use annbench_store::{LoadOptions, TextColumns, load};
    use annbench_vectors::{Ids, Matrix};

    use super::*;
    use crate::{Ready, Recipe, Split};

    /// Makes vectors of lengths of texts.
    struct Lengths;

    impl VectorSource for Lengths {
        fn dim(&self) -> usize {
            2
        }

        fn vectors(
            &mut self,
            texts: &[String],
            advance: &mut dyn FnMut(usize),
        ) -> Result<Matrix, CorpusError> {
            advance(texts.len());
            let values = texts.iter().flat_map(|text| [1.0, text.len() as f32]);
            Ok(Matrix::from_vec(values.collect(), 2)?)
        }
    }

    fn recipe() -> Recipe {
        Recipe {
            model: "lengths".into(),
            fingerprint: "1".into(),
            prefix: None,
            query_prefix: None,
        }
    }

    fn write(
        texts: &Texts,
        metadata: Option<&Metadata>,
        output: &Path,
        source: &mut dyn VectorSource,
    ) -> Result<usize, CorpusError> {
        let options = WriteOptions {
            notes: recipe().notes(),
            ..WriteOptions::default()
        };
        let corpus = Corpus {
            texts,
            metadata,
            output,
            options: &options,
        };
        corpus.write(source, &mut |_| {})
    }

    #[test]
    fn a_corpus_of_many_parts_becomes_one_table() {
        let folder = tempfile::tempdir().unwrap();
        let (input, output) = (
            folder.path().join("in.txt"),
            folder.path().join("out.parquet"),
        );
        let n = 5000;
        let lines: String = (0..n)
            .map(|i| format!("{}\n", "x".repeat(1 + i % 7)))
            .collect();
        std::fs::write(&input, lines).unwrap();
        let json = serde_json::json!((0..n).collect::<Vec<_>>()).to_string();
        std::fs::write(folder.path().join("m.json"), json).unwrap();
        let metadata = Metadata::read(&folder.path().join("m.json")).unwrap();
        let texts = Texts::File {
            path: input,
            split: Split::Lines,
            columns: TextColumns::default(),
        };
        assert_eq!(
            write(&texts, Some(&metadata), &output, &mut Lengths).unwrap(),
            n
        );
        let options = LoadOptions {
            keep_columns: true,
            ..LoadOptions::default()
        };
        let read = load(&output, &options, &mut |_| {}).unwrap();
        assert_eq!(read.ids, Ids::Integers((0..n as i64).collect()));
        assert_eq!(read.vectors.row(4999), [1.0, 2.0]);
        let columns = read.columns.unwrap();
        assert_eq!((columns.num_columns(), columns.num_rows()), (2, n));
    }

    #[test]
    fn ready_embeddings_stand_in_for_the_model_text_by_text() {
        let folder = tempfile::tempdir().unwrap();
        let (made, again) = (
            folder.path().join("a.parquet"),
            folder.path().join("b.parquet"),
        );
        let list = |texts: &[&str]| Texts::List(texts.iter().map(|t| (*t).to_owned()).collect());
        write(&list(&["a", "bb", "ccc"]), None, &made, &mut Lengths).unwrap();
        let mut ready = Ready::open(&made).unwrap();
        assert_eq!(*ready.recipe(), recipe());
        write(&list(&["ccc", "a"]), None, &again, &mut ready).unwrap();
        let read = load(&again, &LoadOptions::default(), &mut |_| {}).unwrap();
        assert_eq!(read.vectors.as_slice(), [1.0, 3.0, 1.0, 1.0]);
        let error = write(&list(&["a", "new"]), None, &again, &mut ready).unwrap_err();
        assert!(
            error.to_string().contains("no embedding of the text `new`"),
            "{error}"
        );
    }

    #[test]
    fn metadata_of_another_length_is_refused_before_any_work() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.json");
        std::fs::write(&path, "[1]").unwrap();
        let metadata = Metadata::read(&path).unwrap();
        let texts = Texts::List(vec!["a".into(), "b".into()]);
        let output = folder.path().join("out.parquet");
        let error = write(&texts, Some(&metadata), &output, &mut Lengths).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("1 values of metadata for 2 texts"),
            "{error}"
        );
        assert!(!output.exists());
    }
}
