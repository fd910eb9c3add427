//! From a Parquet file to embeddings.

use std::path::Path;

use arrow_schema::DataType;

use super::{
    fast,
    file::{ParquetFile, guard},
};
use crate::{
    Embeddings, Format, LoadError, LoadOptions, Progress,
    columnar::{Roles, Sink, TableSize, column_cards, dtype_of},
    inspect::{Layout, Outline},
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
    let file = ParquetFile::open(path)?;
    let roles = Roles::find(path, file.schema(), options)?;
    let fast = guard(path, "vectors", || {
        Ok(fast::read(path, &file, roles.vector, threads, progress).ok())
    });
    // A panic of the decoder, too, is left to the general reader to meet again and report.
    let matrix = fast.unwrap_or_default();
    let is_ready = matrix.is_some();
    let size = TableSize {
        rows: file.claimed_rows(),
        file_bytes: file.bytes(),
    };
    let mut sink = Sink::new(path, file.schema(), &roles, options, size, matrix);
    let columns = sink.projected().to_vec();
    if columns.is_empty() {
        return sink.finish();
    }
    file.read::<LoadError>(
        &columns,
        batch_rows(&file, roles.vector),
        &mut |row, batch| {
            let done = row + batch.num_rows();
            guard(path, &format!("at row {row}"), || sink.append(&batch))?;
            if !is_ready {
                let total = size.rows.max(done);
                progress(Progress { done, total });
            }
            Ok(())
        },
    )?;
    sink.finish()
}

/// What the footer says of the file.
pub(crate) fn layout(path: &Path, options: &LoadOptions) -> Result<Layout, LoadError> {
    let file = ParquetFile::open(path)?;
    let roles = Roles::find(path, file.schema(), options)?;
    Ok(Layout {
        dtype: dtype_of(file.schema().field(roles.vector).data_type()).unwrap_or_default(),
        columns: column_cards(file.schema(), &roles),
        row_groups: Some(file.footer().num_row_groups()),
    })
}

/// What the footer says of the vectors too, where nothing else of the file is at hand.
pub(crate) fn outline(path: &Path, options: &LoadOptions) -> Result<Outline, LoadError> {
    let file = ParquetFile::open(path)?;
    let roles = Roles::find(path, file.schema(), options)?;
    let layout = layout(path, options)?;
    Ok(Outline {
        format: Format::Parquet,
        bytes: file.bytes(),
        n: file.claimed_rows(),
        dim: guessed_dim(&file, roles.vector).unwrap_or(0),
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
fn guessed_dim(file: &ParquetFile<'_>, vector: usize) -> Option<usize> {
    let guess = match file.schema().field(vector).data_type() {
        DataType::FixedSizeList(_, dim) => i64::from(*dim),
        _ => values_a_row(file, vector)?,
    };
    usize::try_from(guess).ok()
}

pub(super) fn values_a_row(file: &ParquetFile<'_>, vector: usize) -> Option<i64> {
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
