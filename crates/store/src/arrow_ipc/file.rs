//! Files: a footer with the schema and the places of all batches.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    sync::Arc,
};

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::{
    Block,
    convert::try_fb_to_schema,
    reader::{FileDecoder, read_footer_length},
    root_as_footer, root_as_message,
};
use arrow_schema::{ArrowError, SchemaRef};

use super::{Batches, CONTINUATION, broken, check_sizes};

/// Length of the footer and the mark, at the end of a file.
const TRAILER_BYTES: u64 = 10;

/// An opened file of so many bytes, with its footer and dictionaries read.
pub(super) fn open(mut file: File, bytes: u64) -> Result<Blocks, ArrowError> {
    let footer = footer(&mut file, bytes)?;
    let footer = root_as_footer(&footer).map_err(|error| broken(error.to_string()))?;
    let missing = || broken("the schema is missing");
    let schema: SchemaRef = Arc::new(try_fb_to_schema(footer.schema().ok_or_else(missing)?)?);
    let batches: Vec<Block> = footer
        .recordBatches()
        .into_iter()
        .flatten()
        .copied()
        .collect();
    let mut blocks = Blocks {
        file,
        bytes,
        decoder: FileDecoder::new(schema.clone(), footer.version()),
        schema,
        batches,
        next: 0,
    };
    for dictionary in footer.dictionaries().into_iter().flatten() {
        let bytes = blocks.read(dictionary)?;
        blocks.decoder.read_dictionary(dictionary, &bytes)?;
    }
    Ok(blocks)
}

fn footer(file: &mut File, bytes: u64) -> Result<Vec<u8>, ArrowError> {
    let cut = || broken("the file ends before its footer");
    let trailer_start = bytes.checked_sub(TRAILER_BYTES).ok_or_else(cut)?;
    let mut trailer = [0; TRAILER_BYTES as usize];
    file.seek(SeekFrom::Start(trailer_start))?;
    file.read_exact(&mut trailer)?;
    let length = read_footer_length(trailer)? as u64;
    let start = trailer_start.checked_sub(length).ok_or_else(cut)?;
    file.seek(SeekFrom::Start(start))?;
    let mut footer = Vec::new();
    file.take(length).read_to_end(&mut footer)?;
    Ok(footer)
}

/// The batches of a file.
pub(super) struct Blocks {
    file: File,
    bytes: u64,
    decoder: FileDecoder,
    schema: SchemaRef,
    batches: Vec<Block>,
    next: usize,
}

impl Batches for Blocks {
    fn schema(&self) -> Option<SchemaRef> {
        Some(self.schema.clone())
    }

    fn next(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        let Some(block) = self.batches.get(self.next).copied() else {
            return Ok(None);
        };
        self.next += 1;
        let bytes = self.read(&block)?;
        let missing = || broken("a message that is no batch");
        self.decoder
            .read_record_batch(&block, &bytes)?
            .ok_or_else(missing)
            .map(Some)
    }

    fn bytes(&self) -> (u64, u64) {
        let of = |blocks: &[Block]| {
            blocks
                .iter()
                .map(|block| block.bodyLength().max(0) as u64)
                .fold(0, u64::saturating_add)
        };
        (of(&self.batches), of(&self.batches[..self.next]))
    }
}

impl Blocks {
    /// The bytes of a block, which lies within the file and whose buffers lie within it.
    fn read(&mut self, block: &Block) -> Result<Buffer, ArrowError> {
        let outside = || broken(format!("a block outside the file: {block:?}"));
        let start = u64::try_from(block.offset()).map_err(|_| outside())?;
        let meta = u64::try_from(block.metaDataLength()).map_err(|_| outside())?;
        let body = u64::try_from(block.bodyLength()).map_err(|_| outside())?;
        let end = start
            .checked_add(meta)
            .and_then(|end| end.checked_add(body));
        if end.is_none_or(|end| end > self.bytes) {
            return Err(outside());
        }
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(start))?;
        (&mut self.file).take(meta + body).read_to_end(&mut bytes)?;
        let (head, body) = bytes.split_at_checked(meta as usize).ok_or_else(outside)?;
        let prefix = if head.starts_with(&CONTINUATION) {
            8
        } else {
            4
        };
        let message = root_as_message(head.get(prefix..).ok_or_else(outside)?);
        check_sizes(&message.map_err(|error| broken(error.to_string()))?, body)?;
        Ok(Buffer::from_vec(bytes))
    }
}
