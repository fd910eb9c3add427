//! Vectors on their way to disk, a block at a time.

use std::{io, path::Path};

use annbench_vectors::{Ids, Matrix};

use super::{Generator, Kind, MakeError, space};
use crate::{Dtype, Embeddings, Format, Progress, WriteError, convert::Companions, writer};

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
    let make = |first: usize| {
        let rows = rows_at_once.min(n - first);
        block(path, generator, first, rows, threads)
    };
    let companions = Companions::default();
    writer::create(path, |file| {
        let first = make(0)?;
        let mut output = writer::begin(path, file, format, dtype, &first, &companions)?;
        output.append(&first)?;
        for first in (rows_at_once..n).step_by(rows_at_once) {
            progress(Progress {
                done: first,
                total: n,
            });
            output.append(&make(first)?)?;
        }
        progress(Progress { done: n, total: n });
        output.finish()
    })?;
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
        (Some(format @ (Format::Fvecs | Format::Fbin | Format::Hdf5)), _) => {
            Ok((format, Dtype::F32))
        }
        _ => Err(WriteError::UnknownFormat { path: path.into() }),
    }
}

fn block(
    path: &Path,
    generator: &Generator,
    first: usize,
    rows: usize,
    threads: usize,
) -> Result<Embeddings, WriteError> {
    let dim = generator.recipe().dim;
    let mut values = vec![0.0; rows * dim];
    generator.fill(first as u64, &mut values, threads);
    let vectors = Matrix::from_vec(values, dim);
    let vectors = vectors.map_err(|error| writer::at(path)(io::Error::other(error)))?;
    Ok(Embeddings {
        ids: Ids::Rows(vectors.n()),
        vectors,
        columns: None,
    })
}
