//! From a Parquet file to embeddings.

use std::path::Path;

use annbench_vectors::Ids;
use arrow_array::{RecordBatch, UInt64Array};
use arrow_schema::{DataType, Schema};

use super::{
    columns::Roles,
    file::{ParquetFile, guard},
    ids::IdSink,
    vectors::VectorSink,
};
use crate::{Embeddings, LoadError, LoadOptions, Progress};

/// Values decoded at a time: 512 KiB of f32, which stay in a core's cache on their way.
const BATCH_VALUES: usize = 1 << 17;
/// Rows decoded at a time, however short they are.
const MAX_BATCH_ROWS: usize = 1 << 16;

/// Reads the vectors, the ids and, if asked, all other columns.
pub(crate) fn load(
    path: &Path,
    options: &LoadOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Embeddings, LoadError> {
    let file = ParquetFile::open(path)?;
    let roles = Roles::find(path, file.schema(), options)?;
    let mut sink = Sink::new(path, &file, &roles, options.keep_columns);
    let (columns, total) = (sink.projected.clone(), file.claimed_rows());
    file.read(
        &columns,
        batch_rows(&file, roles.vector),
        &mut |row, batch| {
            let done = row + batch.num_rows();
            guard(path, &format!("at row {row}"), || sink.append(&batch))?;
            progress(Progress {
                done,
                total: total.max(done),
            });
            Ok(())
        },
    )?;
    sink.finish()
}

/// The named rows of a table, in the order given.
///
/// # Panics
/// If a row number is past the end.
#[expect(
    clippy::expect_used,
    reason = "documented: the caller's row numbers are in range"
)]
pub(crate) fn select_rows(columns: &RecordBatch, rows: &[usize]) -> RecordBatch {
    let rows: UInt64Array = rows.iter().map(|&row| row as u64).collect();
    arrow_select::take::take_record_batch(columns, &rows).expect("row numbers are in range")
}

/// Where batches of the projected columns go.
struct Sink<'a> {
    path: &'a Path,
    /// Places in the file of the columns that are read, ascending.
    projected: Vec<usize>,
    vector: usize,
    vectors: VectorSink<'a>,
    ids: Option<(usize, IdSink<'a>)>,
    kept: Option<Kept>,
}

/// Other columns: their places in a batch, and their batches so far.
struct Kept {
    schema: Schema,
    places: Vec<usize>,
    batches: Vec<RecordBatch>,
}

impl<'a> Sink<'a> {
    fn new(path: &'a Path, file: &'a ParquetFile<'_>, roles: &Roles, keep_columns: bool) -> Self {
        let mut projected: Vec<usize> = [roles.vector].into_iter().chain(roles.id).collect();
        if keep_columns {
            projected.extend(&roles.others);
        }
        projected.sort_unstable();
        let place = |column: usize| projected.partition_point(|&other| other < column);
        let field = |column: usize| file.schema().field(column);
        let ids = roles.id.map(|column| {
            let field = field(column);
            (
                place(column),
                IdSink::new(path, field.name(), field.data_type()),
            )
        });
        let kept = (keep_columns && !roles.others.is_empty()).then(|| Kept {
            schema: Schema::new(
                roles
                    .others
                    .iter()
                    .map(|&c| field(c).clone())
                    .collect::<Vec<_>>(),
            ),
            places: roles.others.iter().map(|&column| place(column)).collect(),
            batches: Vec::new(),
        });
        let name = field(roles.vector).name();
        Self {
            path,
            vector: place(roles.vector),
            vectors: VectorSink::new(path, name, file.claimed_rows(), file.bytes()),
            ids,
            kept,
            projected,
        }
    }

    fn append(&mut self, batch: &RecordBatch) -> Result<(), LoadError> {
        self.vectors.append(batch.column(self.vector))?;
        if let Some((place, ids)) = &mut self.ids {
            ids.append(batch.column(*place))?;
        }
        if let Some(kept) = &mut self.kept {
            let columns = batch.project(&kept.places);
            kept.batches
                .push(columns.map_err(|source| damaged(self.path, source))?);
        }
        Ok(())
    }

    fn finish(self) -> Result<Embeddings, LoadError> {
        let vectors = self.vectors.finish()?;
        let ids = match self.ids {
            Some((_, ids)) => ids.finish()?,
            None => Ids::Rows(vectors.n()),
        };
        let concat = |kept: Kept| {
            let schema = kept.schema.into();
            arrow_select::concat::concat_batches(&schema, &kept.batches)
        };
        let columns = self.kept.map(concat).transpose();
        Ok(Embeddings {
            vectors,
            ids,
            columns: columns.map_err(|source| damaged(self.path, source))?,
        })
    }
}

fn damaged(path: &Path, source: arrow_schema::ArrowError) -> LoadError {
    LoadError::Damaged {
        path: path.into(),
        place: "other columns".into(),
        source: source.into(),
    }
}

/// Rows to decode at a time. The footer is only asked for a guess at the dim.
fn batch_rows(file: &ParquetFile<'_>, vector: usize) -> usize {
    let guess = match file.schema().field(vector).data_type() {
        DataType::FixedSizeList(_, dim) => i64::from(*dim),
        _ => values_a_row(file, vector).unwrap_or(1024),
    };
    let dim = usize::try_from(guess).unwrap_or(1).max(1);
    (BATCH_VALUES / dim).clamp(1, MAX_BATCH_ROWS)
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
