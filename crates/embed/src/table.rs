//! Embeddings and their texts as one table.

use std::sync::Arc;

use annbench_store::{Embeddings, RowCountMismatch, TextRows};
use annbench_vectors::{Ids, Matrix};
use arrow_array::{ArrayRef, LargeStringArray, RecordBatch};
use arrow_schema::ArrowError;

/// The column of texts.
pub const TEXT_COLUMN: &str = "text";
/// The column of metadata: JSON text.
pub const METADATA_COLUMN: &str = "metadata";

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

/// A part of a table: vectors with the texts they were made of, and their metadata, if any. Texts
/// without names are called by their row numbers, which go on from `first_row`.
///
/// # Errors
/// [`TableError`] if there is not one text, and one value of metadata, a vector.
pub fn with_texts(
    vectors: Matrix<f32>,
    rows: &TextRows,
    metadata: Option<&[String]>,
    first_row: usize,
) -> Result<Embeddings, TableError> {
    let ids = match &rows.ids {
        Ids::Rows(n) => Ids::Integers((first_row..first_row + n).map(|row| row as i64).collect()),
        named => named.clone(),
    };
    let mut embeddings = Embeddings::new(vectors, ids)?;
    // Offsets of 64 bits: a corpus may have more than 2 GiB of text.
    let column =
        |texts: &[String]| -> ArrayRef { Arc::new(LargeStringArray::from_iter_values(texts)) };
    let mut columns = vec![(TEXT_COLUMN, column(&rows.texts))];
    columns.extend(metadata.map(|metadata| (METADATA_COLUMN, column(metadata))));
    embeddings.columns = Some(RecordBatch::try_from_iter(columns)?);
    Ok(embeddings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use annbench_store::{LoadOptions, WriteOptions, load, write_parquet};

    fn rows(texts: &[&str]) -> TextRows {
        TextRows {
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            ids: Ids::Rows(texts.len()),
        }
    }

    #[test]
    fn texts_and_metadata_come_back_from_parquet() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("texts.parquet");
        let vectors = Matrix::from_vec(vec![1.0, 0.0, 0.0, 1.0], 2).unwrap();
        let metadata = ["{}".to_owned(), "1".to_owned()];
        let rows = rows(&["first", "zweitens – 二"]);
        let embeddings = with_texts(vectors, &rows, Some(&metadata), 7).unwrap();
        assert_eq!(embeddings.ids, Ids::Integers(vec![7, 8]));
        write_parquet(&path, &embeddings, &WriteOptions::default()).unwrap();
        let options = LoadOptions {
            keep_columns: true,
            ..LoadOptions::default()
        };
        assert_eq!(load(&path, &options, &mut |_| {}).unwrap(), embeddings);
    }

    #[test]
    fn another_number_of_texts_is_refused() {
        let vectors = || Matrix::from_vec(vec![1.0, 0.0], 2).unwrap();
        let error = with_texts(vectors(), &rows(&["first", "second"]), None, 0).unwrap_err();
        assert!(error.to_string().contains("2 ids for 1 vectors"), "{error}");
        assert!(with_texts(vectors(), &rows(&["first"]), Some(&[]), 0).is_err());
    }
}
