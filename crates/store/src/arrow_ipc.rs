//! Arrow IPC: the file (Feather version 2) and the stream, which Hugging Face datasets keep.
//!
//! A file is a stream between a mark and a footer, so both are read as a stream, batch by batch.
//!
//! # Source
//! Apache Arrow columnar format, "Serialization and Interprocess Communication".

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Take},
    path::Path,
};

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::{
    Message,
    reader::{StreamDecoder, read_footer_length},
    root_as_message,
};
use arrow_schema::{ArrowError, Schema, SchemaRef};

use crate::{
    LoadError,
    columnar::{Table, TableSize},
    parquet::guard,
};

const MARK: &[u8; 6] = b"ARROW1";
/// A file's mark with its padding.
const MARK_BYTES: u64 = 8;
/// More padding than any writer is known to put behind it.
const MAX_PADDING: u64 = 64;
/// Length of the footer and the mark, at the end of a file.
const TRAILER_BYTES: u64 = 10;
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

/// An opened file or stream as a table.
pub(crate) struct ArrowTable<'a> {
    path: &'a Path,
    file: Take<File>,
    stream_bytes: u64,
    decoder: StreamDecoder,
    /// What was read and not yet decoded.
    buffer: Buffer,
    schema: SchemaRef,
    /// The first batch, until it is asked for.
    first: Option<RecordBatch>,
    /// Rows of the first batch, and the bytes of the file up to its end.
    first_size: (u64, u64),
    rows: usize,
}

impl<'a> ArrowTable<'a> {
    /// Opens a file and reads as far as the first batch, which the schema comes before.
    pub(crate) fn open(path: &'a Path) -> Result<Self, LoadError> {
        let io = |source| LoadError::io(path, source);
        let mut file = File::open(path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        let mut start = Vec::new();
        (&mut file)
            .take(MARK_BYTES + MAX_PADDING)
            .read_to_end(&mut start)
            .map_err(io)?;
        let stream_start = stream_start(&start);
        let stream_bytes = match stream_start {
            0 => bytes,
            _ => stream_end(path, &mut file, bytes, stream_start)? - stream_start,
        };
        file.seek(SeekFrom::Start(stream_start)).map_err(io)?;
        let mut table = Self {
            path,
            file: file.take(stream_bytes),
            stream_bytes,
            decoder: StreamDecoder::new(),
            buffer: Buffer::from_vec(Vec::<u8>::new()),
            schema: SchemaRef::new(Schema::empty()),
            first: None,
            first_size: (0, 1),
            rows: 0,
        };
        table.first = table.read()?;
        let missing = || ArrowError::IpcError("the schema is missing".into());
        let schema = table.decoder.schema();
        table.schema = schema.ok_or_else(|| table.refused(missing()))?;
        let left = table.file.limit() + table.buffer.len() as u64;
        let used = stream_bytes.saturating_sub(left).max(1);
        table.first_size = (table.rows as u64, used);
        Ok(table)
    }

    fn read(&mut self) -> Result<Option<RecordBatch>, LoadError> {
        let (path, place) = (self.path, format!("at row {}", self.rows));
        let batch = guard(path, &place, || self.decode())?;
        self.rows += batch.as_ref().map_or(0, RecordBatch::num_rows);
        Ok(batch)
    }

    fn decode(&mut self) -> Result<Option<RecordBatch>, LoadError> {
        loop {
            if self.buffer.is_empty() && !self.fill()? {
                let finished = self.decoder.finish();
                return finished
                    .map(|()| None)
                    .map_err(|source| self.refused(source));
            }
            let decoded = self.decoder.decode(&mut self.buffer);
            if let Some(batch) = decoded.map_err(|source| self.refused(source))? {
                return Ok(Some(batch));
            }
        }
    }

    /// Reads the next message; false at the end.
    fn fill(&mut self) -> Result<bool, LoadError> {
        let mut bytes = Vec::new();
        self.take(4, &mut bytes)?;
        if bytes == CONTINUATION {
            self.take(4, &mut bytes)?;
        }
        let head = bytes.len();
        let length = bytes.last_chunk().copied().map_or(0, u32::from_le_bytes);
        self.take(length.into(), &mut bytes)?;
        if length > 0 && bytes.len() > head {
            let message = root_as_message(&bytes[head..]);
            let message = message.map_err(|error| self.broken(error.to_string()))?;
            let mut body = Vec::new();
            self.take(
                u64::try_from(message.bodyLength()).unwrap_or(u64::MAX),
                &mut body,
            )?;
            check_sizes(&message, &body).ok_or_else(|| self.broken("sizes of buffers".into()))?;
            bytes.extend_from_slice(&body);
        }
        self.buffer = Buffer::from_vec(bytes);
        Ok(!self.buffer.is_empty())
    }

    /// Appends the next `count` bytes, if the file has them; at its end, nothing.
    fn take(&mut self, count: u64, bytes: &mut Vec<u8>) -> Result<(), LoadError> {
        let left = self.file.limit();
        if count > left && left + bytes.len() as u64 > 0 {
            return Err(self.broken(format!("a message of {count} bytes, {left} are left")));
        }
        let read = (&mut self.file).take(count).read_to_end(bytes);
        read.map_err(|source| LoadError::io(self.path, source))
            .map(drop)
    }

    fn broken(&self, problem: String) -> LoadError {
        self.refused(ArrowError::IpcError(problem))
    }

    fn refused(&self, source: ArrowError) -> LoadError {
        LoadError::Arrow {
            path: self.path.into(),
            place: format!("at row {}", self.rows),
            source,
        }
    }
}

impl Table for ArrowTable<'_> {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn next(&mut self, columns: &[usize]) -> Result<Option<RecordBatch>, LoadError> {
        let batch = match self.first.take() {
            Some(first) => Some(first),
            None => self.read()?,
        };
        let projected = batch.map(|batch| batch.project(columns)).transpose();
        projected.map_err(|source| self.refused(source))
    }

    /// A guess at the rows, by the bytes of the first batch.
    fn size(&self) -> TableSize {
        let (rows, used) = self.first_size;
        let guess = u128::from(rows) * u128::from(self.stream_bytes) / u128::from(used);
        TableSize {
            rows: usize::try_from(guess).unwrap_or(usize::MAX),
            file_bytes: self.stream_bytes,
        }
    }
}

