//! Files of vectors that are written block by block.

use std::{
    io::{self, Seek, SeekFrom, Write},
    path::Path,
};

use annbench_vectors::MatrixView;
use half::f16;

use crate::{
    Dtype, Embeddings, Format, WriteError, WriteOptions,
    atomic::{self, AtomicWriter},
    flat::FlatWriter,
    hdf5::{Companions, Hdf5Writer},
    npy::NpyWriter,
    parquet::ParquetWriter,
};

/// A file that rows are appended to.
pub(crate) trait BlockWriter {
    /// Appends the rows, which have the dim and the columns of those before.
    fn append(&mut self, block: &Embeddings) -> Result<(), WriteError>;

    /// Writes what only the end can tell, such as the number of rows.
    fn finish(self: Box<Self>) -> Result<(), WriteError>;
}

/// Writes a file atomically through a function that names the path in its errors.
pub(crate) fn create<T, E: From<WriteError>>(
    path: &Path,
    write: impl FnOnce(&mut AtomicWriter<'_>) -> Result<T, E>,
) -> Result<T, E> {
    /// An error of the file itself, or one of the function.
    enum Failure<E> {
        Io(io::Error),
        Told(E),
    }
    impl<E> From<io::Error> for Failure<E> {
        fn from(error: io::Error) -> Self {
            Self::Io(error)
        }
    }
    let written = atomic::write_with(path, |file| write(file).map_err(Failure::Told));
    written.map_err(|failure| match failure {
        Failure::Io(source) => at(path)(source).into(),
        Failure::Told(error) => error,
    })
}

/// A writer of the format, which learns dim and columns from the first block and does not write it
/// yet. `companions` goes into HDF5 alone.
pub(crate) fn begin<'f>(
    path: &'f Path,
    file: &'f mut AtomicWriter<'_>,
    format: Format,
    dtype: Dtype,
    first: &Embeddings,
    companions: &'f Companions,
) -> Result<Box<dyn BlockWriter + 'f>, WriteError> {
    check_dtype(path, format, dtype)?;
    let dim = first.dim();
    Ok(match format {
        Format::Fvecs | Format::Fbin => Box::new(FlatWriter::begin(path, file, format, dim)?),
        Format::Npy => Box::new(NpyWriter::begin(path, file, dtype, dim)?),
        Format::Hdf5 => Box::new(Hdf5Writer::begin(path, file, dim, companions)?),
        _ => {
            let options = WriteOptions {
                dtype,
                ..WriteOptions::default()
            };
            Box::new(ParquetWriter::begin(path, file, &options, first)?)
        }
    })
}

/// Refuses a component type that the format does not take.
pub(crate) fn check_dtype(path: &Path, format: Format, dtype: Dtype) -> Result<(), WriteError> {
    let takes: &[Dtype] = match format {
        Format::Fvecs | Format::Fbin | Format::Hdf5 => &[Dtype::F32],
        Format::Npy | Format::Parquet => &[Dtype::F16, Dtype::F32, Dtype::F64, Dtype::U8],
        _ => &[],
    };
    match takes.contains(&dtype) {
        true => Ok(()),
        false => Err(WriteError::Dtype {
            path: path.into(),
            format,
            dtype,
            takes: takes
                .iter()
                .map(|dtype| dtype.name())
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

/// Refuses components that would become infinite, or no whole number; `first` is the number of the first row.
pub(crate) fn check_range(
    path: &Path,
    vectors: MatrixView<'_>,
    dtype: Dtype,
    first: usize,
) -> Result<(), WriteError> {
    let overflows = |value: &f32| match dtype {
        Dtype::F16 => !f16::from_f32(*value).is_finite(),
        Dtype::U8 => f32::from(*value as u8) != *value,
        _ => false,
    };
    match vectors.as_slice().iter().position(overflows) {
        None => Ok(()),
        Some(index) => Err(WriteError::Overflow {
            path: path.into(),
            row: first + index / vectors.dim(),
            value: vectors.as_slice()[index],
            dtype,
        }),
    }
}

/// A number of rows or components as a format with counts of 32 bits stores it.
pub(crate) fn word(path: &Path, format: Format, number: usize) -> Result<[u8; 4], WriteError> {
    let no_room = || WriteError::Io {
        path: path.into(),
        source: io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{format} has no room for a count of {number}; write parquet"),
        ),
    };
    let number = i32::try_from(number).map_err(|_| no_room())?;
    Ok(number.to_le_bytes())
}

/// Writes `head` over the start of the file, and goes back to its end.
pub(crate) fn replace_head(file: &mut AtomicWriter<'_>, head: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(head)?;
    file.seek(SeekFrom::End(0)).map(drop)
}

/// An error of the file system in writing a file.
pub(crate) fn at(path: &Path) -> impl Fn(io::Error) -> WriteError {
    move |source| WriteError::Io {
        path: path.into(),
        source,
    }
}
