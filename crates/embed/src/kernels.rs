//! What happens between matrix products, in place and in loops that compilers turn into vector
//! instructions.
//!
//! candle has all of it too, with an `erf` and an `exp` that take one value at a time: they took
//! longer than the products themselves.

use std::f32::consts::{FRAC_1_SQRT_2, LOG2_E};

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Result, bail};

/// Adds one value a column.
pub(crate) struct AddBias(pub(crate) Vec<f32>);

/// Adds one value a column, then applies [`gelu`].
pub(crate) struct BiasGelu(pub(crate) Vec<f32>);

/// Adds one value a column, where there is one, and another tensor of the same shape, where there
/// is one, then scales each row to mean 0 and variance 1, and stretches and shifts its columns.
pub(crate) struct Norm {
    pub(crate) bias: Option<Vec<f32>>,
    pub(crate) weight: Vec<f32>,
    pub(crate) shift: Vec<f32>,
    pub(crate) epsilon: f32,
}

/// Multiplies by `scale`, then turns each row into shares of 1, in proportion to `exp` of it.
pub(crate) struct ScaledSoftmax {
    pub(crate) scale: f32,
    pub(crate) width: usize,
}

impl InplaceOp1 for AddBias {
    fn name(&self) -> &'static str {
        "add-bias"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let rows = values_mut(storage, layout)?.chunks_exact_mut(self.0.len());
        rows.for_each(|row| add(row, &self.0));
        Ok(())
    }
}

impl InplaceOp1 for BiasGelu {
    fn name(&self) -> &'static str {
        "bias-gelu"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        for row in values_mut(storage, layout)?.chunks_exact_mut(self.0.len()) {
            for (value, bias) in row.iter_mut().zip(&self.0) {
                *value = gelu(*value + bias);
            }
        }
        Ok(())
    }
}

impl InplaceOp1 for Norm {
    fn name(&self) -> &'static str {
        "norm"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let rows = values_mut(storage, layout)?.chunks_exact_mut(self.weight.len());
        rows.for_each(|row| self.apply(row));
        Ok(())
    }
}

impl InplaceOp2 for Norm {
    fn name(&self) -> &'static str {
        "add-norm"
    }

    fn cpu_fwd(
        &self,
        storage: &mut CpuStorage,
        layout: &Layout,
        others: &CpuStorage,
        others_layout: &Layout,
    ) -> Result<()> {
        let width = self.weight.len();
        let others = values(others, others_layout)?.chunks_exact(width);
        let rows = values_mut(storage, layout)?.chunks_exact_mut(width);
        for (row, other) in rows.zip(others) {
            add(row, other);
            self.apply(row);
        }
        Ok(())
    }
}

impl InplaceOp1 for ScaledSoftmax {
    fn name(&self) -> &'static str {
        "scaled-softmax"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        for row in values_mut(storage, layout)?.chunks_exact_mut(self.width) {
            softmax(row, self.scale);
        }
        Ok(())
    }
}

impl Norm {
    fn apply(&self, row: &mut [f32]) {
        if let Some(bias) = &self.bias {
            add(row, bias);
        }
        let share = 1.0 / row.len() as f32;
        let mean = sum(row, |value| value) * share;
        let variance = sum(row, |value| (value - mean) * (value - mean)) * share;
        let scale = 1.0 / (variance + self.epsilon).sqrt();
        for ((value, weight), shift) in row.iter_mut().zip(&self.weight).zip(&self.shift) {
            *value = (*value - mean) * scale * weight + shift;
        }
    }
}

fn add(row: &mut [f32], other: &[f32]) {
    for (value, other) in row.iter_mut().zip(other) {
        *value += other;
    }
}

fn softmax(row: &mut [f32], scale: f32) {
    // A positive scale keeps the order.
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for value in row.iter_mut() {
        *value = exp((*value - largest) * scale);
    }
    let share = 1.0 / sum(row, |value| value);
    for value in row {
        *value *= share;
    }
}

