//! A few queries asked over and over: what an index has touched for them stays in the CPU's caches.

use annbench_index::Index;
use annbench_vectors::{Matrix, MatrixView, Neighbors};
use anyhow::{Result, ensure};

use super::{Clock, one_by_one};

/// The query that is the `at`-th of `distinct` ones: spread evenly, as neighbours in a file are often
/// of one kind.
pub(crate) fn query_idx(at: usize, distinct: usize, n_queries: usize) -> usize {
    at * n_queries / distinct
}

/// Some of the queries, laid side by side.
#[derive(Debug)]
pub(super) struct WorkingSet(Matrix);

impl WorkingSet {
    /// Takes `distinct` of the queries.
    ///
    /// # Errors
    /// If there are not so many.
    pub(super) fn of(queries: MatrixView<'_>, distinct: usize) -> Result<Self> {
        let n = queries.n();
        ensure!(
            (1..=n).contains(&distinct),
            "a working set of {distinct} of {n} queries"
        );
        let rows = (0..distinct).map(|at| queries.row(query_idx(at, distinct, n)));
        let values: Vec<f32> = rows.flatten().copied().collect();
        Ok(Self(Matrix::from_vec(values, queries.dim())?))
    }

    /// The queries of it.
    pub(super) fn queries(&self) -> MatrixView<'_> {
        self.0.view()
    }

    /// Asks them over and over until there is a latency for each place.
    ///
    /// # Errors
    /// If a search fails.
    pub(super) fn search(
        &self,
        index: &dyn Index,
        neighbors: &mut Neighbors,
        latencies_ns: &mut [u64],
        clock: &impl Clock,
    ) -> Result<()> {
        for pass in latencies_ns.chunks_mut(self.0.n()) {
            one_by_one(index, self.queries(), neighbors, pass, clock)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_spread_over_all_there_are() {
        let spread: Vec<usize> = (0..4).map(|at| query_idx(at, 4, 10)).collect();
        assert_eq!(spread, [0, 2, 5, 7]);
        let all: Vec<usize> = (0..10).map(|at| query_idx(at, 10, 10)).collect();
        assert!(all.into_iter().eq(0..10));
    }

    #[test]
    fn a_set_holds_its_queries_and_no_more_than_there_are() {
        let queries = Matrix::from_vec((0..20).map(|i| i as f32).collect(), 2).unwrap();
        let set = WorkingSet::of(queries.view(), 2).unwrap();
        assert_eq!(set.queries().as_slice(), [0.0, 1.0, 10.0, 11.0]);
        assert!(WorkingSet::of(queries.view(), 11).is_err());
        assert!(WorkingSet::of(queries.view(), 0).is_err());
    }
}