/// Whether the buffers of a message lie within its body, and there is memory for what compressed
/// ones claim to become: the decoder asks for it on their word and would end the process.
fn check_sizes(message: &Message<'_>, body: &[u8]) -> Option<()> {
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

/// Where the stream begins, which is at once or after a file's mark and padding: to 8 bytes, but
/// arrow-rs pads to 64.
fn stream_start(start: &[u8]) -> u64 {
    match start.starts_with(MARK) {
        false => 0,
        true => {
            let after = start.get(MARK_BYTES as usize..).unwrap_or_default();
            let zeros = after.iter().take_while(|&&byte| byte == 0).count() as u64;
            MARK_BYTES + zeros / 8 * 8
        }
    }
}

/// Where the stream within a file ends, by the footer's length.
fn stream_end(
    path: &Path,
    file: &mut File,
    bytes: u64,
    stream_start: u64,
) -> Result<u64, LoadError> {
    let refused = |source| LoadError::Arrow {
        path: path.into(),
        place: "footer".into(),
        source,
    };
    let cut = || {
        refused(ArrowError::IpcError(
            "the file ends before its footer".into(),
        ))
    };
    let trailer_start = bytes.checked_sub(TRAILER_BYTES).ok_or_else(cut)?;
    let mut trailer = [0; TRAILER_BYTES as usize];
    let mut read = || {
        file.seek(SeekFrom::Start(trailer_start))?;
        file.read_exact(&mut trailer)
    };
    read().map_err(|source| LoadError::io(path, source))?;
    let footer = read_footer_length(trailer).map_err(refused)? as u64;
    let end = trailer_start.checked_sub(footer);
    end.filter(|&end| end >= stream_start).ok_or_else(cut)
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
