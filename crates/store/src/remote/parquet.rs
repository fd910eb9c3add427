//! Which bytes of a Parquet file hold what is wanted.

use std::{collections::BTreeSet, ops::Range, path::Path};

use crate::{
    LoadError, LoadOptions,
    columnar::Roles,
    parquet::{ParquetFile, guard},
};

/// Bytes at a file's end that most footers fit into.
const FOOTER_GUESS: u64 = 16 << 10;
/// Length of the footer (u32) and the mark `PAR1`, which end the file.
const TAIL: u64 = 8;

/// Where the footer of a file of `bytes` probably lies.
pub(super) fn footer_guess(bytes: u64) -> Range<u64> {
    bytes.saturating_sub(FOOTER_GUESS)..bytes
}

/// Where the footer lies by the last bytes of the file; nowhere if they say nonsense, which is
/// for the reader to report.
pub(super) fn footer(bytes: u64, tail: &[u8]) -> Range<u64> {
    let length = match tail.last_chunk::<8>() {
        Some([a, b, c, d, b'P', b'A', b'R', b'1']) => u32::from_le_bytes([*a, *b, *c, *d]),
        _ => 0,
    };
    let start = bytes.checked_sub(TAIL + u64::from(length));
    start.unwrap_or(bytes)..bytes
}

/// Where the columns lie that `options` ask for, by the footer in the copy at `path`.
pub(super) fn columns(path: &Path, options: &LoadOptions) -> Result<Vec<Range<u64>>, LoadError> {
    let file = ParquetFile::open(path)?;
    let roles = Roles::find(path, file.schema(), options)?;
    let wanted = match options.keep_columns {
        true => (0..file.schema().fields().len()).collect(),
        false => BTreeSet::from_iter([Some(roles.vector), roles.id].into_iter().flatten()),
    };
    let schema = file.footer().file_metadata().schema_descr();
    let leaves: Vec<usize> = (0..schema.num_columns())
        .filter(|&leaf| wanted.contains(&schema.get_column_root_idx(leaf)))
        .collect();
    guard(path, "footer", || {
        let groups = file.footer().row_groups().iter();
        let chunks = groups.flat_map(|group| leaves.iter().map(|&leaf| group.column(leaf)));
        let ranges = chunks.map(|chunk| {
            let (start, length) = chunk.byte_range();
            start.min(file.bytes())..start.saturating_add(length).min(file.bytes())
        });
        Ok(ranges.collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_footer_is_where_the_last_bytes_say() {
        let cases: [(u64, &[u8], Range<u64>); 4] = [
            (100, b"\x10\0\0\0PAR1", 76..100),
            (100, b"\x10\0\0\0PARE", 92..100),
            (100, b"\xff\xff\xff\xffPAR1", 100..100),
            (3, b"abc", 3..3),
        ];
        for (bytes, tail, expected) in cases {
            assert_eq!(footer(bytes, tail), expected);
        }
    }
}
