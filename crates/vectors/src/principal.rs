//! The directions along which vectors differ most.

use crate::MatrixView;

/// Directions carried along beside those asked for: the farther the last of them lies behind, the
/// faster the first converge.
const BESIDE: usize = 8;

/// Multiplications by the covariance. The share of a direction whose variance is half of the last
/// one's carried along falls by a factor of a billion.
const ITERATIONS: usize = 30;

/// Sweeps over a small symmetric matrix; it is diagonal to the last bit after about seven.
const SWEEPS: usize = 16;

/// A vector that is this much shorter once others are taken from it has nothing of its own.
const NOTHING: f64 = 1e-12;

/// The leading principal components of some vectors: orthogonal directions of length 1, the one
/// along which the vectors vary most first.
///
/// Found by subspace iteration from fixed directions, so that the same vectors give the same
/// components; the largest entry of each is positive. Where two variances are nearly alike, so
/// are all directions between theirs, and any of these may come out.
///
/// ```
/// use annbench_vectors::{Matrix, PrincipalComponents};
///
/// let rows = Matrix::from_vec(vec![0.0, 0.0, 3.0, 1.0, -3.0, -1.0], 2)?;
/// let components = PrincipalComponents::of(rows.view(), 1);
/// assert!((components.variances()[0] - components.total_variance()).abs() < 1e-9);
/// assert!((components.coordinates(&[3.0, 1.0])[0] - 10f64.sqrt()).abs() < 1e-9);
/// # Ok::<(), annbench_vectors::ShapeError>(())
/// ```
///
/// # Source
/// Halko, Martinsson, Tropp, *Finding structure with randomness*, SIAM Review 53 (2011),
/// algorithm 4.4 and section 5.3.
#[derive(Debug, Clone, PartialEq)]
pub struct PrincipalComponents {
    mean: Vec<f64>,
    directions: Vec<Vec<f64>>,
    variances: Vec<f64>,
    total_variance: f64,
}

impl PrincipalComponents {
    /// The first `count` components of `rows` (n x dim, finite). There are fewer where the rows
    /// vary along fewer directions.
    pub fn of(rows: MatrixView<'_>, count: usize) -> Self {
        let sample = Centered::new(rows);
        let mut directions = orthonormal(start(rows.dim(), count + BESIDE));
        for _ in 0..ITERATIONS {
            directions = orthonormal(sample.times_covariance(&directions));
        }
        let (directions, mut variances) = sample.by_variance(&directions);
        variances.truncate(count);
        Self {
            directions: directions.into_iter().take(count).collect(),
            variances,
            total_variance: sample.total_variance(),
            mean: sample.mean,
        }
    }

    /// The variance along each direction (count), largest first.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// The sum of the variances of all dimensions.
    pub fn total_variance(&self) -> f64 {
        self.total_variance
    }

    /// Where a vector (dim) lies along each direction (count), from the mean of the rows.
    pub fn coordinates(&self, vector: &[f32]) -> Vec<f64> {
        let centered = less(vector, &self.mean);
        let along = |direction: &Vec<f64>| dot(direction, &centered);
        self.directions.iter().map(along).collect()
    }
}

/// Rows around their mean.
struct Centered<'a> {
    rows: MatrixView<'a>,
    mean: Vec<f64>,
}

impl<'a> Centered<'a> {
    fn new(rows: MatrixView<'a>) -> Self {
        let mut mean = vec![0.0; rows.dim()];
        let share = 1.0 / rows.n().max(1) as f64;
        for row in rows.rows() {
            for (mean, value) in mean.iter_mut().zip(row) {
                *mean += f64::from(*value) * share;
            }
        }
        Self { rows, mean }
    }

    fn iter(&self) -> impl Iterator<Item = Vec<f64>> {
        self.rows.rows().map(|row| less(row, &self.mean))
    }

    fn share(&self) -> f64 {
        1.0 / self.rows.n().max(1) as f64
    }

