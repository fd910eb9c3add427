//! Embeddings and their texts as one table.

use std::sync::Arc;

use annbench_store::{Embeddings, RowCountMismatch};
use annbench_vectors::{Ids, Matrix};
use arrow_array::{ArrayRef, LargeStringArray, RecordBatch};
use arrow_schema::ArrowError;

/// A table that was not made.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Another number of texts than of vectors.
    #[error(transparent)]
    RowCount(#[from] RowCountMismatch),
    /// The texts make no column.
    #[error("put the texts into a column")]
    Column(#[from] ArrowError),
}

/// Embeddings called by their row numbers, with a column `text`.
///
/// # Errors
/// [`TableError`] if there is not one text a vector.
pub fn with_texts<S: AsRef<str>>(
    vectors: Matrix<f32>,
    texts: &[S],
) -> Result<Embeddings, TableError> {
    let ids = Ids::Integers((0..texts.len() as i64).collect());
    let mut embeddings = Embeddings::new(vectors, ids)?;
    // Offsets of 64 bits: a corpus may have more than 2 GiB of text.
    let texts: ArrayRef = Arc::new(LargeStringArray::from_iter_values(texts));
    embeddings.columns = Some(RecordBatch::try_from_iter([("text", texts)])?);
    Ok(embeddings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use annbench_store::{LoadOptions, WriteOptions, load, write_parquet};

    #[test]
    fn texts_come_back_from_parquet() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("texts.parquet");
        let vectors = Matrix::from_vec(vec![1.0, 0.0, 0.0, 1.0], 2).unwrap();
        let embeddings = with_texts(vectors, &["first", "zweitens – 二"]).unwrap();
        assert_eq!(embeddings.ids, Ids::Integers(vec![0, 1]));
        write_parquet(&path, &embeddings, &WriteOptions::default()).unwrap();
        let options = LoadOptions {
            keep_columns: true,
            ..LoadOptions::default()
        };
        assert_eq!(load(&path, &options, &mut |_| {}).unwrap(), embeddings);
    }

    #[test]
    fn another_number_of_texts_is_refused() {
        let vectors = Matrix::from_vec(vec![1.0, 0.0], 2).unwrap();
        let error = with_texts(vectors, &["first", "second"]).unwrap_err();
        assert!(error.to_string().contains("2 ids for 1 vectors"), "{error}");
    }
}
