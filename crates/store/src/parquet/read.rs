//! From a Parquet file to embeddings.

use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, SchemaRef};

use super::{
    fast,
    file::{Batches, ParquetFile, guard},
};
use crate::{
    Embeddings, Format, LoadError, LoadOptions, Progress,
    columnar::{Roles, Sink, Table, TableSize, fill, layout},
    inspect::Outline,
};

/// Values decoded at a time: 512 KiB of f32, which stay in a core's cache on their way.
const BATCH_VALUES: usize = 1 << 17;
/// Rows decoded at a time, however short they are.
const MAX_BATCH_ROWS: usize = 1 << 16;

/// Reads the vectors, the ids and, if asked, all other columns; the vectors on `threads` threads
/// (0 counts as 1) where every row is there and full.
pub(crate) fn load(
    path: &Path,
    options: &LoadOptions,
    threads: usize,
    progress: &mut dyn FnMut(Progress),
) -> Result<Embeddings, LoadError> {
    let mut table = ParquetTable::open(path, options)?;
    let roles = Roles::find(path, table.file.schema(), options)?;
    let fast = guard(path, "vectors", || {
        Ok(fast::read(path, &table.file, roles.vector, threads, progress).ok())
    });
    // A panic of the decoder, too, is left to the general reader to meet again and report.
    let matrix = fast.unwrap_or_default();
    let is_ready = matrix.is_some();
    let schema = table.schema();
    let sink = Sink::new(path, &schema, &roles, options, matrix);
    fill(path, &mut table, sink, &mut |done| {
        if !is_ready {
            progress(done);
        }
    })
}

/// An opened file as a table.
pub(crate) struct ParquetTable<'a> {
    file: ParquetFile<'a>,
    batch_rows: usize,
    batches: Option<Batches<'a>>,
}

impl<'a> ParquetTable<'a> {
    /// Opens a file; the options tell the column that most of it is.
    pub(crate) fn open(path: &'a Path, options: &LoadOptions) -> Result<Self, LoadError> {
        let file = ParquetFile::open(path)?;
        let roles = Roles::find(path, file.schema(), options)?;
        Ok(Self {
            batch_rows: batch_rows(&file, roles.vector),
            file,
            batches: None,
        })
    }
}

impl Table for ParquetTable<'_> {
    fn schema(&self) -> SchemaRef {
        self.file.schema().clone()
    }

    fn next(&mut self, columns: &[usize]) -> Result<Option<RecordBatch>, LoadError> {
        match &mut self.batches {
            Some(batches) => batches.next(),
            none => {
                let batches = self.file.batches(columns, self.batch_rows)?;
                none.insert(batches).next()
            }
        }
    }

    fn size(&self) -> TableSize {
        TableSize {
            rows: self.file.claimed_rows(),
            file_bytes: self.file.bytes(),
        }
    }

    fn claimed(&self) -> Option<usize> {
        Some(self.file.claimed_rows())
    }

    fn row_groups(&self) -> Option<usize> {
        Some(self.file.footer().num_row_groups())
    }
}

/// What the footer says of the vectors too, where nothing else of the file is at hand.
pub(crate) fn outline(path: &Path, options: &LoadOptions) -> Result<Outline, LoadError> {
    let table = ParquetTable::open(path, options)?;
    let layout = layout(path, &table, options)?;
    let roles = Roles::find(path, table.file.schema(), options)?;
    Ok(Outline {
        format: Format::Parquet,
        bytes: table.file.bytes(),
        n: table.file.claimed_rows(),
        dim: guessed_dim(&table.file, roles.vector).unwrap_or(0),
        dtype: layout.dtype,
        columns: layout.columns,
        row_groups: layout.row_groups,
    })
}

/// Rows to decode at a time. The footer is only asked for a guess at the dim.
fn batch_rows(file: &ParquetFile<'_>, vector: usize) -> usize {
    let dim = guessed_dim(file, vector).unwrap_or(1024);
    (BATCH_VALUES / dim.max(1)).clamp(1, MAX_BATCH_ROWS)
}

/// Components a vector has, by its type or by the footer's counts.
pub(super) fn guessed_dim(file: &ParquetFile<'_>, vector: usize) -> Option<usize> {
    let guess = match file.schema().field(vector).data_type() {
        DataType::FixedSizeList(_, dim) => i64::from(*dim),
        _ => values_a_row(file, vector)?,
    };
    usize::try_from(guess).ok()
}

fn values_a_row(file: &ParquetFile<'_>, vector: usize) -> Option<i64> {
    let footer = file.footer();
    let schema = footer.file_metadata().schema_descr();
    let leaf =
        (0..schema.num_columns()).find(|&leaf| schema.get_column_root_idx(leaf) == vector)?;
    let first = footer.row_groups().first()?;
    first
        .column(leaf)
        .num_values()
        .checked_div(first.num_rows())
}