    fn total_variance(&self) -> f64 {
        self.iter().map(|row| dot(&row, &row)).sum::<f64>() * self.share()
    }

    fn times_covariance(&self, directions: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mut products = vec![vec![0.0; self.mean.len()]; directions.len()];
        for row in self.iter() {
            for (product, direction) in products.iter_mut().zip(directions) {
                add(product, dot(direction, &row) * self.share(), &row);
            }
        }
        products
    }

    /// The directions turned among themselves until the rows vary along each on its own, with the
    /// variances, largest first.
    fn by_variance(&self, directions: &[Vec<f64>]) -> (Vec<Vec<f64>>, Vec<f64>) {
        let products = self.times_covariance(directions);
        let between = |a: &Vec<f64>| directions.iter().map(|b| dot(a, b)).collect();
        let (turns, variances) = diagonalized(products.iter().map(between).collect());
        let mut turned: Vec<(Vec<f64>, f64)> = turns
            .iter()
            .map(|turn| facing_up(mixture(turn, directions)))
            .zip(variances)
            .collect();
        turned.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        turned.into_iter().unzip()
    }
}

/// Directions to begin with, of which no data has all at right angles but by chance.
fn start(dim: usize, count: usize) -> Vec<Vec<f64>> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state = state.wrapping_mul(0xD129_0D3B_A56C_4B2D).wrapping_add(1);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let mut vector = || (0..dim).map(|_| next()).collect();
    (0..count.min(dim)).map(|_| vector()).collect()
}

/// The same space by vectors of length 1 at right angles, fewer where some depend on others.
fn orthonormal(vectors: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut done: Vec<Vec<f64>> = Vec::with_capacity(vectors.len());
    for mut vector in vectors {
        let before = dot(&vector, &vector).sqrt();
        // Once more for what rounding left of the first time.
        for _ in 0..2 {
            for other in &done {
                let shared = dot(other, &vector);
                add(&mut vector, -shared, other);
            }
        }
        let norm = dot(&vector, &vector).sqrt();
        if norm > NOTHING * before {
            vector.iter_mut().for_each(|value| *value /= norm);
            done.push(vector);
        }
    }
    done
}

/// The eigenvectors, a row each, and eigenvalues of a symmetric matrix.
///
/// # Source
/// Jacobi's method in cyclic order: Golub, Van Loan, *Matrix Computations*, 4th ed., section 8.5.
fn diagonalized(mut matrix: Vec<Vec<f64>>) -> (Vec<Vec<f64>>, Vec<f64>) {
    let size = matrix.len();
    let unit = |at: usize| (0..size).map(|i| f64::from(u8::from(i == at))).collect();
    let mut vectors: Vec<Vec<f64>> = (0..size).map(unit).collect();
    for _ in 0..SWEEPS {
        for first in 0..size {
            for second in first + 1..size {
                if let Some(turn) = turn(&matrix, first, second) {
                    rotate(&mut matrix, (first, second), turn);
                    for row in &mut matrix {
                        rotate_pair(row, (first, second), turn);
                    }
                    rotate(&mut vectors, (first, second), turn);
                }
            }
        }
    }
    let values = (0..size).map(|at| matrix[at][at]).collect();
    (vectors, values)
}

