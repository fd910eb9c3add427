//! fvecs, bvecs and ivecs: before each row its dim.

use std::io::Read;

use super::Flat;
use crate::{LoadError, raw};

/// Fills `out` with the rows from number `first` on.
pub(super) fn fill(
    flat: &mut Flat<'_>,
    dim: usize,
    first: usize,
    out: &mut [f32],
) -> Result<(), LoadError> {
    let dtype = flat.format.flat_dtype();
    for (place, row) in out.chunks_exact_mut(dim).enumerate() {
        // The first row's dim was read to learn it.
        if first + place > 0 {
            let mut start = [0; 4];
            let read = flat.file.read_exact(&mut start);
            read.map_err(|source| flat.io(source))?;
            same_dim(flat, first + place, dim, i32::from_le_bytes(start))?;
        }
        let read = raw::read(&mut flat.file, dtype, row);
        read.map_err(|source| flat.io(source))?;
    }
    Ok(())
}

/// `(n, dim)` by the first row's dim, which is read, and the file's length.
pub(super) fn shape(flat: &mut Flat<'_>) -> Result<(usize, usize), LoadError> {
    let mut start = [0; 4];
    if flat.bytes < 4 {
        let problem = format!(
            "the file ends after {} of the 4 bytes of its dim",
            flat.bytes
        );
        return Err(flat.malformed("row 0", problem));
    }
    flat.file
        .read_exact(&mut start)
        .map_err(|source| flat.io(source))?;
    let (dim, row_bytes) = first_dim(flat, i32::from_le_bytes(start))?;
    Ok((check_length(flat, row_bytes)?, dim))
}

/// The first dim and the bytes of a row, if the file is long enough for one.
fn first_dim(flat: &Flat<'_>, dim: i32) -> Result<(usize, usize), LoadError> {
    let left = flat.bytes - 4;
    let needed = u64::try_from(dim).unwrap_or(0) * flat.format.flat_dtype().bytes();
    match needed {
        0 => Err(flat.malformed("row 0", format!("dim = {dim}, which no vector has"))),
        _ if needed > left => {
            let problem = format!("dim = {dim} takes {needed} bytes, the file has {left} more");
            Err(flat.malformed("row 0", problem))
        }
        _ => Ok((dim as usize, 4 + needed as usize)),
    }
}

/// Number of rows, if the last one is whole.
fn check_length(flat: &Flat<'_>, row_bytes: usize) -> Result<usize, LoadError> {
    let (n, rest) = (flat.bytes / row_bytes as u64, flat.bytes % row_bytes as u64);
    match rest {
        0 => Ok(n as usize),
        _ => {
            let problem = format!("the file ends after {rest} of {row_bytes} bytes");
            Err(flat.malformed(format!("row {n}"), problem))
        }
    }
}

/// Refuses a row of another length than the first.
pub(super) fn same_dim(
    flat: &Flat<'_>,
    row: usize,
    dim: usize,
    found: i32,
) -> Result<(), LoadError> {
    match usize::try_from(found) == Ok(dim) {
        true => Ok(()),
        false => {
            let problem = format!("dim = {found} where the rows before have {dim}");
            Err(flat.malformed(format!("row {row}"), problem))
        }
    }
}
