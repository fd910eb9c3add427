//! Vectors of Parquet files larger than memory, block by block.

use std::path::{Path, PathBuf};

use annbench_vectors::{Ids, Matrix};
use arrow_array::{ArrayRef, UInt64Array};
use arrow_schema::{DataType, Schema};

use super::file::{ParquetFile, guard};
use crate::{
    Faults, Format, LoadError, LoadOptions,
    columnar::{IdSink, Roles, TableSize, VectorSink},
    shards,
};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 1 << 12;

/// The vectors of a Parquet file, or of several that make one table, of which only a block has to be
/// in memory.
#[derive(Debug, Clone)]
pub struct VectorBlocks {
    files: Vec<PathBuf>,
    options: LoadOptions,
    n: usize,
    dim: usize,
}

impl VectorBlocks {
    /// Looks at the footers of the Parquet files that `path` stands for; `None` where it is a file
    /// of another format.
    ///
    /// # Errors
    /// [`LoadError`] if a file cannot be read, or has no column of vectors.
    pub fn open(path: &Path, options: &LoadOptions) -> Result<Option<Self>, LoadError> {
        let files = match shards::find(path)? {
            Some(files) => files,
            None if Format::detect(path)? == Format::Parquet => vec![path.to_owned()],
            None => return Ok(None),
        };
        let mut blocks = Self {
            files: Vec::new(),
            options: options.clone(),
            n: 0,
            dim: 0,
        };
        for path in files {
            let file = ParquetFile::open(&path)?;
            let roles = Roles::find(&path, file.schema(), options)?;
            blocks.n = blocks.n.saturating_add(file.claimed_rows());
            blocks.dim = blocks.dim.max(file.claimed_dim(roles.vector).unwrap_or(0));
            blocks.files.push(path);
        }
        Ok(Some(blocks))
    }

    /// Rows, by what the footers say.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Bytes that all vectors take as f32, by what the footers say.
    pub fn bytes(&self) -> u64 {
        (self.n as u64)
            .saturating_mul(self.dim as u64)
            .saturating_mul(size_of::<f32>() as u64)
    }

    /// Hands the vectors over in their order, in blocks of about `bytes`, of one file each.
    ///
    /// # Errors
    /// The first error of `take`, or [`LoadError`] as [`load`](crate::load) has it.
    pub fn for_each<E: From<LoadError>>(
        &self,
        bytes: u64,
        take: &mut dyn FnMut(Matrix) -> Result<(), E>,
    ) -> Result<(), E> {
        let rows_each = bytes / (self.dim.max(1) as u64 * size_of::<f32>() as u64);
        let rows_each = usize::try_from(rows_each)
            .unwrap_or(usize::MAX)
            .max(BATCH_ROWS);
        let mut first = 0;
        for path in &self.files {
            first += self.of_file(path, first, rows_each, take)?;
        }
        Ok(())
    }

    /// Hands one file over, whose rows are counted from `first`; returns how many they are.
    fn of_file<E: From<LoadError>>(
        &self,
        path: &Path,
        first: usize,
        rows_each: usize,
        take: &mut dyn FnMut(Matrix) -> Result<(), E>,
    ) -> Result<usize, E> {
        let file = ParquetFile::open(path)?;
        let roles = Roles::find(path, file.schema(), &self.options)?;
        let mut block = Block::new(path, &file, roles.vector, rows_each);
        let mut refused = None;
        let read = file.read(&[roles.vector], BATCH_ROWS, &mut |row, batch| {
            let count = |error| counted_from(error, first + block.start);
            let sink = &mut block.sink;
            guard(path, &format!("at row {row}"), || {
                sink.append(batch.column(0))
            })
            .map_err(count)?;
            block.rows += batch.num_rows();
            match block.rows >= rows_each {
                true => block.hand_over(take, &mut refused),
                false => Ok(()),
            }
        });
        if let Some(error) = refused {
            return Err(error);
        }
        read?;
        if block.rows > 0 {
            take(block.sink.finish()?)?;
        }
        Ok(block.start + block.rows)
    }

    /// What the id column calls the given rows (ascending, distinct); `None` without such a column.
    ///
    /// # Errors
    /// [`LoadError`] if a file cannot be read.
    pub fn names(&self, rows: &[u64]) -> Result<Option<Ids>, LoadError> {
        let mut names: Option<Ids> = None;
        let mut first = 0;
        for path in &self.files {
            let file = ParquetFile::open(path)?;
            let roles = Roles::find(path, file.schema(), &self.options)?;
            let Some(column) = roles.id else {
                return Ok(None);
            };
            let (more, n) = names_of_file(path, &file, column, first, rows)?;
            first += n;
            names = Some(match (names, more) {
                (None, more) => more,
                (Some(Ids::Integers(ids)), Ids::Integers(more)) => {
                    Ids::Integers([ids, more].concat())
                }
                (Some(Ids::Strings(ids)), Ids::Strings(more)) => Ids::Strings([ids, more].concat()),
                _ => {
                    return Err(LoadError::Parts {
                        path: path.clone(),
                        problem: "has ids of another kind than the files before".into(),
                    });
                }
            });
        }
        Ok(names)
    }
}

/// The block that is being put together.
struct Block<'f> {
    path: &'f Path,
    schema: &'f Schema,
    vector: usize,
    size: TableSize,
    sink: VectorSink<'f>,
    /// Row of the file at which it begins, and rows it has so far.
    start: usize,
    rows: usize,
}