/// Sums in sixteen lanes: one after the other, every addition would wait for the last.
fn sum(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = row.as_chunks::<16>();
    let mut lanes = [0.0_f32; 16];
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += of(value);
        }
    }
    let rest: f32 = rest.iter().map(|&value| of(value)).sum();
    lanes.iter().sum::<f32>() + rest
}

/// The Gaussian error linear unit, `x/2 * (1 + erf(x / sqrt(2)))`, within 1e-6.
///
/// # Source
/// `erf`: Abramowitz and Stegun, *Handbook of Mathematical Functions*, 7.1.26, off by 1.5e-7 at most.
#[inline]
fn gelu(x: f32) -> f32 {
    let z = x.abs() * FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let series = 1.421_413_8 + t * (-1.453_152 + t * 1.061_405_4);
    let series = t * (0.254_829_6 + t * (-0.284_496_72 + t * series));
    let erf = 1.0 - series * exp(-z * z);
    0.5 * x + 0.5 * x.abs() * erf
}

/// `e^x` for `x <= 0`, within two units in the last place; below -87 as at -87, next to nothing.
/// A NaN becomes some number: whoever looks for NaN must look at the input.
///
/// # Source
/// The polynomial is that of `expf` in the Cephes library, S. Moshier.
#[inline]
fn exp(x: f32) -> f32 {
    /// 1.5 * 2^23: a sum with it has the nearest integer in its last bits.
    const ROUNDER: f32 = 12_582_912.0;
    let x = x.max(-87.0);
    let shifted = x * LOG2_E + ROUNDER;
    let n = shifted - ROUNDER;
    // ln(2) in two parts, the first of few bits: its product with n is exact.
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let p = 1.987_569_1e-4 * r + 1.398_2e-3;
    let p = ((p * r + 8.333_452e-3) * r + 4.166_579_6e-2) * r;
    let p = (p + 0.166_666_65) * r + 0.5;
    let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    (p * r * r + r + 1.0) * power
}

fn values<'s>(storage: &'s CpuStorage, layout: &Layout) -> Result<&'s [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&values[start..end]),
        _ => bail!("values must be f32 and contiguous"),
    }
}

fn values_mut<'s>(storage: &'s mut CpuStorage, layout: &Layout) -> Result<&'s mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&mut values[start..end]),
        _ => bail!("values must be f32 and contiguous"),
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;

    fn all() -> impl Iterator<Item = f32> {
        (-200_000..=200_000).map(|i| i as f32 / 10_000.0)
    }

    #[test]
    fn exponentials_are_those_of_the_standard_library() {
        for x in all().map(|x| -4.4 * x.abs()) {
            let (found, expected) = (f64::from(exp(x)), f64::from(x.max(-87.0)).exp());
            assert!((found - expected).abs() <= 3e-7 * expected, "{x}: {found}");
        }
    }

    #[test]
    fn gelu_is_candles_within_a_millionth() {
        let inputs = Tensor::from_iter(all(), &Device::Cpu).unwrap();
        let expected = inputs.gelu_erf().unwrap().to_vec1::<f32>().unwrap();
        for (x, expected) in all().zip(expected) {
            assert!((gelu(x) - expected).abs() < 1e-6, "{x}: {}", gelu(x));
        }
    }

    #[test]
    fn shares_of_a_row_add_up_and_large_values_do_no_harm() {
        let mut row: Vec<f32> = (0..37).map(|i| 1e4 + i as f32).collect();
        softmax(&mut row, 0.5);
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        let ratio = row[36] / row[35];
        assert!((ratio - 0.5_f32.exp()).abs() < 1e-4, "{ratio}");
    }

    #[test]
    fn broken_numbers_stay_broken() {
        let norm = Norm {
            bias: None,
            weight: vec![1.0; 20],
            shift: vec![0.0; 20],
            epsilon: 1e-12,
        };
        let mut row = vec![1.0; 20];
        row[3] = f32::NAN;
        norm.apply(&mut row);
        assert!(row.iter().all(|value| value.is_nan()));
    }
}
