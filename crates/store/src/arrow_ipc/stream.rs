//! Streams: messages one after the other, the first of which is the schema.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Take},
};

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::{reader::StreamDecoder, root_as_message};
use arrow_schema::{ArrowError, SchemaRef};

use super::{Batches, CONTINUATION, broken, check_sizes};

/// An opened stream of so many bytes.
pub(super) fn open(mut file: File, bytes: u64) -> Result<Stream, ArrowError> {
    file.seek(SeekFrom::Start(0))?;
    Ok(Stream {
        file: file.take(bytes),
        bytes,
        decoder: StreamDecoder::new(),
        buffer: Buffer::from_vec(Vec::<u8>::new()),
    })
}

/// The batches of a stream.
pub(super) struct Stream {
    file: Take<File>,
    bytes: u64,
    decoder: StreamDecoder,
    /// What was read and not yet decoded.
    buffer: Buffer,
}

impl Batches for Stream {
    fn schema(&self) -> Option<SchemaRef> {
        self.decoder.schema()
    }

    fn next(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        loop {
            if self.buffer.is_empty() && !self.fill()? {
                return self.decoder.finish().map(|()| None);
            }
            if let Some(batch) = self.decoder.decode(&mut self.buffer)? {
                return Ok(Some(batch));
            }
        }
    }

    fn bytes(&self) -> (u64, u64) {
        let left = self.file.limit() + self.buffer.len() as u64;
        (self.bytes, self.bytes.saturating_sub(left))
    }
}

impl Stream {
    /// Reads the next message; false at the end.
    fn fill(&mut self) -> Result<bool, ArrowError> {
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
            let message = message.map_err(|error| broken(error.to_string()))?;
            let body_bytes = u64::try_from(message.bodyLength()).unwrap_or(u64::MAX);
            let mut body = Vec::new();
            self.take(body_bytes, &mut body)?;
            check_sizes(&message, &body)?;
            bytes.extend_from_slice(&body);
        }
        self.buffer = Buffer::from_vec(bytes);
        Ok(!self.buffer.is_empty())
    }

    /// Appends the next `count` bytes, if the file has them; at its end, nothing.
    fn take(&mut self, count: u64, bytes: &mut Vec<u8>) -> Result<(), ArrowError> {
        let left = self.file.limit();
        if count > left && left + bytes.len() as u64 > 0 {
            return Err(broken(format!(
                "a message of {count} bytes, {left} are left"
            )));
        }
        (&mut self.file).take(count).read_to_end(bytes)?;
        Ok(())
    }
}
