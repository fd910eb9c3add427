//! Arrow IPC: the file (Feather version 2) and the stream, which Hugging Face datasets keep.
//!
//! A file names its batches in a footer. It looks like a stream between a mark and that footer, but
//! is not always: polars leaves out what a stream begins its schema with.
//!
//! # Source
//! Apache Arrow columnar format, "Serialization and Interprocess Communication".

mod file;
mod stream;

use std::{fs::File, io::Read, path::Path};

use arrow_array::RecordBatch;
use arrow_ipc::Message;
use arrow_schema::{ArrowError, SchemaRef};

use crate::{
    LoadError,
    columnar::{Table, TableSize},
    parquet::guard,
};

const MARK: &[u8; 6] = b"ARROW1";
/// What a message begins with, in all but the oldest files.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// Whether a file may be one of Arrow by its first bytes.
pub(crate) fn begins(start: &[u8]) -> bool {
    start.starts_with(MARK) || begins_stream(start)
}

/// A stream begins with a marker, the length of its schema in multiples of 8 bytes, and a table.
fn begins_stream(start: &[u8]) -> bool {
    match start {
        [0xff, 0xff, 0xff, 0xff, a, b, c, 0, _, _, 0, 0, ..] => {
            a % 8 == 0 && [a, b, c] != [&0, &0, &0]
        }
        _ => false,
    }
}

/// Where batches come from.
trait Batches {
    /// The columns.
    fn schema(&self) -> Option<SchemaRef>;
    /// The next batch; `None` after the last.
    fn next(&mut self) -> Result<Option<RecordBatch>, ArrowError>;
    /// Bytes of batches, in all and so far.
    fn bytes(&self) -> (u64, u64);
}

/// An opened file or stream as a table.
pub(crate) struct ArrowTable<'a> {
    path: &'a Path,
    batches: Box<dyn Batches>,
    schema: SchemaRef,
    /// The first batch, until it is asked for.
    first: Option<RecordBatch>,
    file_bytes: u64,
    rows: usize,
}

impl<'a> ArrowTable<'a> {
    /// Opens a file and reads as far as the first batch, which the schema comes before.
    pub(crate) fn open(path: &'a Path) -> Result<Self, LoadError> {
        let io = |source| LoadError::io(path, source);
        let mut file = File::open(path).map_err(io)?;
        let file_bytes = file.metadata().map_err(io)?.len();
        let mut mark = Vec::new();
        (&mut file).take(8).read_to_end(&mut mark).map_err(io)?;
        let mut batches: Box<dyn Batches> = guard(path, "footer", || {
            let opened: Result<Box<dyn Batches>, ArrowError> = match mark.starts_with(MARK) {
                true => file::open(file, file_bytes).map(|batches| Box::new(batches) as _),
                false => stream::open(file, file_bytes).map(|batches| Box::new(batches) as _),
            };
            opened.map_err(|source| refused(path, "footer", source))
        })?;
        let first = next(path, batches.as_mut(), 0)?;
        let missing = || ArrowError::IpcError("the schema is missing".into());
        let schema = batches.schema();
        Ok(Self {
            path,
            schema: schema.ok_or_else(|| refused(path, "at row 0", missing()))?,
            rows: first.as_ref().map_or(0, RecordBatch::num_rows),
            batches,
            first,
            file_bytes,
        })
    }
}

impl Table for ArrowTable<'_> {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn next(&mut self, columns: &[usize]) -> Result<Option<RecordBatch>, LoadError> {
        let batch = match self.first.take() {
            Some(first) => Some(first),
            None => {
                let batch = next(self.path, self.batches.as_mut(), self.rows)?;
                self.rows += batch.as_ref().map_or(0, RecordBatch::num_rows);
                batch
            }
        };
        let projected = batch.map(|batch| batch.project(columns)).transpose();
        projected.map_err(|source| refused(self.path, "columns", source))
    }

    /// A guess at the rows, by the bytes of the batches so far.
    fn size(&self) -> TableSize {
        let (all, used) = self.batches.bytes();
        let guess = self.rows as u128 * u128::from(all) / u128::from(used.max(1));
        TableSize {
            rows: usize::try_from(guess).unwrap_or(usize::MAX),
            file_bytes: self.file_bytes,
        }
    }
}

fn next(
    path: &Path,
    batches: &mut dyn Batches,
    row: usize,
) -> Result<Option<RecordBatch>, LoadError> {
    let place = format!("at row {row}");
    guard(path, &place, || {
        batches
            .next()
            .map_err(|source| refused(path, &place, source))
    })
}

