//! The values of a page as f32: plain, split into byte streams, or numbers of dictionary entries.
//!
//! # Source
//! Apache Parquet format, Encodings.md.

use half::{f16, slice::HalfFloatSliceExt};
use parquet::basic::Encoding;

use super::levels::{Run, Runs};
use crate::Dtype;

/// Fills `out` with a page's values; `None` where the bytes or the encoding are not as expected.
pub(super) fn decode(
    bytes: &[u8],
    encoding: Encoding,
    dtype: Dtype,
    dictionary: &[f32],
    out: &mut [f32],
) -> Option<()> {
    match encoding {
        Encoding::PLAIN => plain(bytes, dtype, out),
        Encoding::BYTE_STREAM_SPLIT => byte_streams(bytes, dtype, out),
        Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => entries(bytes, dictionary, out),
        _ => None,
    }
}

/// Little-endian values one after the other.
pub(super) fn plain(bytes: &[u8], dtype: Dtype, out: &mut [f32]) -> Option<()> {
    let bytes = bytes.get(..out.len() * dtype.bytes() as usize)?;
    match dtype {
        Dtype::F32 => bytemuck::cast_slice_mut::<f32, u8>(out).copy_from_slice(bytes),
        Dtype::F64 => {
            let (values, _) = bytes.as_chunks::<8>();
            let cells = out.iter_mut().zip(values);
            cells.for_each(|(cell, value)| *cell = f64::from_le_bytes(*value) as f32);
        }
        Dtype::F16 => halves(bytes.as_chunks::<2>().0.iter().copied(), out),
        _ => return None,
    }
    Some(())
}

/// The first bytes of all values, then the second ones, and so on.
fn byte_streams(bytes: &[u8], dtype: Dtype, out: &mut [f32]) -> Option<()> {
    let n = out.len();
    let stream = |place: usize| bytes.get(place * n..(place + 1) * n);
    match dtype {
        Dtype::F32 => {
            let (a, b, c, d) = (stream(0)?, stream(1)?, stream(2)?, stream(3)?);
            for (i, cell) in out.iter_mut().enumerate() {
                *cell = f32::from_le_bytes([a[i], b[i], c[i], d[i]]);
            }
        }
        Dtype::F16 => {
            let (a, b) = (stream(0)?, stream(1)?);
            halves(a.iter().zip(b).map(|(&low, &high)| [low, high]), out);
        }
        Dtype::F64 => {
            let streams = [
                stream(0)?,
                stream(1)?,
                stream(2)?,
                stream(3)?,
                stream(4)?,
                stream(5)?,
                stream(6)?,
                stream(7)?,
            ];
            for (i, cell) in out.iter_mut().enumerate() {
                *cell = f64::from_le_bytes(streams.map(|stream| stream[i])) as f32;
            }
        }
        _ => return None,
    }
    Some(())
}

/// Turns halves into singles, a block at a time, which the CPU does eight or sixteen at once.
fn halves(mut bytes: impl Iterator<Item = [u8; 2]>, out: &mut [f32]) {
    let mut block = [f16::ZERO; 256];
    for cells in out.chunks_mut(block.len()) {
        let block = &mut block[..cells.len()];
        let filled = block.iter_mut().zip(&mut bytes);
        filled.for_each(|(half, bytes)| *half = f16::from_le_bytes(bytes));
        block.convert_to_f32_slice(cells);
    }
}

/// A byte with the bit width, then numbers of entries in the hybrid encoding.
fn entries(bytes: &[u8], dictionary: &[f32], mut out: &mut [f32]) -> Option<()> {
    let (&bit_width, bytes) = bytes.split_first()?;
    let bit_width = usize::from(bit_width);
    if bit_width > 32 {
        return None;
    }
    for run in Runs::new(bytes, bit_width, out.len()) {
        match run {
            Run::Repeat { value, count } => {
                let cells = out.split_off_mut(..count)?;
                cells.fill(*dictionary.get(value as usize)?);
            }
            Run::Packed { bytes, count } => {
                let cells = out.split_off_mut(..count)?;
                packed_entries(bytes, bit_width, dictionary, cells)?;
            }
        }
    }
    out.is_empty().then_some(())
}

