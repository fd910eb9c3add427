//! Rounding a vector to small integers.

use crate::{bound::gamma, norms::squared_norm};

/// Added to a number below 2^22 it leaves no room for a fraction: the sum is rounded, and its
/// lowest bits are the integer. Unlike `round`, that is an addition on every CPU.
const ROUNDING: f32 = 12_582_912.0;

/// Components that are taken together, each into a sum of its own: they fill two or four registers,
/// and the cycles that an addition waits for the one before it.
const LANES: usize = 32;

/// Below this largest component a vector is rounded to zero: its inverse might overflow.
const LEAST: f32 = f32::from_bits((127 - 100) << 23);

/// A vector `v` near `scale * codes`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Quantized {
    /// What a code of 1 stands for.
    pub(crate) scale: f32,
    /// At least `|v - scale * codes|`.
    pub(crate) error: f64,
    /// `|v|`, within a relative error of `2^-40`.
    pub(crate) norm: f64,
}

/// The largest magnitude of a component.
pub(crate) fn largest(vector: &[f32]) -> f32 {
    // Not `f32::max`, which asks for NaN and takes three instructions.
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let (chunks, rest) = vector.as_chunks::<LANES>();
    let mut largest = [0f32; LANES];
    for chunk in chunks {
        for (largest, value) in largest.iter_mut().zip(chunk) {
            *largest = larger(*largest, value.abs());
        }
    }
    let of_rest = rest.iter().map(|value| value.abs());
    largest.into_iter().chain(of_rest).fold(0.0, larger)
}

/// Rounds `vector` to multiples of `scale`, or of zero if that is too small. No component may
/// exceed 127 of them. Codes count from `zero` on, modulo 256; those past the vector stay as they
/// are.
pub(crate) fn quantize(vector: &[f32], scale: f32, zero: u8, codes: &mut [u8]) -> Quantized {
    let codes = &mut codes[..vector.len()];
    let scale = if scale * 128.0 < LEAST { 0.0 } else { scale };
    let inverse = if scale == 0.0 { 0.0 } else { scale.recip() };
    let rounding = Rounding {
        scale,
        inverse,
        zero,
    };
    let norm = squared_norm(vector).sqrt();
    Quantized {
        scale,
        error: error_bound(rounding.round(vector, codes), vector.len(), norm),
        norm,
    }
}

/// How a vector is rounded.
#[derive(Clone, Copy)]
struct Rounding {
    scale: f32,
    inverse: f32,
    zero: u8,
}

impl Rounding {
    /// Rounds; returns the sum of the squares of what that takes off, in f32 and in [`LANES`]
    /// partial sums.
    fn round(self, vector: &[f32], codes: &mut [u8]) -> f64 {
        let mut sums = [0f32; LANES];
        let (values, last_values) = vector.as_chunks::<LANES>();
        let (code_chunks, last_codes) = codes.as_chunks_mut::<LANES>();
        for (values, codes) in values.iter().zip(code_chunks) {
            for ((sum, value), code) in sums.iter_mut().zip(values).zip(codes) {
                *sum += self.round_one(*value, code);
            }
        }
        for ((sum, value), code) in sums.iter_mut().zip(last_values).zip(last_codes) {
            *sum += self.round_one(*value, code);
        }
        sums.iter().map(|sum| f64::from(*sum)).sum()
    }

    #[inline(always)]
    fn round_one(self, value: f32, code: &mut u8) -> f32 {
        let rounded = value * self.inverse + ROUNDING;
        *code = (rounded.to_bits() as u8).wrapping_add(self.zero);
        // The integer itself, exactly: taken back from the code, it cost a conversion.
        let rest = value - self.scale * (rounded - ROUNDING);
        rest * rest
    }
}

/// An upper bound of a vector's distance to what its `dim` codes stand for, from the sum of squares
/// of [`Rounding::round`]. Both the product and the difference round there: together by less than
/// `2^-22` of the vector's norm. The sum has relative errors only.
fn error_bound(squared: f64, dim: usize, norm: f64) -> f64 {
    let relative = gamma(dim.div_ceil(LANES) + 8, f64::from(f32::EPSILON) / 2.0);
    // Squares may have gone subnormal.
    let lost = dim as f64 * 2f64.powi(-148);
    (squared * (1.0 + 2.0 * relative) + lost).sqrt() * 1.000_001 + 2f64.powi(-22) * norm
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn exact_error(vector: &[f32], scale: f32, codes: &[u8]) -> f64 {
        let rest = |(value, code): (&f32, &u8)| {
            f64::from(*value) - f64::from(scale) * f64::from(code.cast_signed())
        };
        let squares = vector.iter().zip(codes).map(rest).map(|rest| rest * rest);
        squares.sum::<f64>().sqrt()
    }

    proptest! {
        #[test]
        fn the_error_is_bounded_and_small(
            values in vec(-1f32..1.0, 1..200),
            power in -120i32..1,
            levels in 63f32..128.0,
        ) {
            let size = 2f32.powi(power);
            let vector: Vec<f32> = values.iter().map(|value| value * size).collect();
            let mut codes = vec![0; vector.len().next_multiple_of(4)];
            let scale = largest(&vector) / levels.floor();
            let quantized = quantize(&vector, scale, 0, &mut codes);
            let exact = exact_error(&vector, quantized.scale, &codes);
            prop_assert!(quantized.error >= exact, "{} < {exact}", quantized.error);
            let half_steps = (vector.len() as f64).sqrt() * f64::from(scale) * 0.5001;
            if quantized.scale > 0.0 {
                prop_assert!(exact <= half_steps, "{exact} > {half_steps}");
            }
        }
    }

    #[test]
    fn a_vector_without_length_has_no_codes() {
        let mut codes = [1; 3];
        let quantized = quantize(&[0.0; 3], 0.0, 0, &mut codes);
        assert_eq!((codes, quantized.norm), ([0; 3], 0.0));
        assert!(quantized.error < 1e-20);
    }
}
