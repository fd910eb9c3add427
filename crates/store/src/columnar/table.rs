//! The one way of a table's batches into embeddings, whole or block by block.

use std::path::Path;

use annbench_vectors::Ids;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::{Roles, Sink, TableSize, column_cards, dtype_of};
use crate::{Embeddings, LoadError, LoadOptions, Progress, inspect::Layout, parquet::guard};

/// A table in a file, read from its first row on.
pub(crate) trait Table {
    /// The columns.
    fn schema(&self) -> SchemaRef;

    /// The next batch of the given columns, which are places in the schema, ascending, and the
    /// same in every call; `None` after the last.
    fn next(&mut self, columns: &[usize]) -> Result<Option<RecordBatch>, LoadError>;

    /// How large the table is, as far as can be told by now.
    fn size(&self) -> TableSize;

    /// Ids as they are meant, of those read so far.
    fn meant(&self, ids: Ids) -> Ids {
        ids
    }

    /// Reads ahead what [`meant`](Self::meant) must know to judge ids block by block, `id` being
    /// the place of their column; and counts the rows if that comes with it.
    fn survey(&mut self, _id: Option<usize>) -> Result<(), LoadError> {
        Ok(())
    }

    /// Number of rows, where the file says it or they were counted.
    fn claimed(&self) -> Option<usize> {
        None
    }

    /// Row groups, in a format that has them.
    fn row_groups(&self) -> Option<usize> {
        None
    }
}

/// Reads the vectors, the ids and, if asked, all other columns.
pub(crate) fn load(
    path: &Path,
    table: &mut dyn Table,
    options: &LoadOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Embeddings, LoadError> {
    let roles = Roles::find(path, &table.schema(), options)?;
    let sink = Sink::new(path, &table.schema(), &roles, options, None);
    fill(path, table, sink, progress)
}

/// Puts all batches into a sink.
pub(crate) fn fill(
    path: &Path,
    table: &mut dyn Table,
    mut sink: Sink<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Embeddings, LoadError> {
    let columns = sink.projected().to_vec();
    let mut done = 0;
    while !columns.is_empty()
        && let Some(batch) = table.next(&columns)?
    {
        let size = table.size();
        guard(path, &format!("at row {done}"), || {
            sink.append(&batch, size)
        })?;
        done += batch.num_rows();
        let total = size.rows.max(done);
        progress(Progress { done, total });
    }
    let mut whole = sink.finish()?;
    whole.ids = table.meant(whole.ids);
    Ok(whole)
}

/// What the schema says of the file.
pub(crate) fn layout(
    path: &Path,
    table: &dyn Table,
    options: &LoadOptions,
) -> Result<Layout, LoadError> {
    let schema = table.schema();
    let roles = Roles::find(path, &schema, options)?;
    Ok(Layout {
        dtype: dtype_of(schema.field(roles.vector).data_type()).unwrap_or_default(),
        columns: column_cards(&schema, &roles),
        row_groups: table.row_groups(),
    })
}

/// The rows of a table, a batch at a time.
pub(crate) struct TableBlocks<'a> {
    path: &'a Path,
    table: Box<dyn Table + 'a>,
    sink: Sink<'a>,
    columns: Vec<usize>,
    row: usize,
}

impl<'a> TableBlocks<'a> {
    pub(crate) fn new(
        path: &'a Path,
        mut table: Box<dyn Table + 'a>,
        options: &LoadOptions,
    ) -> Result<Self, LoadError> {
        let roles = Roles::find(path, &table.schema(), options)?;
        table.survey(roles.id)?;
        let sink = Sink::new(path, &table.schema(), &roles, options, None);
        Ok(Self {
            path,
            columns: sink.projected().to_vec(),
            table,
            sink,
            row: 0,
        })
    }

    /// The rows of the next batch; their ids are not compared with those of other batches.
    pub(crate) fn next(&mut self) -> Result<Option<Embeddings>, LoadError> {
        loop {
            let Some(batch) = self.table.next(&self.columns)? else {
                return Ok(None);
            };
            let place = format!("at row {}", self.row);
            self.row += batch.num_rows();
            if batch.num_rows() == 0 {
                continue;
            }
            let mut block = guard(self.path, &place, || {
                let size = TableSize {
                    rows: batch.num_rows(),
                    ..self.table.size()
                };
                self.sink.append(&batch, size)?;
                self.sink.drain()
            })?;
            block.ids = self.table.meant(block.ids);
            return Ok(Some(block));
        }
    }

    /// Rows in all, as far as can be told by now.
    pub(crate) fn total(&self) -> usize {
        self.table.size().rows.max(self.row)
    }
}
