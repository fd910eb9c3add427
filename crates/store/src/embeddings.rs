//! Vectors with their ids, read from a file.

use std::{fmt, path::Path};

use annbench_vectors::{Ids, Matrix};
use arrow_array::RecordBatch;

use crate::{Format, LoadError, columnar, shards};

/// Vectors with what the user calls them: `n` rows of everything.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    /// The vectors, `n x dim`.
    pub vectors: Matrix<f32>,
    /// One name a row.
    pub ids: Ids,
    /// The other columns of the file, if they were asked for; `n` rows.
    pub columns: Option<RecordBatch>,
}

impl Embeddings {
    /// Vectors with ids and no other columns.
    ///
    /// # Errors
    /// [`RowCountMismatch`] if there is not one id a vector.
    pub fn new(vectors: Matrix<f32>, ids: Ids) -> Result<Self, RowCountMismatch> {
        match (vectors.n(), ids.len()) {
            (vectors, ids) if vectors != ids => Err(RowCountMismatch { vectors, ids }),
            _ => Ok(Self {
                vectors,
                ids,
                columns: None,
            }),
        }
    }

    /// Number of vectors.
    pub fn n(&self) -> usize {
        self.vectors.n()
    }

    /// Components a vector has.
    pub fn dim(&self) -> usize {
        self.vectors.dim()
    }

    /// The named rows, in the order given; ids keep the original names.
    ///
    /// # Panics
    /// If a row number is `>= n`.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            vectors: self.vectors.select(rows),
            ids: self.ids.select(rows),
            columns: self
                .columns
                .as_ref()
                .map(|columns| columnar::select_rows(columns, rows)),
        }
    }
}

/// Another number of ids than of vectors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{ids} ids for {vectors} vectors; give one id a vector")]
pub struct RowCountMismatch {
    /// Number of vectors.
    pub vectors: usize,
    /// Number of ids.
    pub ids: usize,
}

/// Which columns of a file to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// The column of vectors. `None`: the only column of lists of floats; of HDF5 the dataset
    /// `train`.
    pub vector_column: Option<String>,
    /// The column of ids, integers or strings, distinct. `None`: the first of `id`, `_id`,
    /// `ids`, `doc_id`, `docid`, `document_id`, `row_id`, `uuid` and `key` (in any case) that
    /// holds integers or strings, else row numbers. `Some("")`: row numbers.
    pub id_column: Option<String>,
    /// Whether to keep the other columns too.
    pub keep_columns: bool,
    /// What to do with components and ids that no benchmark can use.
    pub faults: Faults,
}

/// What to do with components that are NaN or infinite and with ids that occur twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Faults {
    /// The first one refuses the file.
    #[default]
    Refuse,
    /// They are read like any other, for whoever lists them all.
    Keep,
}

impl LoadOptions {
    /// Refuses to look for named columns in a format without them.
    pub(crate) fn refuse_columns(&self, path: &Path, format: Format) -> Result<(), LoadError> {
        let named = |column: &Option<String>| column.as_ref().is_some_and(|name| !name.is_empty());
        let key = match self {
            options if named(&options.vector_column) => "vector_column",
            options if named(&options.id_column) => "id_column",
            _ => return Ok(()),
        };
        Err(LoadError::NoColumns {
            path: path.into(),
            format,
            key,
        })
    }
}

/// How far a long step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Rows done.
    pub done: usize,
    /// Rows in all.
    pub total: usize,
}

/// How a component is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dtype {
    /// Half precision: 11 bits of significand, up to 65,504.
    F16,
    /// Half of a single: 8 bits of significand, the range of f32. Read, not written.
    Bf16,
    /// Single precision.
    #[default]
    F32,
    /// Double precision.
    F64,
    /// Integers from 0 to 255. Read, not written.
    U8,
    /// Integers from -128 to 127. Read, not written.
    I8,
    /// Integers of 32 bits; those beyond 2^24 are rounded to f32. Read, not written.
    I32,
}

