//! The order in which an index that is built again, or on a part of the base, inserts it: another
//! than the file's, for a graph or a clustering may owe its quality to the order the vectors happen
//! to have.

use annbench_vectors::{Matrix, MatrixView, Neighbors};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

/// Which row of the base stands in each place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order(Vec<u64>);

impl Order {
    /// The order of `n` rows that belongs to a seed.
    pub(crate) fn shuffled(n: usize, seed: u64) -> Self {
        let mut rows: Vec<u64> = (0..n as u64).collect();
        rows.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        Self(rows)
    }

    /// Only the first `n` rows of it: a part of the base drawn at random. Larger parts of one order
    /// hold the smaller ones.
    pub(crate) fn first(mut self, n: usize) -> Self {
        self.0.truncate(n);
        self
    }

    /// Number of rows it has.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The row that stands in a place; none past the end.
    pub(crate) fn row(&self, place: u64) -> Option<u64> {
        self.0.get(usize::try_from(place).ok()?).copied()
    }

    /// The rows of `base` in this order.
    pub(crate) fn applied(&self, base: MatrixView<'_>) -> Matrix {
        base.select(&self.rows().collect::<Vec<_>>())
    }

    /// The row that stands in each place.
    pub(crate) fn rows(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|&row| row as usize)
    }

    /// The same neighbours under the numbers that their rows have in the base; a number that no
    /// row has stays as it is.
    pub(crate) fn undone(&self, found: &Neighbors) -> Neighbors {
        let mut undone = Neighbors::new(found.n_queries(), found.k());
        for query_idx in 0..found.n_queries() {
            let ids = found.ids(query_idx).iter();
            let rows = ids.map(|&id| self.row(id).unwrap_or(id));
            let scores = found.scores(query_idx).iter().copied();
            undone.row_mut(query_idx).fill(0, rows.zip(scores));
        }
        undone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_in_the_shuffled_base_is_told_by_the_rows_of_the_base() {
        let base = Matrix::from_vec((0..50).map(|i| i as f32).collect(), 1).unwrap();
        let order = Order::shuffled(50, 7);
        assert_ne!(order, Order::shuffled(50, 8));
        let shuffled = order.applied(base.view());
        let mut found = Neighbors::new(1, 3);
        found.row_mut(0).fill(0, [(3, 0.5), (49, 0.25), (999, 0.0)]);
        let undone = order.undone(&found);
        let expected = [
            shuffled.view().row(3)[0] as u64,
            shuffled.view().row(49)[0] as u64,
            999,
        ];
        assert_eq!(undone.ids(0), expected);
        assert_eq!(undone.scores(0), found.scores(0));
    }
}
