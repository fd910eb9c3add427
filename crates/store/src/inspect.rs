//! What a file of vectors says of itself, before a benchmark runs on it.

use std::path::{Path, PathBuf};

use annbench_vectors::Matrix;
use serde::Serialize;

use crate::{Dtype, Format, LoadError, LoadOptions, Progress, load, shards};

/// A file's outline, and its vectors.
#[derive(Debug)]
pub struct Inspected {
    /// What it says of itself; `n` and `dim` are those of the vectors.
    pub outline: Outline,
    /// Its vectors, `n x dim`.
    pub vectors: Matrix,
}

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outline {
    /// Its format.
    pub format: Format,
    /// Its size.
    pub bytes: u64,
    /// Number of vectors.
    pub n: usize,
    /// Components a vector has; 0 where vectors were not read and neither type nor counts tell.
    pub dim: usize,
    /// How components are stored.
    pub dtype: Dtype,
    /// Its columns, in order.
    pub columns: Vec<ColumnCard>,
    /// Row groups of a Parquet file.
    pub row_groups: Option<usize>,
}

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnCard {
    /// Its name.
    pub name: String,
    /// Its type, in Arrow's words.
    pub data_type: String,
    /// What annbench uses it for.
    pub role: Role,
}

/// What a column is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It holds the vectors.
    Vector,
    /// It holds the ids.
    Id,
    /// It is kept or left out.
    Other,
}

/// Reads a file's vectors, and says what else it holds. `progress` is told of rows.
///
/// # Errors
/// [`LoadError`] if the file is refused, as [`load`] would.
pub fn inspect(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Inspected, LoadError> {
    let files = shards::find(path)?.unwrap_or_else(|| vec![path.into()]);
    let format = Format::detect(files.first().map_or(path, PathBuf::as_path))?;
    let layout = shards::layout(&files, options)?;
    let only_vectors = LoadOptions {
        keep_columns: false,
        ..options.clone()
    };
    let vectors = load(path, &only_vectors, progress)?.vectors;
    let outline = Outline {
        format,
        bytes: files.iter().map(|file| file_bytes(file)).sum(),
        n: vectors.n(),
        dim: vectors.dim(),
        dtype: layout.dtype,
        columns: layout.columns,
        row_groups: layout.row_groups,
    };
    Ok(Inspected { outline, vectors })
}

/// What a file says of itself before its vectors are read.
pub(crate) struct Layout {
    /// How components are stored.
    pub(crate) dtype: Dtype,
    /// Its columns, in order.
    pub(crate) columns: Vec<ColumnCard>,
    /// Row groups of a Parquet file.
    pub(crate) row_groups: Option<usize>,
}

impl Layout {
    /// A file without columns.
    pub(crate) fn of(dtype: Dtype) -> Self {
        Self {
            dtype,
            columns: Vec::new(),
            row_groups: None,
        }
    }
}

fn file_bytes(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Embeddings, WriteOptions, write_parquet};
    use annbench_vectors::{Ids, Matrix};

    #[test]
    fn columns_are_listed_with_their_roles() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("base.parquet");
        let vectors = Matrix::from_vec(vec![1.0, 0.0, 0.0, 1.0], 2).unwrap();
        let embeddings = Embeddings::new(vectors, Ids::Integers(vec![5, 7])).unwrap();
        let options = WriteOptions {
            dtype: Dtype::F16,
            row_group_rows: 1,
            ..WriteOptions::default()
        };
        write_parquet(&path, &embeddings, &options).unwrap();
        let options = LoadOptions::default();
        let found = inspect(&path, &options, &mut |_| {}).unwrap().outline;
        assert_eq!((found.format, found.dtype), (Format::Parquet, Dtype::F16));
        assert_eq!((found.n, found.dim, found.row_groups), (2, 2, Some(2)));
        let roles: Vec<_> = found
            .columns
            .iter()
            .map(|c| (c.name.as_str(), c.role))
            .collect();
        assert_eq!(roles, [("id", Role::Id), ("embedding", Role::Vector)]);
    }
}