/// Cosine and sine of the rotation that makes an entry zero; `None` if it is.
fn turn(matrix: &[Vec<f64>], first: usize, second: usize) -> Option<(f64, f64)> {
    let off = matrix[first][second];
    if off == 0.0 {
        return None;
    }
    let ratio = (matrix[second][second] - matrix[first][first]) / (2.0 * off);
    let tangent = ratio.signum() / (ratio.abs() + ratio.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    Some((cosine, cosine * tangent))
}

fn rotate(rows: &mut [Vec<f64>], (first, second): (usize, usize), (cosine, sine): (f64, f64)) {
    for at in 0..rows[first].len() {
        let (a, b) = (rows[first][at], rows[second][at]);
        rows[first][at] = cosine * a - sine * b;
        rows[second][at] = sine * a + cosine * b;
    }
}

fn rotate_pair(row: &mut [f64], (first, second): (usize, usize), (cosine, sine): (f64, f64)) {
    let (a, b) = (row[first], row[second]);
    row[first] = cosine * a - sine * b;
    row[second] = sine * a + cosine * b;
}

fn mixture(shares: &[f64], vectors: &[Vec<f64>]) -> Vec<f64> {
    let mut mixed = vec![0.0; vectors.first().map_or(0, Vec::len)];
    for (share, vector) in shares.iter().zip(vectors) {
        add(&mut mixed, *share, vector);
    }
    mixed
}

/// Of a direction and its opposite, the one whose largest entry is positive.
fn facing_up(mut vector: Vec<f64>) -> Vec<f64> {
    let largest = vector.iter().max_by(|a, b| a.abs().total_cmp(&b.abs()));
    if largest.is_some_and(|value| *value < 0.0) {
        vector.iter_mut().for_each(|value| *value = -*value);
    }
    vector
}

fn less(vector: &[f32], mean: &[f64]) -> Vec<f64> {
    let pairs = vector.iter().zip(mean);
    pairs
        .map(|(value, mean)| f64::from(*value) - mean)
        .collect()
}

fn add(sum: &mut [f64], factor: f64, vector: &[f64]) {
    for (sum, value) in sum.iter_mut().zip(vector) {
        *sum += factor * value;
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn axes_come_out_by_their_variance() {
        // Four rows on two of three axes, around (1, 2, 3).
        let rows = vec![5., 2., 3., -3., 2., 3., 1., 2., 5., 1., 2., 1.];
        let rows = Matrix::from_vec(rows, 3).unwrap();
        let components = PrincipalComponents::of(rows.view(), 2);
        let [first, second] = components.variances().try_into().unwrap();
        assert!((first - 8.0f64).abs() < 1e-9 && (second - 2.0f64).abs() < 1e-9);
        assert!((components.total_variance() - 10.0).abs() < 1e-9);
        let coordinates = components.coordinates(&[2.0, 7.0, 5.0]);
        assert!((coordinates[0] - 1.0).abs() < 1e-9 && (coordinates[1] - 2.0).abs() < 1e-9);
    }

    #[test]
    fn rows_that_vary_along_fewer_directions_give_fewer_components() {
        let of = |rows: Vec<f32>, dim| {
            let rows = Matrix::from_vec(rows, dim).unwrap();
            let components = PrincipalComponents::of(rows.view(), 2);
            components.variances().len()
        };
        assert_eq!(of(vec![1.0, 2.0, 2.0, 4.0, 0.0, 0.0], 2), 1);
        assert_eq!(of(vec![3.0, 3.0, 3.0], 1), 0);
        assert_eq!(of(Vec::new(), 3), 0);
    }

    proptest! {
        #[test]
        fn no_direction_has_more_variance_than_the_first(
            values in vec(-1f32..1.0, 40 * 6),
            other in vec(-1f64..1.0, 6),
        ) {
            let rows = Matrix::from_vec(values, 6).unwrap();
            let components = PrincipalComponents::of(rows.view(), 6);
            let sum: f64 = components.variances().iter().sum();
            prop_assert!((sum - components.total_variance()).abs() < 1e-9);
            let sample = Centered::new(rows.view());
            let other = orthonormal(vec![other]);
            for product in sample.times_covariance(&other) {
                prop_assert!(dot(&product, &other[0]) <= components.variances()[0] + 1e-9);
            }
            let directions = &components.directions;
            for (at, direction) in directions.iter().enumerate() {
                prop_assert!((dot(direction, direction) - 1.0).abs() < 1e-9);
                prop_assert!(directions[..at].iter().all(|d| dot(d, direction).abs() < 1e-9));
            }
        }
    }
}
