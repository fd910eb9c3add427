//! Vectors of Parquet files larger than memory, block by block.

use std::path::Path;

use annbench_vectors::{Ids, Matrix};
use arrow_array::{ArrayRef, UInt64Array};

use super::{
    file::{ParquetFile, guard},
    read::guessed_dim,
};
use crate::{
    Format, LoadError, LoadOptions,
    blocks::Source,
    columnar::{IdSink, Roles},
};

/// Rows of ids decoded at a time.
const BATCH_ROWS: usize = 1 << 12;

/// The vectors of a Parquet file, or of several that make one table, of which only a block has to be
/// in memory.
#[derive(Debug)]
pub struct VectorBlocks {
    source: Source,
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
        let source = Source::find(path)?;
        if source.format()? != Format::Parquet {
            return Ok(None);
        }
        let (mut n, mut dim) = (0_usize, 0);
        for path in source.files() {
            let file = ParquetFile::open(path)?;
            let roles = Roles::find(path, file.schema(), options)?;
            n = n.saturating_add(file.claimed_rows());
            dim = dim.max(guessed_dim(&file, roles.vector).unwrap_or(0));
        }
        Ok(Some(Self {
            source,
            options: options.clone(),
            n,
            dim,
        }))
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

    /// Hands the vectors over in their order, in blocks of about `bytes`.
    ///
    /// # Errors
    /// The first error of `take`, or [`LoadError`] as [`load`](crate::load) has it.
    pub fn for_each<E: From<LoadError>>(
        &self,
        bytes: u64,
        take: &mut dyn FnMut(Matrix) -> Result<(), E>,
    ) -> Result<(), E> {
        let values_each = usize::try_from(bytes / size_of::<f32>() as u64).unwrap_or(usize::MAX);
        let vectors_alone = LoadOptions {
            id_column: Some(String::new()),
            keep_columns: false,
            ..self.options.clone()
        };
        let mut blocks = self.source.blocks(&vectors_alone);
        let (mut gathered, mut dim) = (Vec::new(), 1);
        while let Some((_, block)) = blocks.next()? {
            dim = block.dim();
            gathered.extend_from_slice(block.vectors.as_slice());
            if gathered.len() >= values_each {
                take(matrix(&self.source, std::mem::take(&mut gathered), dim)?)?;
            }
        }
        match gathered.is_empty() {
            true => Ok(()),
            false => take(matrix(&self.source, gathered, dim)?),
        }
    }

    /// What the id column calls the given rows (ascending, distinct); `None` without such a column.
    ///
    /// # Errors
    /// [`LoadError`] if a file cannot be read.
    pub fn names(&self, rows: &[u64]) -> Result<Option<Ids>, LoadError> {
        let mut names: Option<Ids> = None;
        let mut first = 0;
        for path in self.source.files() {
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

fn matrix(source: &Source, values: Vec<f32>, dim: usize) -> Result<Matrix, LoadError> {
    Matrix::from_vec(values, dim).map_err(|_| LoadError::NoRows {
        path: source.path().into(),
    })
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
    let mut sink = IdSink::new(path, field.name(), field.data_type());
    let mut batches = file.batches(&[column], BATCH_ROWS)?;
    let mut n = 0;
    while let Some(batch) = batches.next()? {
        let row = n;
        n += batch.num_rows();
        let [start, end] = [first + row, first + n].map(|row| row as u64);
        let wanted =
            rows.partition_point(|&row| row < start)..rows.partition_point(|&row| row < end);
        let places: UInt64Array = rows[wanted].iter().map(|row| row - start).collect();
        let picked = pick(path, batch.column(0), &places)?;
        guard(path, &format!("at row {row}"), || sink.append(&picked))?;
    }
    Ok((sink.drain(), n))
}

fn pick(path: &Path, column: &ArrayRef, places: &UInt64Array) -> Result<ArrayRef, LoadError> {
    arrow_select::take::take(column, places, None).map_err(|source| LoadError::Damaged {
        path: path.into(),
        place: "ids".into(),
        source: source.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Embeddings, WriteOptions, write_parquet};

    const ROWS: usize = 70_000;

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
            (0, 1 << 16),
            (5_000 * 8, ROWS),
            (ROWS as u64 * 8, 2 * ROWS),
            (u64::MAX, 2 * ROWS),
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
