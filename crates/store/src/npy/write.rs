//! Arrays of vectors whose number of rows shows at the end.

use std::{io::Write, path::Path};

use half::f16;

use super::{Element, Header};
use crate::{
    Dtype, Embeddings, WriteError,
    atomic::AtomicWriter,
    raw,
    writer::{BlockWriter, at, check_range, replace_head},
};

/// More rows than any file has, to leave room for their number.
const MOST_ROWS: usize = i64::MAX as usize;

/// Writes an npy array in C order.
pub(crate) struct NpyWriter<'f, 'w> {
    path: &'f Path,
    file: &'f mut AtomicWriter<'w>,
    dtype: Dtype,
    dim: usize,
    n: usize,
}

impl<'f, 'w> NpyWriter<'f, 'w> {
    pub(crate) fn begin(
        path: &'f Path,
        file: &'f mut AtomicWriter<'w>,
        dtype: Dtype,
        dim: usize,
    ) -> Result<Self, WriteError> {
        let head = Header::bytes(descr(dtype), &[MOST_ROWS, dim]);
        file.write_all(&head).map_err(at(path))?;
        Ok(Self {
            path,
            file,
            dtype,
            dim,
            n: 0,
        })
    }
}

impl BlockWriter for NpyWriter<'_, '_> {
    fn append(&mut self, block: &Embeddings) -> Result<(), WriteError> {
        check_range(self.path, block.vectors.view(), self.dtype, self.n)?;
        self.n += block.n();
        let written = raw::write(self.file, self.dtype, block.vectors.as_slice());
        written.map_err(at(self.path))
    }

    fn finish(self: Box<Self>) -> Result<(), WriteError> {
        let length = Header::bytes(descr(self.dtype), &[MOST_ROWS, self.dim]).len();
        let head = Header::bytes_of_length(descr(self.dtype), &[self.n, self.dim], length);
        replace_head(self.file, &head).map_err(at(self.path))
    }
}

fn descr(dtype: Dtype) -> &'static str {
    match dtype {
        Dtype::F16 => f16::DESCR,
        Dtype::F64 => f64::DESCR,
        Dtype::U8 => "|u1",
        _ => f32::DESCR,
    }
}
