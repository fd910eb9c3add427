//! fvecs and fbin, row by row.

use std::{io::Write, path::Path};

use annbench_vectors::{Ids, Matrix, MatrixView};

use crate::{
    Embeddings, Format, WriteError,
    atomic::AtomicWriter,
    writer::{self, BlockWriter, at, replace_head, word},
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

/// Writes a matrix as fvecs, atomically.
pub(crate) fn write_fvecs(path: &Path, vectors: Matrix) -> Result<(), WriteError> {
    let rows = Embeddings {
        ids: Ids::Rows(vectors.n()),
        vectors,
        columns: None,
    };
    writer::create(path, |file| {
        let mut writer = Box::new(FlatWriter::begin(path, file, Format::Fvecs, rows.dim())?);
        writer.append(&rows)?;
        writer.finish()
    })
}

/// Writes row numbers as ivecs, atomically.
pub(crate) fn write_ivecs(path: &Path, lists: MatrixView<'_, u64>) -> Result<(), WriteError> {
    let number = |number: u64| {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        word(path, Format::Ivecs, number)
    };
    writer::create(path, |file| {
        for list in lists.rows() {
            let length = word(path, Format::Ivecs, list.len())?;
            file.write_all(&length).map_err(at(path))?;
            for &row in list {
                file.write_all(&number(row)?).map_err(at(path))?;
            }
        }
        Ok(())
    })
}
