//! Formats that are a matrix and nothing else: the one way to load them.

use std::path::Path;

use annbench_vectors::zeroed_vec;

use crate::{
    Dtype, Embeddings, Faults, LoadError, Progress,
    embeddings::{RowNumber, numbered},
};

/// Numbers converted at a time.
pub(crate) const CHUNK: usize = 1 << 18;

/// A matrix in a file, read from its first row on.
pub(crate) trait Dense {
    /// `(n, dim)`, both at least 1, which the file's length was found to hold.
    fn shape(&self) -> (usize, usize);

    /// How components are stored.
    fn dtype(&self) -> Dtype;

    /// What holds the rows, for a message, such as `array`.
    fn place(&self) -> String;

    /// Fills `out` with the next rows; `out` holds whole ones, and no more than are left.
    fn fill(&mut self, out: &mut [f32]) -> Result<(), LoadError>;

    /// Rows to ask for at a time.
    fn rows_at_once(&self) -> usize {
        (CHUNK / self.shape().1).max(1)
    }
}

/// Reads the whole matrix; row numbers are its ids.
pub(crate) fn load(
    path: &Path,
    dense: &mut dyn Dense,
    faults: Faults,
    progress: &mut dyn FnMut(Progress),
) -> Result<Embeddings, LoadError> {
    let (n, dim) = dense.shape();
    let mut values = room(path, n, dim)?;
    let mut done = 0;
    for block in values.chunks_mut(dense.rows_at_once() * dim) {
        dense.fill(block)?;
        done += block.len() / dim;
        progress(Progress { done, total: n });
    }
    numbered(path, &dense.place(), RowNumber(0), (values, dim), faults)
}

/// Reads the next rows, `done` of which were read before; `None` after the last.
pub(crate) fn next_block(
    path: &Path,
    dense: &mut dyn Dense,
    done: usize,
    faults: Faults,
) -> Result<Option<Embeddings>, LoadError> {
    let (n, dim) = dense.shape();
    let rows = dense.rows_at_once().min(n - done);
    if rows == 0 {
        return Ok(None);
    }
    let mut values = room(path, rows, dim)?;
    dense.fill(&mut values)?;
    numbered(path, &dense.place(), RowNumber(done), (values, dim), faults).map(Some)
}

/// Room for a matrix that the file's length was found to hold.
pub(crate) fn room(path: &Path, n: usize, dim: usize) -> Result<Vec<f32>, LoadError> {
    let too_large = || LoadError::TooLarge {
        path: path.into(),
        n,
        dim,
    };
    let count = n.checked_mul(dim).ok_or_else(too_large)?;
    zeroed_vec(count).ok_or_else(too_large)
}
