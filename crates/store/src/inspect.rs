//! What a file of vectors holds, before a benchmark runs on it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use annbench_vectors::MatrixView;
use serde::Serialize;

use crate::{Dtype, Format, LoadError, LoadOptions, Progress, load, shards};

/// How far from 1 the norm of a unit vector may be: f16 components round it by less.
const UNIT_TOLERANCE: f64 = 1e-3;

/// What a file of vectors holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// Its format.
    pub format: Format,
    /// Its size.
    pub bytes: u64,
    /// Number of vectors.
    pub n: usize,
    /// Components a vector has.
    pub dim: usize,
    /// How components are stored.
    pub dtype: Dtype,
    /// Its columns, in order; none in a format without them.
    pub columns: Vec<ColumnCard>,
    /// Row groups of a Parquet file.
    pub row_groups: Option<usize>,
    /// Lengths of the vectors.
    pub norms: Norms,
    /// Vectors without a direction, which cosine refuses.
    pub zero_vectors: usize,
    /// Vectors that equal an earlier one.
    pub duplicates: Duplicates,
}

/// What a file says of itself, where its vectors were not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outline {
    /// Its format.
    pub format: Format,
    /// Its size.
    pub bytes: u64,
    /// Number of vectors.
    pub n: usize,
    /// Components a vector has, by the type or the counts; 0 where neither tells.
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

/// Euclidean lengths of vectors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Norms {
    /// The shortest.
    pub min: f64,
    /// The middle one; of an even number, the lower.
    pub median: f64,
    /// The longest.
    pub max: f64,
    /// Share of vectors whose length is 1 within 0.001, in `0..=1`.
    pub unit_share: f64,
}

/// Vectors that equal an earlier one in every bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Duplicates {
    /// How many there are.
    pub count: usize,
    /// The first of them with the row it equals: `(earlier, later)`.
    pub example: Option<(usize, usize)>,
}

/// Reads a file and says what it holds.
///
/// # Errors
/// [`LoadError`] if the file is refused, as [`load`] would.
pub fn inspect(path: &Path, options: &LoadOptions) -> Result<Inspection, LoadError> {
    inspect_with(path, options, &mut |_| {})
}

/// [`inspect`] with progress in rows read.
///
/// # Errors
/// [`LoadError`] if the file is refused, as [`load`] would.
pub fn inspect_with(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Inspection, LoadError> {
    let files = shards::find(path)?;
    let first = files.as_ref().and_then(|files| files.first());
    let format = Format::detect(first.map_or(path, PathBuf::as_path))?;
    let layout = match &files {
        Some(files) => shards::layout(files, options)?,
        None => format.layout(path, options)?,
    };
    let only_vectors = LoadOptions {
        keep_columns: false,
        ..options.clone()
    };
    let embeddings = load(path, &only_vectors, progress)?;
    let vectors = embeddings.vectors.view();
    let (norms, zero_vectors) = norms(vectors);
    Ok(Inspection {
        format,
        bytes: match &files {
            Some(files) => files.iter().map(|file| file_bytes(file)).sum(),
            None => file_bytes(path),
        },
        n: vectors.n(),
        dim: vectors.dim(),
        dtype: layout.dtype,
        columns: layout.columns,
        row_groups: layout.row_groups,
        norms,
        zero_vectors,
        duplicates: duplicates(vectors),
    })
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

/// Norms in f64, and how many are zero.
fn norms(vectors: MatrixView<'_>) -> (Norms, usize) {
    let norm = |row: &[f32]| {
        row.iter()
            .map(|&v| f64::from(v).powi(2))
            .sum::<f64>()
            .sqrt()
    };
    let mut norms: Vec<f64> = vectors.rows().map(norm).collect();
    norms.sort_unstable_by(f64::total_cmp);
    let n_unit = norms
        .iter()
        .filter(|&&norm| (norm - 1.0).abs() <= UNIT_TOLERANCE)
        .count();
    let at = |place: usize| norms.get(place).copied().unwrap_or(f64::NAN);
    let last = norms.len().saturating_sub(1);
    let summary = Norms {
        min: at(0),
        median: at(last / 2),
        max: at(last),
        unit_share: n_unit as f64 / norms.len() as f64,
    };
    (summary, norms.partition_point(|&norm| norm == 0.0))
}

fn duplicates(vectors: MatrixView<'_>) -> Duplicates {
    let mut first_rows: HashMap<&[u8], usize> = HashMap::with_capacity(vectors.n());
    let (mut count, mut example) = (0, None);
    for (row, values) in vectors.rows().enumerate() {
        let earlier = *first_rows
            .entry(bytemuck::cast_slice(values))
            .or_insert(row);
        if earlier != row {
            count += 1;
            example = example.or(Some((earlier, row)));
        }
    }
    Duplicates { count, example }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Embeddings, WriteOptions, write_parquet};
    use annbench_vectors::{Ids, Matrix};

    #[test]
    fn norms_zeros_and_duplicates_are_counted() {
        let values = vec![3.0, 4.0, 0.0, 0.0, 0.6, 0.8, 3.0, 4.0, 3.0, 4.0];
        let matrix = Matrix::from_vec(values, 2).unwrap();
        let (norms, zeros) = norms(matrix.view());
        assert_eq!((norms.min, norms.median, norms.max), (0.0, 5.0, 5.0));
        assert_eq!((norms.unit_share, zeros), (0.2, 1));
        let expected = Duplicates {
            count: 2,
            example: Some((0, 3)),
        };
        assert_eq!(duplicates(matrix.view()), expected);
    }

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
        let found = inspect(&path, &LoadOptions::default()).unwrap();
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
