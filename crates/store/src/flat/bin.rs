//! fbin, u8bin, i8bin and ibin: a header of n and dim, then all components.

use std::io::Read;

use super::Flat;
use crate::LoadError;

/// `(n, dim)` of vectors, whose values come next.
pub(super) fn shape(flat: &mut Flat<'_>) -> Result<(usize, usize), LoadError> {
    let (n, dim) = header(flat)?;
    check_length(flat, n, dim, flat.format.flat_dtype().bytes())?;
    Ok((n as usize, dim as usize))
}

/// `(n, dim)` as the header claims, both at least 1.
pub(super) fn header(flat: &mut Flat<'_>) -> Result<(u64, u64), LoadError> {
    if flat.bytes < 8 {
        let problem = format!("the file ends after {} of its 8 bytes", flat.bytes);
        return Err(flat.malformed("header", problem));
    }
    let mut start = [[0; 4]; 2];
    let bytes = start.as_flattened_mut();
    flat.file
        .read_exact(bytes)
        .map_err(|source| flat.io(source))?;
    match start.map(u32::from_le_bytes) {
        [_, 0] => Err(flat.malformed("header", "dim = 0, which no vector has".into())),
        [0, _] => Err(LoadError::NoRows {
            path: flat.path.into(),
        }),
        [n, dim] => Ok((n.into(), dim.into())),
    }
}

/// Refuses a file that has not exactly the bytes the header promises.
pub(super) fn check_length(
    flat: &Flat<'_>,
    n: u64,
    dim: u64,
    element_bytes: u64,
) -> Result<(), LoadError> {
    let expected = 8 + u128::from(n) * u128::from(dim) * u128::from(element_bytes);
    match expected == u128::from(flat.bytes) {
        true => Ok(()),
        false => {
            let found = flat.bytes;
            let problem =
                format!("n = {n} and dim = {dim} take {expected} bytes, the file has {found}");
            Err(flat.malformed("header", problem))
        }
    }
}