impl<'f> Block<'f> {
    fn new(path: &'f Path, file: &'f ParquetFile<'_>, vector: usize, rows_each: usize) -> Self {
        let schema = file.schema();
        let size = TableSize {
            rows: file
                .claimed_rows()
                .min(rows_each.saturating_add(BATCH_ROWS)),
            file_bytes: file.bytes(),
        };
        Self {
            path,
            schema,
            vector,
            size,
            sink: VectorSink::new(path, schema.field(vector).name(), size, Faults::Refuse),
            start: 0,
            rows: 0,
        }
    }

    /// Begins the next block. What `take` refuses is laid aside, and the reading ends with an error
    /// that nobody sees: the reader knows no errors but its own.
    fn hand_over<E>(
        &mut self,
        take: &mut dyn FnMut(Matrix) -> Result<(), E>,
        refused: &mut Option<E>,
    ) -> Result<(), LoadError> {
        let name = self.schema.field(self.vector).name();
        let next = VectorSink::new(self.path, name, self.size, Faults::Refuse);
        let full = std::mem::replace(&mut self.sink, next).finish()?;
        (self.start, self.rows) = (self.start + self.rows, 0);
        take(full).map_err(|error| {
            *refused = Some(error);
            LoadError::NoRows {
                path: self.path.into(),
            }
        })
    }
}

/// The names of those of `rows` that lie in this file, whose rows are counted from `first`; and how
/// many rows it has.
fn names_of_file(
    path: &Path,
    file: &ParquetFile<'_>,
    column: usize,
    first: usize,
    rows: &[u64],
) -> Result<(Ids, usize), LoadError> {
    let field = file.schema().field(column);
    let mut sink = IdSink::new(path, field.name(), field.data_type(), Faults::Refuse);
    let mut n = 0;
    file.read(&[column], BATCH_ROWS, &mut |row, batch| {
        n = row + batch.num_rows();
        let [start, end] = [first + row, first + n].map(|row| row as u64);
        let wanted =
            rows.partition_point(|&row| row < start)..rows.partition_point(|&row| row < end);
        let places: UInt64Array = rows[wanted].iter().map(|row| row - start).collect();
        let picked = pick(path, batch.column(0), &places)?;
        guard(path, &format!("at row {row}"), || sink.append(&picked))
    })?;
    Ok((sink.finish()?, n))
}

fn pick(path: &Path, column: &ArrayRef, places: &UInt64Array) -> Result<ArrayRef, LoadError> {
    arrow_select::take::take(column, places, None).map_err(|source| LoadError::Damaged {
        path: path.into(),
        place: "ids".into(),
        source: source.into(),
    })
}

/// The error of a block with its row counted from the first of all.
fn counted_from(mut error: LoadError, first: usize) -> LoadError {
    if let LoadError::NullVector { row, .. }
    | LoadError::NullComponent { row, .. }
    | LoadError::Ragged { row, .. }
    | LoadError::NotFinite { row, .. } = &mut error
    {
        *row += first;
    }
    error
}

impl ParquetFile<'_> {
    /// Components a vector has, by the schema or by the first row group.
    fn claimed_dim(&self, vector: usize) -> Option<usize> {
        let dim = match self.schema().field(vector).data_type() {
            DataType::FixedSizeList(_, dim) => i64::from(*dim),
            _ => super::read::values_a_row(self, vector)?,
        };
        usize::try_from(dim).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Embeddings, WriteOptions, write_parquet};

    const ROWS: usize = 3 * BATCH_ROWS + 100;

    /// A table of two files with names that tell the row.
    fn table(folder: &Path) -> VectorBlocks {
        for part in 0..2 {
            let rows = part * ROWS..(part + 1) * ROWS;
            let values = rows.clone().flat_map(|row| [row as f32, -1.0]).collect();
            let ids = Ids::Strings(rows.map(|row| format!("doc-{row}")).collect());
            let part_file = folder.join(format!("part-{part}.parquet"));
            let embeddings = Embeddings::new(Matrix::from_vec(values, 2).unwrap(), ids).unwrap();
            write_parquet(&part_file, &embeddings, &WriteOptions::default()).unwrap();
        }
        VectorBlocks::open(folder, &LoadOptions::default())
            .unwrap()
            .unwrap()
    }

    #[test]
    fn blocks_are_the_table_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let blocks = table(folder.path());
        assert_eq!(
            (blocks.n(), blocks.bytes()),
            (2 * ROWS, 2 * ROWS as u64 * 8)
        );
        for (bytes, most) in [
            (0, BATCH_ROWS),
            (5000 * 8, 2 * BATCH_ROWS),
            (u64::MAX, ROWS),
        ] {
            let mut next = 0.0;
            let take = &mut |block: Matrix| {
                assert!(block.n() <= most, "{}", block.n());
                for row in block.rows() {
                    assert_eq!(row, [next, -1.0]);
                    next += 1.0;
                }
                Ok::<(), LoadError>(())
            };
            blocks.for_each(bytes, take).unwrap();
            assert_eq!(next, 2.0 * ROWS as f32);
        }
    }

    #[test]
    fn rows_are_called_what_the_files_call_them() {
        let folder = tempfile::tempdir().unwrap();
        let rows = [0, 7, ROWS as u64 - 1, ROWS as u64, 2 * ROWS as u64 - 1];
        let expected = rows.map(|row| format!("doc-{row}")).to_vec();
        let names = table(folder.path()).names(&rows).unwrap();
        assert_eq!(names, Some(Ids::Strings(expected)));
    }

    #[test]
    fn who_takes_the_blocks_may_end_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut taken = 0;
        let error = table(folder.path()).for_each(0, &mut |_| {
            taken += 1;
            Err(LoadError::Folder {
                path: "enough".into(),
            })
        });
        assert!(error.unwrap_err().to_string().contains("enough"));
        assert_eq!(taken, 1);
    }
}
