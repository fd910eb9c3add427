//! fvecs and fbin, row by row.

use std::{
    io::{self, Write},
    path::Path,
};

use annbench_vectors::MatrixView;

use crate::{Format, Progress, WriteError, atomic};

const ROWS_BETWEEN_REPORTS: usize = 1 << 12;

/// Writes a matrix as fvecs or fbin, atomically.
pub(crate) fn write(
    path: &Path,
    vectors: MatrixView<'_>,
    format: Format,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), WriteError> {
    let io = |source| WriteError::Io {
        path: path.into(),
        source,
    };
    let total = vectors.n();
    let word = |number: usize| word(number as u64, format).map_err(io);
    let (n, dim) = (word(total)?, word(vectors.dim())?);
    let written = atomic::write_with(path, |file| {
        if format == Format::Fbin {
            file.write_all(&[n, dim].concat())?;
        }
        for (row, values) in vectors.rows().enumerate() {
            if format == Format::Fvecs {
                file.write_all(&dim)?;
            }
            file.write_all(bytemuck::cast_slice(values))?;
            let done = row + 1;
            if done % ROWS_BETWEEN_REPORTS == 0 || done == total {
                progress(Progress { done, total });
            }
        }
        Ok(())
    });
    written.map_err(io)
}

/// Writes numbers as ivecs, atomically.
pub(crate) fn write_ivecs(path: &Path, lists: MatrixView<'_, u64>) -> Result<(), WriteError> {
    let word = |number| word(number, Format::Ivecs);
    let written = atomic::write_with(path, |file| {
        for list in lists.rows() {
            file.write_all(&word(list.len() as u64)?)?;
            for &number in list {
                file.write_all(&word(number)?)?;
            }
        }
        Ok(())
    });
    written.map_err(|source| WriteError::Io {
        path: path.into(),
        source,
    })
}

/// A number as these formats hold it.
fn word(number: u64, format: Format) -> io::Result<[u8; 4]> {
    i32::try_from(number).map(i32::to_le_bytes).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{format} has no room for the number {number}; write parquet"),
        )
    })
}
