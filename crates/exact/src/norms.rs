//! Euclidean norms, and with them the check that every component is finite.

use annbench_vectors::MatrixView;

use crate::{Component, ExactError, Which};

/// The norm of each row, in f64: no sum of squares of finite f32 overflows there.
///
/// # Errors
/// [`ExactError::NotFinite`] names the first row with a component that is not finite.
pub(crate) fn norms<T: Component>(
    vectors: MatrixView<'_, T>,
    which: Which,
    threads: usize,
) -> Result<Vec<f64>, ExactError> {
    let mut norms = vec![0.0; vectors.n()];
    fill(vectors, &mut norms, threads);
    check_finite(&norms, which)?;
    Ok(norms)
}

/// # Errors
/// [`ExactError::NotFinite`] names the first norm that is none of finite components.
pub(crate) fn check_finite(norms: &[f64], which: Which) -> Result<(), ExactError> {
    match norms.iter().position(|norm| !norm.is_finite()) {
        Some(row) => Err(ExactError::NotFinite { which, row }),
        None => Ok(()),
    }
}

fn fill<T: Component>(vectors: MatrixView<'_, T>, norms: &mut [f64], threads: usize) {
    // A thread costs as much as the norms of a hundred kilobytes.
    const LEAST_VALUES: usize = 1 << 16;
    let least_rows = LEAST_VALUES.div_ceil(vectors.dim());
    let rows_each = norms.len().div_ceil(threads).max(least_rows);
    if norms.len() <= rows_each {
        return fill_part(vectors, norms);
    }
    std::thread::scope(|scope| {
        for (part, norms) in norms.chunks_mut(rows_each).enumerate() {
            let first = part * rows_each;
            let rows = vectors.slice(first..first + norms.len());
            scope.spawn(move || fill_part(rows, norms));
        }
    });
}

fn fill_part<T: Component>(vectors: MatrixView<'_, T>, norms: &mut [f64]) {
    for (norm, row) in norms.iter_mut().zip(vectors.rows()) {
        *norm = norm_of(row);
    }
}

pub(crate) fn norm_of<T: Component>(row: &[T]) -> f64 {
    squared_norm(row).sqrt()
}

/// Partial sums of a norm. An addition waits four cycles for the one before it: so many sums fill
/// four of the widest registers, and the wait.
const LANES: usize = 32;

/// The sum of the squares, in f64.
pub(crate) fn squared_norm<T: Component>(row: &[T]) -> f64 {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for chunk in chunks {
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            let value = f64::from(value.to_f32());
            *sum += value * value;
        }
    }
    let rest = rest
        .iter()
        .map(|value| f64::from(value.to_f32()))
        .map(|value| value * value);
    sums.iter().sum::<f64>() + rest.sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_do_not_overflow_and_do_not_depend_on_threads() {
        let values: Vec<f32> = (0..200_001 * 3).map(|i| (i % 7) as f32 * 4e37).collect();
        let vectors = MatrixView::new(&values, 3).unwrap();
        let one = norms(vectors, Which::Base, 1).unwrap();
        assert_eq!(one, norms(vectors, Which::Base, 4).unwrap());
        let expected = 4e37f32 as f64 * 5f64.sqrt();
        assert!((one[0] / expected - 1.0).abs() < 1e-6, "{}", one[0]);
    }

    #[test]
    fn the_first_row_that_is_not_finite_is_named() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let values = [1.0, 2.0, 3.0, bad, bad, 0.0];
            let vectors = MatrixView::new(&values, 2).unwrap();
            let error = norms(vectors, Which::Queries, 2).unwrap_err();
            assert_eq!(
                error.to_string(),
                "row 1 of the queries holds a NaN or an infinity; remove the row or embed it again"
            );
        }
    }
}
