//! fvecs and fbin, row by row.

use std::{io::Write, path::Path};

use crate::{
    Embeddings, Format, WriteError,
    atomic::AtomicWriter,
    writer::{BlockWriter, at, replace_head, word},
};

/// Writes fvecs or fbin.
pub(crate) struct FlatWriter<'f, 'w> {
    path: &'f Path,
    file: &'f mut AtomicWriter<'w>,
    format: Format,
    dim: [u8; 4],
    n: usize,
}

impl<'f, 'w> FlatWriter<'f, 'w> {
    pub(crate) fn begin(
        path: &'f Path,
        file: &'f mut AtomicWriter<'w>,
        format: Format,
        dim: usize,
    ) -> Result<Self, WriteError> {
        let dim = word(path, format, dim)?;
        if format == Format::Fbin {
            // The number of rows takes its place at the end.
            file.write_all(&[[0; 4], dim].concat()).map_err(at(path))?;
        }
        Ok(Self {
            path,
            file,
            format,
            dim,
            n: 0,
        })
    }
}

impl BlockWriter for FlatWriter<'_, '_> {
    fn append(&mut self, block: &Embeddings) -> Result<(), WriteError> {
        let io = at(self.path);
        self.n += block.n();
        if self.format == Format::Fbin {
            let values = bytemuck::cast_slice(block.vectors.as_slice());
            return self.file.write_all(values).map_err(io);
        }
        for row in block.vectors.rows() {
            self.file.write_all(&self.dim).map_err(&io)?;
            self.file
                .write_all(bytemuck::cast_slice(row))
                .map_err(&io)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), WriteError> {
        let n = word(self.path, self.format, self.n)?;
        match self.format {
            Format::Fbin => replace_head(self.file, &n).map_err(at(self.path)),
            _ => Ok(()),
        }
    }
}
