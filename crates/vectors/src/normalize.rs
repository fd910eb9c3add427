//! L2 normalisation, which turns cosine similarity into an inner product.

use crate::{Matrix, MatrixView};

/// A vector without a direction, which cosine similarity cannot place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "row {row} is a zero vector, which has no direction under cosine; remove it or use metric = \"inner_product\""
)]
pub struct ZeroVector {
    /// The row's number, from 0.
    pub row: usize,
}

/// Scales every row to Euclidean length 1; the norm is computed in f64.
///
/// # Errors
/// [`ZeroVector`] names the first row whose norm is zero; rows before it are already scaled.
pub fn normalize_rows(matrix: &mut Matrix) -> Result<(), ZeroVector> {
    for (row, values) in matrix.rows_mut().enumerate() {
        let norm = values
            .iter()
            .map(|&value| f64::from(value) * f64::from(value))
            .sum::<f64>()
            .sqrt();
        if norm == 0.0 {
            return Err(ZeroVector { row });
        }
        for value in values {
            *value = (f64::from(*value) / norm) as f32;
        }
    }
    Ok(())
}

/// Finds the first vector that cosine similarity cannot place.
///
/// # Errors
/// [`ZeroVector`] names the first row whose components are all zero.
pub fn refuse_zero_rows(vectors: MatrixView<'_>) -> Result<(), ZeroVector> {
    let is_zero = |values: &[f32]| values.iter().all(|&value| value == 0.0);
    match vectors.rows().position(is_zero) {
        Some(row) => Err(ZeroVector { row }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_zero_row_is_named() {
        let mut matrix = Matrix::from_vec(vec![1.0, 0.0, 0.0, 0.0], 2).unwrap();
        assert_eq!(refuse_zero_rows(matrix.view()), Err(ZeroVector { row: 1 }));
        assert_eq!(normalize_rows(&mut matrix), Err(ZeroVector { row: 1 }));
    }

    proptest! {
        #[test]
        fn rows_have_unit_length(values in proptest::collection::vec(-1e18f32..1e18, 1..64)) {
            prop_assume!(values.iter().any(|&value| value.abs() > 1e-18));
            let dim = values.len();
            let mut matrix = Matrix::from_vec(values, dim).unwrap();
            normalize_rows(&mut matrix).unwrap();
            let squared: f64 = matrix.row(0).iter().map(|&v| f64::from(v).powi(2)).sum();
            prop_assert!((squared - 1.0).abs() < 1e-6, "{squared}");
        }
    }
}
