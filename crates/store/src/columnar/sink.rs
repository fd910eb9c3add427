//! Where the batches of a table go.

use std::path::Path;

use annbench_vectors::{Ids, Matrix};
use arrow_array::{RecordBatch, UInt64Array};
use arrow_schema::{Schema, SchemaRef};

use super::{ids::IdSink, roles::Roles, vectors::VectorSink};
use crate::{Embeddings, Faults, LoadError, LoadOptions};

/// How large a table says it is, which may be a lie, and the file that says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableSize {
    /// Rows claimed; 0 where the file makes no claim.
    pub(crate) rows: usize,
    /// Size of the file.
    pub(crate) file_bytes: u64,
}

/// Collects vectors, ids and, if asked, all other columns from batches of a table.
pub(crate) struct Sink<'a> {
    path: &'a Path,
    /// Places in the table of the columns that are read, ascending.
    projected: Vec<usize>,
    vectors: Vectors<'a>,
    ids: Option<(usize, IdSink<'a>)>,
    kept: Option<Kept>,
    faults: Faults,
}

/// The vectors: to be collected from a place in each batch, or there already.
enum Vectors<'a> {
    Collect(usize, VectorSink<'a>),
    Ready(Option<Matrix>),
}

/// Other columns: their places in a batch, and their batches so far.
struct Kept {
    schema: SchemaRef,
    places: Vec<usize>,
    batches: Vec<RecordBatch>,
}

impl<'a> Sink<'a> {
    /// A sink for the columns that the roles name; `ready` holds the vectors if they were read
    /// another way.
    pub(crate) fn new(
        path: &'a Path,
        schema: &Schema,
        roles: &Roles,
        options: &LoadOptions,
        ready: Option<Matrix>,
    ) -> Self {
        let vector = ready.is_none().then_some(roles.vector);
        let mut projected: Vec<usize> = vector.into_iter().chain(roles.id).collect();
        if options.keep_columns {
            projected.extend(&roles.others);
        }
        projected.sort_unstable();
        let place = |column: usize| projected.partition_point(|&other| other < column);
        let ids = roles.id.map(|column| {
            let field = schema.field(column);
            let sink = IdSink::new(path, field.name(), field.data_type());
            (place(column), sink)
        });
        let name = schema.field(roles.vector).name();
        let vectors = match ready {
            Some(matrix) => Vectors::Ready(Some(matrix)),
            None => Vectors::Collect(
                place(roles.vector),
                VectorSink::new(path, name, options.faults),
            ),
        };
        let kept = (options.keep_columns && !roles.others.is_empty()).then(|| Kept {
            schema: Schema::new(fields(schema, &roles.others)).into(),
            places: roles.others.iter().map(|&column| place(column)).collect(),
            batches: Vec::new(),
        });
        Self {
            path,
            vectors,
            ids,
            kept,
            projected,
            faults: options.faults,
        }
    }

    /// Places in the table of the columns that batches must hold, ascending.
    pub(crate) fn projected(&self) -> &[usize] {
        &self.projected
    }

    /// Takes a batch of the projected columns, of a table that says it is of the given size.
    pub(crate) fn append(&mut self, batch: &RecordBatch, size: TableSize) -> Result<(), LoadError> {
        if let Vectors::Collect(place, sink) = &mut self.vectors {
            sink.append(batch.column(*place), size)?;
        }
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

    /// What was collected since the last time; ids are not compared with one another.
    pub(crate) fn drain(&mut self) -> Result<Embeddings, LoadError> {
        let vectors = match &mut self.vectors {
            Vectors::Collect(_, sink) => sink.drain()?,
            Vectors::Ready(matrix) => matrix.take().ok_or_else(|| LoadError::NoRows {
                path: self.path.into(),
            })?,
        };
        let ids = match &mut self.ids {
            Some((_, ids)) => ids.drain(),
            None => Ids::Rows(vectors.n()),
        };
        let columns = self.kept.as_mut().map(Kept::drain).transpose();
        let columns = columns.map_err(|source| damaged(self.path, source))?;
        same_rows(self.path, vectors.n(), &ids, columns.as_ref())?;
        Ok(Embeddings {
            vectors,
            ids,
            columns,
        })
    }

    /// All that was collected, if ids are distinct or faults are kept.
    pub(crate) fn finish(mut self) -> Result<Embeddings, LoadError> {
        if let Some((_, ids)) = &self.ids
            && self.faults == Faults::Refuse
        {
            ids.check_distinct()?;
        }
        self.drain()
    }
}

impl Kept {
    fn drain(&mut self) -> Result<RecordBatch, arrow_schema::ArrowError> {
        let batches = std::mem::take(&mut self.batches);
        arrow_select::concat::concat_batches(&self.schema, &batches)
    }
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

fn fields(schema: &Schema, columns: &[usize]) -> Vec<arrow_schema::Field> {
    let field = |&column: &usize| schema.field(column).clone();
    columns.iter().map(field).collect()
}

/// Vectors that were read apart from the rest may be of another number in a damaged file.
fn same_rows(
    path: &Path,
    n: usize,
    ids: &Ids,
    columns: Option<&RecordBatch>,
) -> Result<(), LoadError> {
    let others = columns.map(RecordBatch::num_rows);
    match [Some(ids.len()), others]
        .into_iter()
        .flatten()
        .find(|&rows| rows != n)
    {
        None => Ok(()),
        Some(rows) => Err(LoadError::UnequalColumns {
            path: path.into(),
            n,
            rows,
        }),
    }
}

fn damaged(path: &Path, source: arrow_schema::ArrowError) -> LoadError {
    LoadError::Damaged {
        path: path.into(),
        place: "other columns".into(),
        source: source.into(),
    }
}
