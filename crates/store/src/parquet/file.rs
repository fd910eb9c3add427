//! An opened Parquet file, and what keeps its damage from harming us.

use std::{
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{
            ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
            ParquetRecordBatchReaderBuilder,
        },
    },
    errors::ParquetError,
    file::metadata::ParquetMetaData,
};

use crate::LoadError;

/// An opened Parquet file with its footer read.
pub(crate) struct ParquetFile<'a> {
    path: &'a Path,
    file: File,
    bytes: u64,
    metadata: ArrowReaderMetadata,
}

impl<'a> ParquetFile<'a> {
    /// Opens a file and reads its footer.
    pub(crate) fn open(path: &'a Path) -> Result<Self, LoadError> {
        let file = File::open(path).map_err(|source| LoadError::io(path, source))?;
        let bytes = file
            .metadata()
            .map_err(|source| LoadError::io(path, source))?
            .len();
        let metadata = guard(path, "footer", || {
            ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
                .map_err(|source| refused(path, "footer".into(), source))
        })?;
        Ok(Self {
            path,
            file,
            bytes,
            metadata,
        })
    }

    /// The columns, as Arrow sees them.
    pub(crate) fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// The footer.
    pub(crate) fn footer(&self) -> &ParquetMetaData {
        self.metadata.metadata()
    }

    /// Rows the footer claims, which may be a lie.
    pub(crate) fn claimed_rows(&self) -> usize {
        usize::try_from(self.footer().file_metadata().num_rows()).unwrap_or(0)
    }

    /// Size of the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The given columns in batches, from the first row on.
    pub(crate) fn batches(
        &self,
        columns: &[usize],
        batch_rows: usize,
    ) -> Result<Batches<'a>, LoadError> {
        let path = self.path;
        let file = self
            .file
            .try_clone()
            .map_err(|source| LoadError::io(path, source))?;
        let reader = guard(path, "footer", || {
            let builder =
                ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
            let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
            let builder = builder.with_projection(mask).with_batch_size(batch_rows);
            builder
                .build()
                .map_err(|source| refused(path, "footer".into(), source))
        })?;
        Ok(Batches {
            path,
            reader,
            row: 0,
        })
    }
}

/// Batches of a file, one after the other.
pub(crate) struct Batches<'a> {
    path: &'a Path,
    reader: ParquetRecordBatchReader,
    row: usize,
}

impl Batches<'_> {
    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>, LoadError> {
        let (path, place) = (self.path, format!("at row {}", self.row));
        let batch = guard(path, &place, || {
            let batch = self.reader.next().transpose();
            batch.map_err(|source| refused(path, place.clone(), unwrapped(source)))
        })?;
        self.row += batch.as_ref().map_or(0, RecordBatch::num_rows);
        Ok(batch)
    }
}

/// Runs a piece of the decoder and turns its panic into an error.
///
/// The decoder checks most of what it reads, not all: one flipped bit made its byte-stream-split
/// decoder index past the end of a page (parquet 60.1, found by this crate's mutation tests), and a
/// user's damaged file must not end a benchmark of hours. Nothing of what was being decoded is used
/// afterwards, so the unwinding leaves nothing broken behind.
pub(crate) fn guard<T>(
    path: &Path,
    place: &str,
    decode: impl FnOnce() -> Result<T, LoadError>,
) -> Result<T, LoadError> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let reason = text.or(panic.downcast_ref::<&str>().copied());
        Err(LoadError::DecoderPanic {
            path: path.into(),
            place: place.into(),
            reason: reason.unwrap_or("an unknown problem").into(),
        })
    })
}

fn refused(path: &Path, place: String, source: ParquetError) -> LoadError {
    match source {
        ParquetError::NYI(_) => LoadError::Unsupported {
            path: path.into(),
            source,
        },
        _ => LoadError::Damaged {
            path: path.into(),
            place,
            source,
        },
    }
}

fn unwrapped(error: ArrowError) -> ParquetError {
    match error {
        ArrowError::ParquetError(message) => ParquetError::General(message),
        other => ParquetError::from(other),
    }
}
