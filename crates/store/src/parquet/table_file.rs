//! A Parquet file of one batch, written and read as a whole.

use std::path::Path;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, SchemaRef};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};

use super::{
    file::{ParquetFile, guard},
    write_error::{Failure, WriteError},
};
use crate::{LoadError, atomic};

const BATCH_ROWS: usize = 1 << 12;

/// A Parquet file that holds neither vectors nor results.
pub(crate) struct TableFile<'a> {
    path: &'a Path,
    file: ParquetFile<'a>,
}

impl<'a> TableFile<'a> {
    /// Writes what `make` makes, zstd-compressed, atomically.
    pub(crate) fn write(
        path: &Path,
        make: impl FnOnce() -> Result<RecordBatch, ArrowError>,
    ) -> Result<(), WriteError> {
        let write = |file: &mut atomic::AtomicWriter<'_>| -> Result<(), Failure> {
            let batch = make()?;
            let properties = WriterProperties::builder()
                .set_compression(Compression::ZSTD(ZstdLevel::default()))
                .build();
            let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties))?;
            writer.write(&batch)?;
            writer.close()?;
            Ok(())
        };
        atomic::write_with(path, write).map_err(|failure| failure.at(path))
    }

    pub(crate) fn open(path: &'a Path) -> Result<Self, LoadError> {
        let file = ParquetFile::open(path)?;
        Ok(Self { path, file })
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        self.file.schema()
    }

    /// Hands one column over, part by part.
    pub(crate) fn read_column(
        &self,
        place: usize,
        take: &mut dyn FnMut(&ArrayRef) -> Result<(), LoadError>,
    ) -> Result<(), LoadError> {
        let mut batches = self.file.batches(&[place], BATCH_ROWS)?;
        while let Some(batch) = batches.next()? {
            guard(self.path, "a column", || take(batch.column(0)))?;
        }
        Ok(())
    }
}