fn refused(path: &Path, place: &str, source: ArrowError) -> LoadError {
    LoadError::Arrow {
        path: path.into(),
        place: place.into(),
        source,
    }
}

fn broken(problem: impl Into<String>) -> ArrowError {
    ArrowError::IpcError(problem.into())
}

/// Refuses a message whose buffers do not lie within its body, or for whose compressed buffers, by
/// what they claim to become, there is no memory: the decoder asks for it on their word and would
/// end the process.
fn check_sizes(message: &Message<'_>, body: &[u8]) -> Result<(), ArrowError> {
    fits(message, body).ok_or_else(|| broken("sizes of buffers"))
}

fn fits(message: &Message<'_>, body: &[u8]) -> Option<()> {
    let dictionary = message.header_as_dictionary_batch();
    let batch = message.header_as_record_batch();
    let Some(batch) = batch.or_else(|| dictionary?.data()) else {
        return Some(());
    };
    for buffer in batch.buffers().into_iter().flatten() {
        let start = usize::try_from(buffer.offset()).ok()?;
        let length = usize::try_from(buffer.length()).ok()?;
        let bytes = body.get(start..)?.get(..length)?;
        if let (Some(_), Some(size)) = (batch.compression(), bytes.first_chunk()) {
            let size = usize::try_from(i64::from_le_bytes(*size).max(0)).ok()?;
            Vec::<u8>::new().try_reserve_exact(size).ok()?;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, LoadOptions};
    use annbench_vectors::Ids;
    use arrow_array::{ArrayRef, Int64Array, ListArray, types::Float32Type};
    use arrow_ipc::{
        CompressionType,
        writer::{FileWriter, IpcWriteOptions, StreamWriter},
    };
    use std::sync::Arc;

    fn batch(start: i64) -> RecordBatch {
        let row = |row: i64| Some(vec![Some(row as f32), Some(0.5)]);
        let lists =
            ListArray::from_iter_primitive::<Float32Type, _, _>((start..start + 50).map(row));
        let ids = Int64Array::from_iter_values(start..start + 50);
        let columns: [(&str, ArrayRef); 2] = [("id", Arc::new(ids)), ("emb", Arc::new(lists))];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    /// The two batches as a file with each compression, and as a stream.
    fn files() -> Vec<Vec<u8>> {
        let (first, second) = (batch(0), batch(50));
        let file = |compression| {
            let options = IpcWriteOptions::default()
                .try_with_compression(compression)
                .unwrap();
            let mut bytes = Vec::new();
            let mut writer =
                FileWriter::try_new_with_options(&mut bytes, &first.schema(), options).unwrap();
            writer.write(&first).unwrap();
            writer.write(&second).unwrap();
            writer.finish().unwrap();
            drop(writer);
            bytes
        };
        let mut stream = Vec::new();
        let mut writer = StreamWriter::try_new(&mut stream, &first.schema()).unwrap();
        writer.write(&first).unwrap();
        writer.write(&second).unwrap();
        writer.finish().unwrap();
        drop(writer);
        let [lz4, zstd] = [CompressionType::LZ4_FRAME, CompressionType::ZSTD]
            .map(Some)
            .map(file);
        vec![file(None), lz4, zstd, stream]
    }

    #[test]
    fn files_and_streams_are_read_batch_by_batch() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors");
        for bytes in files() {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(Format::detect(&path).unwrap(), Format::Arrow);
            let read = crate::load(&path, &LoadOptions::default(), &mut |_| {}).unwrap();
            assert_eq!((read.n(), read.dim()), (100, 2));
            assert_eq!(read.vectors.row(99), [99.0, 0.5]);
            assert_eq!(read.ids, Ids::Integers((0..100).collect()));
            let layout = Format::Arrow
                .layout(&path, &LoadOptions::default())
                .unwrap();
            assert_eq!(layout.columns.len(), 2);
        }
    }

    #[test]
    fn a_file_that_is_cut_off_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors.arrow");
        for bytes in files() {
            for length in [12, bytes.len() / 2, bytes.len() - 9] {
                std::fs::write(&path, &bytes[..length]).unwrap();
                let error = crate::load(&path, &LoadOptions::default(), &mut |_| {}).unwrap_err();
                let message = error.to_string();
                assert!(
                    message.contains("vectors.arrow: damaged"),
                    "{length}: {message}"
                );
            }
        }
    }
}
