//! Where the vector of a text comes from: from a table made before, or from a model, with a log of
//! all it has computed.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use annbench_store::{
    LoadOptions, TextColumns, load, read_notes, read_texts,
    vector_log::{Key, key_of},
};
use annbench_vectors::Matrix;

use crate::{CorpusError, Recipe, TEXT_COLUMN};

/// Gives vectors for texts.
pub trait VectorSource {
    /// Components a vector has.
    fn dim(&self) -> usize;

    /// The vectors of texts, `texts.len() x dim`. `advance` is called with the number of texts that
    /// are done, which adds up to all of them.
    ///
    /// # Errors
    /// [`CorpusError`] if a vector cannot be had.
    fn vectors(
        &mut self,
        texts: &[String],
        advance: &mut dyn FnMut(usize),
    ) -> Result<Matrix, CorpusError>;
}

/// Embeddings made before, with their texts: they serve where no model is at hand.
#[derive(Debug)]
pub struct Ready {
    path: PathBuf,
    recipe: Recipe,
    rows: HashMap<Key, usize>,
    vectors: Matrix,
}

impl Ready {
    /// Reads a Parquet file that annbench wrote from texts.
    ///
    /// # Errors
    /// [`CorpusError`] if it cannot be read, or does not say of which model it is.
    pub fn open(path: &Path) -> Result<Self, CorpusError> {
        let notes = read_notes(path)?;
        let recipe =
            Recipe::of_notes(&notes).ok_or_else(|| CorpusError::NoRecipe { path: path.into() })?;
        let mut rows = HashMap::new();
        let mut row = 0;
        let columns = TextColumns {
            text: Some(TEXT_COLUMN.into()),
            id: None,
        };
        read_texts::<CorpusError>(path, &columns, &mut |part| {
            rows.extend(part.texts.iter().map(|text| key_of(text)).zip(row..));
            row += part.texts.len();
            Ok(())
        })?;
        let vectors = load(path, &LoadOptions::default(), &mut |_| {})?.vectors;
        Ok(Self {
            path: path.into(),
            recipe,
            rows,
            vectors,
        })
    }

    /// How they were made.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }
}

impl VectorSource for Ready {
    fn dim(&self) -> usize {
        self.vectors.dim()
    }

    fn vectors(
        &mut self,
        texts: &[String],
        advance: &mut dyn FnMut(usize),
    ) -> Result<Matrix, CorpusError> {
        let row = |text: &String| match self.rows.get(&key_of(text)) {
            Some(&row) => Ok(row),
            None => Err(CorpusError::NotReady {
                path: self.path.clone(),
                text: shortened(text),
            }),
        };
        let rows: Vec<usize> = texts.iter().map(row).collect::<Result<_, _>>()?;
        advance(texts.len());
        Ok(self.vectors.select(&rows))
    }
}

/// The start of a text, in one line.
fn shortened(text: &str) -> String {
    let text = text.replace(char::is_control, " ");
    match text.char_indices().nth(40) {
        None => text,
        Some((end, _)) => format!("{} …", &text[..end]),
    }
}