fn packed_entries(
    bytes: &[u8],
    bit_width: usize,
    dictionary: &[f32],
    out: &mut [f32],
) -> Option<()> {
    let mask = (1u64 << bit_width) - 1;
    // Eight numbers take `bit_width` bytes; each is within eight bytes of where it begins.
    let whole = bytes.len().saturating_sub(7) * 8 / bit_width.max(1);
    let whole = whole.min(out.len()) / 8 * 8;
    let (head, tail) = out.split_at_mut(whole);
    let mut known = true;
    for (i, cell) in head.iter_mut().enumerate() {
        let bit = i * bit_width;
        let word = bytes.get(bit / 8..)?.first_chunk::<8>()?;
        let entry = u64::from_le_bytes(*word) >> (bit % 8) & mask;
        let value = dictionary.get(entry as usize);
        known &= value.is_some();
        *cell = value.copied().unwrap_or_default();
    }
    for (i, cell) in tail.iter_mut().enumerate() {
        let bit = (whole + i) * bit_width;
        let mut word = [0; 8];
        let rest = &bytes[(bit / 8).min(bytes.len())..];
        let length = rest.len().min(8);
        word[..length].copy_from_slice(&rest[..length]);
        let entry = u64::from_le_bytes(word) >> (bit % 8) & mask;
        *cell = *dictionary.get(entry as usize)?;
    }
    known.then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pack(entries: &[u32], bit_width: usize) -> Vec<u8> {
        let mut bytes = vec![0u8; (entries.len() * bit_width).div_ceil(8)];
        for (i, entry) in entries.iter().enumerate() {
            for bit in (0..bit_width).filter(|bit| entry >> bit & 1 == 1) {
                let place = i * bit_width + bit;
                bytes[place / 8] |= 1 << (place % 8);
            }
        }
        bytes
    }

    proptest! {
        #[test]
        fn packed_entries_are_the_ones_that_were_packed(
            bit_width in 1usize..18,
            seeds in prop::collection::vec(any::<u32>(), 1..70),
        ) {
            let entries: Vec<u32> = seeds.iter().map(|seed| seed % (1 << bit_width)).collect();
            let dictionary: Vec<f32> = (0..1u32 << bit_width).map(|entry| entry as f32).collect();
            let mut out = vec![0.0; entries.len()];
            packed_entries(&pack(&entries, bit_width), bit_width, &dictionary, &mut out).unwrap();
            prop_assert!(out.iter().zip(&entries).all(|(&found, &entry)| found == entry as f32));
            let largest = entries.iter().max().copied().unwrap_or(0) as usize;
            let cut = packed_entries(&pack(&entries, bit_width), bit_width, &dictionary[..largest], &mut out);
            prop_assert_eq!(cut, None, "an entry past the end");
        }
    }

    #[test]
    fn every_type_and_encoding_gives_the_values() {
        let values: Vec<f32> = (0..300).map(|i| i as f32 / 4.0 - 20.0).collect();
        let f16s = values
            .iter()
            .map(|&v| f16::from_f32(v).to_le_bytes().to_vec())
            .collect();
        let f32s = values.iter().map(|&v| v.to_le_bytes().to_vec()).collect();
        let f64s = values
            .iter()
            .map(|&v| f64::from(v).to_le_bytes().to_vec())
            .collect();
        let cases: [(Dtype, Vec<Vec<u8>>); 3] =
            [(Dtype::F16, f16s), (Dtype::F32, f32s), (Dtype::F64, f64s)];
        for (dtype, rows) in cases {
            let width = rows[0].len();
            let split: Vec<u8> = (0..width)
                .flat_map(|k| rows.iter().map(move |row| row[k]))
                .collect();
            for (encoding, bytes) in [
                (Encoding::PLAIN, rows.concat()),
                (Encoding::BYTE_STREAM_SPLIT, split),
            ] {
                let mut out = vec![0.0; values.len()];
                decode(&bytes, encoding, dtype, &[], &mut out).unwrap();
                assert_eq!(out, values, "{dtype} {encoding}");
                let cut = decode(&bytes[1..], encoding, dtype, &[], &mut out);
                assert_eq!(cut, None, "{dtype} {encoding} cut off");
            }
        }
    }
}
