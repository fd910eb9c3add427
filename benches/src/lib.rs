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
