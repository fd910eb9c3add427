//! Dense row-major matrices: owned and borrowed.

/// A shape that does not hold the values it was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// The number of values is not a multiple of the dimension.
    #[error("{values} values do not make whole rows of dim = {dim}; give n * dim values")]
    Ragged {
        /// Values given.
        values: usize,
        /// Values a row must have.
        dim: usize,
    },
    /// The dimension is zero.
    #[error("dim = 0: a vector has at least one component")]
    ZeroDim,
}

/// A dense `n x dim` matrix, row-major, owning its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix<T = f32> {
    values: Vec<T>,
    dim: usize,
}

impl<T> Matrix<T> {
    /// Takes `n * dim` values, row after row.
    ///
    /// # Errors
    /// [`ShapeError`] if `dim` is zero or does not divide the number of values.
    pub fn from_vec(values: Vec<T>, dim: usize) -> Result<Self, ShapeError> {
        check_shape(values.len(), dim)?;
        Ok(Self { values, dim })
    }

    /// Borrows the whole matrix.
    pub fn view(&self) -> MatrixView<'_, T> {
        MatrixView {
            values: &self.values,
            dim: self.dim,
        }
    }

    /// Number of rows.
    pub fn n(&self) -> usize {
        self.values.len() / self.dim
    }

    /// Number of components a row has; at least 1.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// All values, row-major.
    pub fn as_slice(&self) -> &[T] {
        &self.values
    }

    /// All values, row-major, to be changed in place.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// Row `row`, `dim` values.
    ///
    /// # Panics
    /// If `row >= n`.
    pub fn row(&self, row: usize) -> &[T] {
        self.view().row(row)
    }

    /// The rows one after the other.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[T]> {
        self.view().rows()
    }

    /// The rows one after the other, to be changed in place.
    pub fn rows_mut(&mut self) -> impl ExactSizeIterator<Item = &mut [T]> {
        self.values.chunks_exact_mut(self.dim)
    }

    /// Copies the named rows, in the order given.
    ///
    /// # Panics
    /// If a row number is `>= n`.
    pub fn select(&self, rows: &[usize]) -> Self
    where
        T: Copy,
    {
        self.view().select(rows)
    }

    /// Keeps only the rows for which `keep` says so, in their order, without a second matrix.
    pub fn retain_rows(&mut self, mut keep: impl FnMut(usize) -> bool)
    where
        T: Copy,
    {
        let (n, dim) = (self.n(), self.dim);
        let mut kept = 0;
        for row in (0..n).filter(|&row| keep(row)) {
            self.values
                .copy_within(row * dim..(row + 1) * dim, kept * dim);
            kept += 1;
        }
        self.values.truncate(kept * dim);
    }

    /// Gives the values back, row-major.
    pub fn into_vec(self) -> Vec<T> {
        self.values
    }
}

/// A borrowed `n x dim` matrix, row-major.
#[derive(Debug, PartialEq)]
pub struct MatrixView<'a, T = f32> {
    values: &'a [T],
    dim: usize,
}

impl<T> Clone for MatrixView<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for MatrixView<'_, T> {}

impl<'a, T> MatrixView<'a, T> {
    /// Borrows `n * dim` values, row after row.
    ///
    /// # Errors
    /// [`ShapeError`] if `dim` is zero or does not divide the number of values.
    pub fn new(values: &'a [T], dim: usize) -> Result<Self, ShapeError> {
        check_shape(values.len(), dim)?;
        Ok(Self { values, dim })
    }

    /// Number of rows.
    pub fn n(self) -> usize {
        self.values.len() / self.dim
    }

    /// Number of components a row has; at least 1.
    pub fn dim(self) -> usize {
        self.dim
    }

    /// All values, row-major.
    pub fn as_slice(self) -> &'a [T] {
        self.values
    }

    /// Row `row`, `dim` values.
    ///
    /// # Panics
    /// If `row >= n`.
    pub fn row(self, row: usize) -> &'a [T] {
        &self.values[row * self.dim..(row + 1) * self.dim]
    }

    /// The rows one after the other.
    pub fn rows(self) -> impl ExactSizeIterator<Item = &'a [T]> + Clone {
        self.values.chunks_exact(self.dim)
    }

    /// Rows `range.start .. range.end` as a matrix of their own, without copying.
    ///
    /// # Panics
    /// If the range reaches past `n`.
    pub fn slice(self, range: std::ops::Range<usize>) -> Self {
        Self {
            values: &self.values[range.start * self.dim..range.end * self.dim],
            dim: self.dim,
        }
    }

    /// A matrix of the same shape, each value turned into another.
    pub fn map<U>(self, turn: impl FnMut(&T) -> U) -> Matrix<U> {
        Matrix {
            values: self.values.iter().map(turn).collect(),
            dim: self.dim,
        }
    }

    /// Copies the named rows, in the order given.
    ///
    /// # Panics
    /// If a row number is `>= n`.
    pub fn select(self, rows: &[usize]) -> Matrix<T>
    where
        T: Copy,
    {
        let mut values = Vec::with_capacity(rows.len() * self.dim);
        for &row in rows {
            values.extend_from_slice(self.row(row));
        }
        Matrix {
            values,
            dim: self.dim,
        }
    }
}

fn check_shape(values: usize, dim: usize) -> Result<(), ShapeError> {
    match dim {
        0 => Err(ShapeError::ZeroDim),
        _ if !values.is_multiple_of(dim) => Err(ShapeError::Ragged { values, dim }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_that_does_not_fit_is_refused() {
        assert_eq!(
            Matrix::from_vec(vec![1.0; 5], 2),
            Err(ShapeError::Ragged { values: 5, dim: 2 })
        );
        assert_eq!(Matrix::<f32>::from_vec(vec![], 0), Err(ShapeError::ZeroDim));
    }

    #[test]
    fn rows_slices_and_selections_agree() {
        let matrix = Matrix::from_vec((0..12).collect::<Vec<i32>>(), 3).unwrap();
        assert_eq!(matrix.n(), 4);
        assert_eq!(matrix.row(2), [6, 7, 8]);
        assert_eq!(matrix.view().slice(1..3).row(1), matrix.row(2));
        assert_eq!(matrix.select(&[3, 0]).as_slice(), [9, 10, 11, 0, 1, 2]);
        assert_eq!(matrix.view().map(|value| value * 2).row(1), [6, 8, 10]);
    }

    #[test]
    fn retained_rows_keep_their_order() {
        let mut matrix = Matrix::from_vec((0..10).collect::<Vec<i32>>(), 2).unwrap();
        matrix.retain_rows(|row| row % 2 == 1);
        assert_eq!(matrix.as_slice(), [2, 3, 6, 7]);
        matrix.retain_rows(|_| false);
        assert_eq!((matrix.n(), matrix.dim()), (0, 2));
    }

    #[test]
    fn an_empty_matrix_keeps_its_dim() {
        let empty = Matrix::<f32>::from_vec(vec![], 7).unwrap();
        assert_eq!((empty.n(), empty.dim()), (0, 7));
        assert_eq!(empty.rows().count(), 0);
    }
}
