//! Repetition and definition levels, read only as far as it takes to know that every row is there
//! and full.
//!
//! # Source
//! Apache Parquet format, Encodings.md: the hybrid of run lengths and bit packing.

/// A stretch of numbers in the hybrid encoding.
pub(super) enum Run<'a> {
    /// One value, so many times.
    Repeat { value: u32, count: usize },
    /// Values of the encoding's bit width one after the other, from the lowest bit on.
    Packed { bytes: &'a [u8], count: usize },
}

/// The stretches of `left` numbers in the hybrid encoding; ends early where the bytes do.
pub(super) struct Runs<'a> {
    bytes: &'a [u8],
    bit_width: usize,
    left: usize,
}

impl<'a> Runs<'a> {
    /// Reads `count` numbers of `bit_width` bits, 32 at most.
    pub(super) fn new(bytes: &'a [u8], bit_width: usize, count: usize) -> Self {
        Self {
            bytes,
            bit_width,
            left: count,
        }
    }

    /// Numbers that were promised and not yet handed out.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    fn varint(&mut self) -> Option<usize> {
        let mut value = 0u64;
        for shift in (0..35).step_by(7) {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return usize::try_from(value).ok();
            }
        }
        None
    }
}

impl<'a> Iterator for Runs<'a> {
    type Item = Run<'a>;

    fn next(&mut self) -> Option<Run<'a>> {
        if self.left == 0 {
            return None;
        }
        let header = self.varint()?;
        let run = match header & 1 {
            0 => {
                let (bytes, rest) = self.bytes.split_at_checked(self.bit_width.div_ceil(8))?;
                self.bytes = rest;
                let value = bytes
                    .iter()
                    .rev()
                    .fold(0, |value, &b| value << 8 | u32::from(b));
                // The general reader refuses a value that the bit width has no room for.
                if u64::from(value) >> self.bit_width != 0 {
                    return None;
                }
                let count = (header >> 1).min(self.left);
                Run::Repeat { value, count }
            }
            _ => {
                let count = (header >> 1).checked_mul(8)?.min(self.left);
                // Writers may leave out the padding of the last group.
                let length = (header >> 1) * self.bit_width;
                let needed = (count * self.bit_width).div_ceil(8);
                let (bytes, rest) = self.bytes.split_at(length.min(self.bytes.len()));
                self.bytes = rest;
                let bytes = bytes.get(..needed)?;
                Run::Packed { bytes, count }
            }
        };
        self.left -= match run {
            Run::Repeat { count, .. } | Run::Packed { count, .. } => count,
        };
        Some(run)
    }
}

/// Whether all `count` levels are `level`. The bit width is that of a highest level of 1 to 3.
pub(super) fn all_are(bytes: &[u8], level: u32, count: usize) -> bool {
    let bit_width = if level > 1 { 2 } else { 1 };
    // The level in every place of a byte.
    let filled = match bit_width {
        1 => level as u8 * 0xff,
        _ => level as u8 * 0x55,
    };
    let mut runs = Runs::new(bytes, bit_width, count);
    let is_level = |run| match run {
        Run::Repeat { value, .. } => value == level,
        Run::Packed { bytes, count } => {
            let whole = count * bit_width / 8;
            let mask = (1u16 << (count * bit_width % 8)) as u8 - 1;
            bytes[..whole].iter().all(|&byte| byte == filled)
                && bytes[whole..]
                    .iter()
                    .all(|&byte| (byte ^ filled) & mask == 0)
        }
    };
    runs.by_ref().all(is_level) && runs.left() == 0
}

/// Whether `count` repetition levels (0 begins a row, 1 goes on with it) are those of rows of
/// `dim` values, from value `start` of a row on.
pub(super) fn rows_are_full(bytes: &[u8], dim: usize, start: usize, count: usize) -> bool {
    let mut place = start;
    let mut runs = Runs::new(bytes, 1, count);
    let follows = |run| match run {
        Run::Repeat { value: 0, count } => {
            let begins = place == 0 && (count == 1 || dim == 1);
            place = 1 % dim;
            begins
        }
        Run::Repeat { count, .. } => {
            let goes_on = place > 0 && place + count <= dim;
            place = (place + count) % dim;
            goes_on
        }
        Run::Packed { bytes, count } => (0..count).all(|bit| {
            let goes_on = bytes[bit / 8] >> (bit % 8) & 1 == 1;
            let expected = place > 0;
            place = (place + 1) % dim;
            goes_on == expected
        }),
    };
    runs.by_ref().all(follows) && runs.left() == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_that_are_all_the_highest_are_seen() {
        // A run of 20 threes; then 8 bit-packed ones of width 1, then of width 2.
        let cases: [(&[u8], u32, usize, bool); 8] = [
            (&[40, 3], 3, 20, true),
            (&[40, 3], 3, 21, false),
            (&[40, 2], 3, 20, false),
            (&[3, 0xff], 1, 8, true),
            (&[3, 0x0f], 1, 4, true),
            (&[3, 0x0f], 1, 5, false),
            (&[3, 0xaa, 0xaa], 2, 8, true),
            (&[3, 0xaa, 0xab], 2, 8, false),
        ];
        for (bytes, level, count, expected) in cases {
            assert_eq!(
                all_are(bytes, level, count),
                expected,
                "{bytes:?} {level} {count}"
            );
        }
    }

    #[test]
    fn a_row_that_is_short_or_long_is_seen() {
        // Rows of 3, bit-packed: 0 1 1 0 1 1 0 1, then a run of one 1.
        let packed: &[u8] = &[3, 0b1011_0110, 2, 1];
        assert!(rows_are_full(packed, 3, 0, 9));
        assert!(!rows_are_full(packed, 3, 1, 9), "begins within a row");
        assert!(!rows_are_full(packed, 4, 0, 9), "another dim");
        assert!(!rows_are_full(packed, 3, 0, 10), "ends early");
        let runs: &[u8] = &[2, 0, 4, 1, 2, 0, 4, 1];
        assert!(rows_are_full(runs, 3, 0, 6));
        assert!(!rows_are_full(runs, 2, 0, 6));
        assert!(rows_are_full(&[12, 0], 1, 0, 6), "rows of one value");
        let damaged: &[u8] = &[2, 0, 4, 129, 2, 0, 4, 1];
        assert!(!rows_are_full(damaged, 3, 0, 6), "a level beyond its bit");
    }

    #[test]
    fn a_length_past_the_bytes_ends_the_runs() {
        for bytes in [
            &[0xff_u8; 9][..],
            &[0xff, 0xff, 0xff, 0xff, 0x0f, 1],
            &[],
            &[4],
        ] {
            assert!(!all_are(bytes, 1, 1 << 30));
            assert!(!rows_are_full(bytes, 8, 0, 1 << 30));
        }
    }
}
