//! Little-endian numbers in a file, as f32.

use std::io::{self, Read, Write};

use half::{bf16, f16, slice::HalfFloatSliceExt};

use crate::Dtype;

/// Fills `out` with the next `out.len()` numbers of a file.
pub(crate) fn read(file: &mut impl Read, dtype: Dtype, out: &mut [f32]) -> io::Result<()> {
    if dtype == Dtype::F32 {
        return file.read_exact(bytemuck::cast_slice_mut(out));
    }
    let mut bytes = vec![0; out.len() * dtype.bytes() as usize];
    file.read_exact(&mut bytes)?;
    convert(&bytes, dtype, out);
    Ok(())
}

/// Fills `out` with the numbers in `bytes`, which are as many.
pub(crate) fn convert(bytes: &[u8], dtype: Dtype, out: &mut [f32]) {
    match dtype {
        Dtype::F16 => {
            let halves: Vec<f16> = bytemuck::pod_collect_to_vec(bytes);
            halves.convert_to_f32_slice(out);
        }
        Dtype::Bf16 => {
            let halves: Vec<bf16> = bytemuck::pod_collect_to_vec(bytes);
            halves.convert_to_f32_slice(out);
        }
        Dtype::F32 => bytemuck::cast_slice_mut::<f32, u8>(out).copy_from_slice(bytes),
        Dtype::F64 => fill(out, bytes.as_chunks().0, |b| f64::from_le_bytes(b) as f32),
        Dtype::I32 => fill(out, bytes.as_chunks().0, |b| i32::from_le_bytes(b) as f32),
        Dtype::U8 => fill(out, bytes.as_chunks().0, |[b]: [u8; 1]| f32::from(b)),
        Dtype::I8 => fill(out, bytes.as_chunks().0, |b| {
            f32::from(i8::from_le_bytes(b))
        }),
    }
}

/// Writes numbers as f16, f64, u8 or, for any other type, f32.
pub(crate) fn write(file: &mut impl Write, dtype: Dtype, values: &[f32]) -> io::Result<()> {
    match dtype {
        Dtype::F16 => {
            let mut halves = vec![f16::ZERO; values.len()];
            halves.convert_from_f32_slice(values);
            file.write_all(bytemuck::cast_slice(&halves))
        }
        Dtype::F64 => {
            let doubles: Vec<f64> = values.iter().map(|&value| value.into()).collect();
            file.write_all(bytemuck::cast_slice(&doubles))
        }
        Dtype::U8 => {
            let bytes: Vec<u8> = values.iter().map(|&value| value as u8).collect();
            file.write_all(&bytes)
        }
        _ => file.write_all(bytemuck::cast_slice(values)),
    }
}

fn fill<const N: usize>(out: &mut [f32], numbers: &[[u8; N]], turn: impl Fn([u8; N]) -> f32) {
    let cells = out.iter_mut().zip(numbers);
    cells.for_each(|(cell, &number)| *cell = turn(number));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_type_become_singles() {
        let cases: [(Dtype, &[u8], f32); 7] = [
            (Dtype::F16, &[0x00, 0xc1], -2.5),
            (Dtype::Bf16, &[0x20, 0xc0], -2.5),
            (Dtype::F32, &(-2.5f32).to_le_bytes(), -2.5),
            (Dtype::F64, &(-2.5f64).to_le_bytes(), -2.5),
            (Dtype::U8, &[200], 200.0),
            (Dtype::I8, &[200], -56.0),
            (Dtype::I32, &(-70_000i32).to_le_bytes(), -70_000.0),
        ];
        for (dtype, number, expected) in cases {
            let mut out = [0.0; 3];
            read(&mut &number.repeat(3)[..], dtype, &mut out).unwrap();
            assert_eq!(out, [expected; 3], "{dtype}");
        }
    }
}
