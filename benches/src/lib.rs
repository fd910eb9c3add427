//! Criterion micro-benchmarks of annbench's crates: `cargo bench -p annbench-benches`, or one of
//! them with `--bench exact`, `parquet_load`, `recall` or `search_path`.
//!
//! This library holds the vectors they share.

use annbench_vectors::{Matrix, ShapeError};

/// Components of the vectors: those of all-MiniLM-L6-v2.
pub const DIM: usize = 384;

/// `n` vectors of [`DIM`] components between -1 and 1, the same for the same seed.
///
/// # Errors
/// None: whole rows are made.
pub fn vectors(n: usize, seed: u64) -> Result<Matrix, ShapeError> {
    let mut state = seed;
    let values = (0..n * DIM).map(|_| component(&mut state));
    Matrix::from_vec(values.collect(), DIM)
}

/// `n` vectors of `dim` components of a normal distribution, the same for the same seed.
///
/// # Errors
/// If `dim` is 0.
///
/// # Source
/// Box and Muller, A Note on the Generation of Random Normal Deviates, Annals of Mathematical
/// Statistics 29, 1958.
pub fn normal(n: usize, dim: usize, seed: u64) -> Result<Matrix, ShapeError> {
    let mut state = seed;
    let mut uniform = || (1.0 - component(&mut state)) / 2.0;
    let values = (0..n * dim).map(|_| {
        let (radius, angle) = (uniform(), uniform());
        (-2.0 * radius.ln()).sqrt() * (std::f32::consts::TAU * angle).cos()
    });
    Matrix::from_vec(values.collect(), dim)
}

/// SplitMix64: enough for vectors whose values nobody looks at, and no dependency.
///
/// # Source
/// Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
fn component(state: &mut u64) -> f32 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) >> 40) as f32 / (1u32 << 23) as f32 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_components_have_mean_0_and_variance_1() {
        let matrix = normal(1_000, 100, 1).unwrap();
        let values = || matrix.as_slice().iter().map(|value| f64::from(*value));
        let (mean, square) = (
            values().sum::<f64>() / 1e5,
            values().map(|v| v * v).sum::<f64>() / 1e5,
        );
        assert!(
            mean.abs() < 0.02 && (square - 1.0).abs() < 0.02,
            "{mean} {square}"
        );
    }

    #[test]
    fn components_fill_their_range_and_repeat_with_the_seed() {
        let matrix = vectors(100, 1).unwrap();
        let (low, high) = matrix
            .as_slice()
            .iter()
            .fold((0f32, 0f32), |(low, high), &value| {
                (low.min(value), high.max(value))
            });
        assert!((-1.0..-0.99).contains(&low) && (0.99..1.0).contains(&high));
        assert_eq!(matrix, vectors(100, 1).unwrap());
        assert_ne!(matrix, vectors(100, 2).unwrap());
    }
}