impl Dtype {
    /// The name users write, such as `f16`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::I32 => "i32",
        }
    }

    /// Bytes a component takes.
    pub fn bytes(self) -> u64 {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::F16 | Self::Bf16 => 2,
            Self::F32 | Self::I32 => 4,
            Self::F64 => 8,
        }
    }

    /// Whether components are floats, not integers.
    pub fn is_float(self) -> bool {
        !matches!(self, Self::U8 | Self::I8 | Self::I32)
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Reads the vectors and ids of a file of any [`Format`], or of several Parquet files.
///
/// The first bytes say which format a file has; its extension where a format has no such mark.
/// A folder, or a name with `*` or `?` that is no file's, stands for the Parquet files of one
/// table, in the order of their names. Components of any [`Dtype`] become f32. `progress` is
/// called after each part, with rows.
///
/// Memory: for Parquet and arrays about the matrix itself and the kept columns; an Arrow file is
/// held beside it.
///
/// # Errors
/// [`LoadError`] if the file cannot be read, or holds anything but `n >= 1` finite vectors of one
/// length with distinct ids; [`Faults::Keep`] takes those that are not finite or not distinct.
pub fn load(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Embeddings, LoadError> {
    load_on(path, options, 1, progress)
}

/// [`load`] on several threads: pages of Parquet are decoded on `threads` of them (0 counts as 1).
///
/// # Errors
/// As [`load`].
pub fn load_on(
    path: &Path,
    options: &LoadOptions,
    threads: usize,
    progress: &mut dyn FnMut(Progress),
) -> Result<Embeddings, LoadError> {
    match shards::find(path)? {
        Some(files) => shards::load(path, &files, options, threads, progress),
        None => Format::detect(path)?.load(path, options, threads, progress),
    }
}

/// The number of a row in its file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowNumber(pub(crate) usize);

/// Vectors with row numbers for ids, if all are finite or faults are kept; `values` holds whole rows
/// of `dim`, the first of which is row `first` of the file.
pub(crate) fn numbered(
    path: &Path,
    place: &str,
    first: RowNumber,
    (values, dim): (Vec<f32>, usize),
    faults: Faults,
) -> Result<Embeddings, LoadError> {
    if faults == Faults::Refuse
        && let Some(index) = first_not_finite(&values)
    {
        return Err(LoadError::NotFinite {
            path: path.into(),
            place: place.into(),
            row: first.0 + index / dim,
            component: index % dim,
            value: values[index],
        });
    }
    let no_rows = |_| LoadError::NoRows { path: path.into() };
    let vectors = Matrix::from_vec(values, dim).map_err(no_rows)?;
    Ok(Embeddings {
        ids: Ids::Rows(vectors.n()),
        vectors,
        columns: None,
    })
}

/// The first component of `values` (row-major) that is NaN or infinite: its index.
pub(crate) fn first_not_finite(values: &[f32]) -> Option<usize> {
    // Without the early exit the compiler checks sixteen values at once.
    let chunk = 4096;
    let is_bad = |values: &[f32]| !values.iter().fold(true, |ok, value| ok & value.is_finite());
    let start = values.chunks(chunk).position(is_bad)? * chunk;
    let within = values[start..]
        .iter()
        .position(|value| !value.is_finite())?;
    Some(start + within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_not_finite_is_found_wherever_it_is() {
        for place in [0, 1, 4095, 4096, 9_999] {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut values = vec![f32::MAX; 10_000];
                assert_eq!(first_not_finite(&values), None);
                values[place] = bad;
                assert_eq!(first_not_finite(&values), Some(place));
            }
        }
    }

    #[test]
    fn another_number_of_ids_is_refused() {
        let vectors = Matrix::from_vec(vec![0.0; 6], 2).unwrap();
        let error = Embeddings::new(vectors, Ids::Rows(2)).unwrap_err();
        assert_eq!(error, RowCountMismatch { vectors: 3, ids: 2 });
    }
}
