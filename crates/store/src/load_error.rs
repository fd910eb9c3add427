//! Why a file of vectors is refused.

use std::{
    io,
    path::{Path, PathBuf},
};

use annbench_vectors::Ids;

use crate::{Format, format, nearest, npy::NpyError};

/// A file of vectors that is refused: which, where in it, and what to do.
///
/// Rows and components count from 0.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "fields are what the messages name")]
pub enum LoadError {
    /// There is no such file.
    #[error("{}: no such file{}", .path.display(), nearest::did_you_mean(.nearest))]
    NotFound {
        path: PathBuf,
        nearest: Option<String>,
    },
    /// The file system refused.
    #[error("read {}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    /// A folder where a file is read.
    #[error("{}: is a folder without Parquet files; name a file in it, or give it a dataset.toml", .path.display())]
    Folder { path: PathBuf },
    /// No bytes at all.
    #[error("{}: the file is empty; write it again", .path.display())]
    EmptyFile { path: PathBuf },
    /// No format that annbench reads.
    #[error("{}: not a {}: it looks like {looks_like}; give a {} file", .path.display(), format_name(.expected), format::readable())]
    UnknownFormat {
        path: PathBuf,
        expected: Option<Format>,
        looks_like: &'static str,
    },
    /// Parquet that cannot be decoded.
    #[error("{}: damaged or cut off ({place}); get the file again from where it was made", .path.display())]
    Damaged {
        path: PathBuf,
        place: String,
        source: parquet::errors::ParquetError,
    },
    /// Parquet on which the decoder itself gave up.
    #[error("{}: damaged ({place}: the decoder failed with `{reason}`); get the file again from where it was made", .path.display())]
    DecoderPanic {
        path: PathBuf,
        place: String,
        reason: String,
    },
    /// Parquet with a feature that is not supported.
    #[error("{}: uses a Parquet feature that annbench does not read; write it again with plain settings, such as compression=\"zstd\"", .path.display())]
    Unsupported {
        path: PathBuf,
        source: parquet::errors::ParquetError,
    },
    /// A folder or a pattern whose Parquet files are not the parts of one table.
    #[error("{}: {} Parquet files that are not numbered parts of one: {}; name one, or a pattern such as `train-*.parquet`", .path.display(), .files.len(), .files.join(", "))]
    SeveralTables { path: PathBuf, files: Vec<String> },
    /// Parts of one table that do not fit together.
    #[error("{}: {problem}; name files that one writer made", .path.display())]
    Parts { path: PathBuf, problem: String },
    /// A file whose bytes are not those of its format.
    #[error("{}: {place}: {problem}; the file is damaged, cut off or no {format} file: get it again, or name it for what it is", .path.display())]
    Malformed {
        path: PathBuf,
        format: Format,
        place: String,
        problem: String,
    },
    /// An Arrow file that cannot be decoded.
    #[error("{}: damaged, cut off or of an unknown kind ({place}); write it again as an uncompressed, LZ4 or zstd Arrow IPC file", .path.display())]
    Arrow {
        path: PathBuf,
        place: String,
        source: arrow_schema::ArrowError,
    },
    /// HDF5 that cannot be decoded.
    #[error("{}: {place}: damaged, or a kind of HDF5 that annbench does not read; write it again with h5py's defaults", .path.display())]
    Hdf5 {
        path: PathBuf,
        place: String,
        source: Box<hdf5_pure::Error>,
    },
    /// A header of safetensors that says nothing sensible.
    #[error("{}: not a usable safetensors header; save the tensors again", .path.display())]
    Safetensors {
        path: PathBuf,
        source: serde_json::Error,
    },
    /// A line of text that is no row.
    #[error("{}: line {line}: {problem}; correct the line or leave it out", .path.display())]
    Line {
        path: PathBuf,
        line: u64,
        problem: String,
    },
    /// Columns of one table with other numbers of rows.
    #[error("{}: {n} vectors beside {rows} rows of other columns; get the file again from where it was made", .path.display())]
    UnequalColumns {
        path: PathBuf,
        n: usize,
        rows: usize,
    },
    /// An npy file that cannot be used.
    #[error(transparent)]
    Npy(#[from] NpyError),
    /// A table or array without rows.
    #[error("{}: holds no rows; give at least one vector", .path.display())]
    NoRows { path: PathBuf },
    /// No column that could hold vectors.
    #[error("{}: no column of float lists; it has {}; write the vectors as a list of numbers a row", .path.display(), .columns.join(", "))]
    NoVectorColumn { path: PathBuf, columns: Vec<String> },
    /// More than one column that could hold vectors.
    #[error("{}: {} columns could hold the vectors: {}; name one with vector_column", .path.display(), .columns.len(), .columns.join(", "))]
    SeveralVectorColumns { path: PathBuf, columns: Vec<String> },
    /// A column that was named and is not there.
    #[error("{}: no column `{column}`{}; it has {}", .path.display(), nearest::did_you_mean(.nearest), .columns.join(", "))]
    NoSuchColumn {
        path: PathBuf,
        column: String,
        nearest: Option<String>,
        columns: Vec<String>,
    },
    /// A named column of the wrong type.
    #[error("{}: column `{column}` is {found}, {key} takes {expected}; name another column", .path.display())]
    ColumnType {
        path: PathBuf,
        column: String,
        key: &'static str,
        found: String,
        expected: &'static str,
    },
    /// Options that a file without columns cannot follow.
    #[error("{}: {format} has no columns; leave out {key}", .path.display())]
    NoColumns {
        path: PathBuf,
        format: Format,
        key: &'static str,
    },
    /// A row without a vector.
    #[error("{}: column `{column}`, row {row}: the vector is null; drop the row or fill it in", .path.display())]
    NullVector {
        path: PathBuf,
        column: String,
        row: usize,
    },
    /// A vector with a hole.
    #[error("{}: column `{column}`, row {row}: component {component} is null; drop the row or fill it in", .path.display())]
    NullComponent {
        path: PathBuf,
        column: String,
        row: usize,
        component: usize,
    },
    /// A vector of another length than the first.
    #[error("{}: column `{column}`, row {row}: {found} components where the rows before have {dim}; embed all rows with one model", .path.display())]
    Ragged {
        path: PathBuf,
        column: String,
        row: usize,
        found: usize,
        dim: usize,
    },
    /// Vectors without components.
    #[error("{}: column `{column}`: the vectors have no components; write at least one", .path.display())]
    ZeroDim { path: PathBuf, column: String },
    /// NaN, infinite, or too large for f32.
    #[error("{}: {place}, row {row}: component {component} is {value} as f32; drop the row or make the file again", .path.display())]
    NotFinite {
        path: PathBuf,
        place: String,
        row: usize,
        component: usize,
        value: f32,
    },
    /// A row without an id.
    #[error("{}: column `{column}`, row {row}: the id is null; fill it in, name another id_column, or set id_column = \"\" to use row numbers", .path.display())]
    NullId {
        path: PathBuf,
        column: String,
        row: usize,
    },
    /// A row without a text.
    #[error("{}: column `{column}`, row {row}: the text is null; drop the row or fill it in", .path.display())]
    NullText {
        path: PathBuf,
        column: String,
        row: usize,
    },
    /// A format in which texts have no place.
    #[error("{}: a {format} file holds no texts; give a text file, Parquet, JSON lines or CSV", .path.display())]
    NoTexts { path: PathBuf, format: Format },
    /// Columns that do not tell which of them holds the texts.
    #[error("{}: several columns, or none, could hold the texts; name the one with texts: {}", .path.display(), .columns.join(", "))]
    WhichTexts { path: PathBuf, columns: Vec<String> },
    /// An integer id beyond i64.
    #[error("{}: column `{column}`, row {row}: the id {id} is beyond 2^63 - 1; write ids as strings", .path.display())]
    IdTooLarge {
        path: PathBuf,
        column: String,
        row: usize,
        id: u64,
    },
    /// Two rows with one id.
    #[error("{}: column `{column}`: rows {first} and {second} both have the id `{id}`; make ids distinct, name another id_column, or set id_column = \"\" to use row numbers", .path.display())]
    DuplicateId {
        path: PathBuf,
        column: String,
        id: String,
        first: usize,
        second: usize,
    },
    /// More values than there is memory for.
    #[error("{}: {n} x {dim} values as f32 do not fit into memory; convert a sample of it", .path.display())]
    TooLarge { path: PathBuf, n: usize, dim: usize },
}

impl LoadError {
    /// A file that is not there, told by the nearest name beside it.
    pub fn not_found(path: &Path) -> Self {
        Self::NotFound {
            path: path.into(),
            nearest: nearest_entry(path),
        }
    }

    /// Two rows, the second of them at `place` in `ids`, that have one id.
    pub(crate) fn duplicate_id(
        path: &Path,
        column: &str,
        (ids, place): (&Ids, usize),
        (first, second): (usize, usize),
    ) -> Self {
        let id = ids.get(place).map(|id| id.to_string());
        Self::DuplicateId {
            path: path.into(),
            column: column.into(),
            id: id.unwrap_or_default(),
            first,
            second,
        }
    }

    /// A file that could not be opened or read; a missing one is told by its nearest neighbour.
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound => Self::not_found(path),
            _ => Self::Io {
                path: path.into(),
                source,
            },
        }
    }
}

/// The entry of the path's folder whose name is nearest to the path's.
pub(crate) fn nearest_entry(path: &Path) -> Option<String> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let wanted = path.file_name()?.to_str()?;
    nearest::nearest(wanted, names.iter().map(String::as_str))
}

fn format_name(expected: &Option<Format>) -> String {
    match expected {
        Some(format) => format!("{format} file"),
        None => "file of vectors".into(),
    }
}
