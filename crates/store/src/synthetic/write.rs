//! Vectors on their way to disk, a block at a time.

use std::{
    io::{self, Write},
    path::Path,
};

use annbench_vectors::{Ids, Matrix};

use super::{Generator, Kind, MakeError, space};
use crate::{
    Dtype, Embeddings, Format, Progress, WriteError, WriteOptions, atomic,
    atomic::AtomicWriter,
    npy::Header,
    parquet::{Failure, RowGroups},
};

/// Values of a block, at most: 16 MiB.
const BLOCK_VALUES: usize = 1 << 22;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// How components are stored.
    pub dtype: Dtype,
    /// Size of the file.
    pub bytes: u64,
}

/// Writes the first `n` vectors of a generator in the format that the path's extension names, on
/// `threads` threads and with one block in memory at a time. Whole numbers are stored as u8 where
/// the format has room for that, all else as f32.
///
/// # Errors
/// [`MakeError`] if the disk is too small or the file cannot be written; the path is then as it was.
pub fn make(
    path: &Path,
    generator: &Generator,
    n: usize,
    threads: usize,
    progress: &mut dyn FnMut(Progress),
) -> Result<Made, MakeError> {
    let (format, dtype) = stored_as(path, generator.recipe().kind)?;
    require_space(path, file_bytes(path, generator, n)?)?;
    let dim = generator.recipe().dim;
    let rows_at_once = (BLOCK_VALUES / dim).clamp(1, n);
    let write = |file: &mut AtomicWriter<'_>| -> Result<(), Failure> {
        let mut output = Output::begin(path, file, (format, dtype), (n, dim), rows_at_once)?;
        for first in (0..n).step_by(rows_at_once) {
            let done = n.min(first + rows_at_once);
            output.append(block(generator, first, done - first, threads)?)?;
            progress(Progress { done, total: n });
        }
        output.finish()
    };
    atomic::write_with(path, write).map_err(|failure| failure.at(path))?;
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    Ok(Made { dtype, bytes })
}

/// Bytes that the file takes at most: random components hardly compress.
///
/// # Errors
/// [`MakeError`] if there is nothing to write, or the extension names no format that is written.
pub fn file_bytes(path: &Path, generator: &Generator, n: usize) -> Result<u64, MakeError> {
    let (format, dtype) = stored_as(path, generator.recipe().kind)?;
    let a_row = match format {
        Format::Fvecs => 4,
        _ => 0,
    };
    let dim = generator.recipe().dim as u64;
    let a_row = dim.saturating_mul(dtype.bytes()).saturating_add(a_row);
    // Headers, footers and page headers are well below a hundredth, or a megabyte.
    let values = a_row.saturating_mul(n as u64);
    match n {
        0 => Err(MakeError::NoRows),
        _ => Ok(values.saturating_add(values / 100).saturating_add(1 << 20)),
    }
}

/// Refuses to begin what the disk cannot hold.
///
/// # Errors
/// [`MakeError::Space`] if fewer than so many bytes are free where the path lies.
pub fn require_space(path: &Path, needed: u64) -> Result<(), MakeError> {
    match space::available(path) {
        Some(available) if available < needed => Err(MakeError::Space {
            path: path.into(),
            needed,
            available,
        }),
        _ => Ok(()),
    }
}

fn stored_as(path: &Path, kind: Kind) -> Result<(Format, Dtype), WriteError> {
    let format = Format::of_extension(path);
    match (format, kind) {
        (Some(format @ (Format::Parquet | Format::Npy)), Kind::U8) => Ok((format, Dtype::U8)),
        (Some(format @ (Format::Parquet | Format::Npy)), _) => Ok((format, Dtype::F32)),
        (Some(format @ (Format::Fvecs | Format::Fbin)), _) => Ok((format, Dtype::F32)),
        _ => Err(WriteError::UnknownFormat { path: path.into() }),
    }
}

fn block(
    generator: &Generator,
    first: usize,
    rows: usize,
    threads: usize,
) -> Result<Embeddings, Failure> {
    let dim = generator.recipe().dim;
    let mut values = vec![0.0; rows * dim];
    generator.fill(first as u64, &mut values, threads);
    let vectors = Matrix::from_vec(values, dim).map_err(io::Error::other)?;
    Ok(Embeddings {
        ids: Ids::Rows(vectors.n()),
        vectors,
        columns: None,
    })
}

/// A file that blocks are appended to.
enum Output<'f, 'w> {
    Parquet(RowGroups<'f, 'w>),
    /// Rows one after the other, each behind its dim in fvecs.
    Plain {
        file: &'f mut AtomicWriter<'w>,
        dtype: Dtype,
        before_row: Vec<u8>,
    },
}

impl<'f, 'w: 'f> Output<'f, 'w> {
    fn begin(
        path: &Path,
        file: &'f mut AtomicWriter<'w>,
        (format, dtype): (Format, Dtype),
        (n, dim): (usize, usize),
        rows_at_once: usize,
    ) -> Result<Self, Failure> {
        if format == Format::Parquet {
            let options = WriteOptions {
                dtype,
                row_group_rows: rows_at_once.min(WriteOptions::default().row_group_rows),
                ..WriteOptions::default()
            };
            return Ok(Self::Parquet(RowGroups::begin(file, dim, &options)?));
        }
        let counts = || Ok::<_, Failure>([word(path, n)?, word(path, dim)?]);
        let (head, before_row) = match format {
            Format::Npy => (Header::bytes(descr(dtype), &[n, dim]), Vec::new()),
            Format::Fbin => (counts()?.concat(), Vec::new()),
            _ => (Vec::new(), word(path, dim)?.to_vec()),
        };
        file.write_all(&head)?;
        Ok(Self::Plain {
            file,
            dtype,
            before_row,
        })
    }

    fn append(&mut self, block: Embeddings) -> Result<(), Failure> {
        match self {
            Self::Parquet(groups) => groups.append(block.vectors.view()),
            Self::Plain {
                file,
                dtype,
                before_row,
            } => {
                for row in block.vectors.rows() {
                    file.write_all(before_row)?;
                    match dtype {
                        Dtype::U8 => {
                            let bytes: Vec<u8> = row.iter().map(|&value| value as u8).collect();
                            file.write_all(&bytes)?;
                        }
                        _ => file.write_all(bytemuck::cast_slice(row))?,
                    }
                }
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Parquet(groups) => groups.finish(),
            Self::Plain { .. } => Ok(()),
        }
    }
}

fn descr(dtype: Dtype) -> &'static str {
    match dtype {
        Dtype::U8 => "|u1",
        _ => "<f4",
    }
}

/// A count as flat formats store it.
fn word(path: &Path, number: usize) -> Result<[u8; 4], Failure> {
    let problem = || {
        let path = path.display();
        let text = format!("{path} has no room for a count of {number}; write parquet");
        io::Error::new(io::ErrorKind::InvalidInput, text)
    };
    let number = i32::try_from(number).map_err(|_| problem())?;
    Ok(number.to_le_bytes())
}
