//! What a search returns: per query, up to `k` row numbers with their scores.

/// The neighbours of `n_queries` queries: per query at most `k` base rows, nearest first.
///
/// Allocated once and filled by many searches. Until it is filled, every row is empty.
///
/// Two are equal if they hold the same neighbours; what stands in unused cells does not count.
#[derive(Debug, Clone)]
pub struct Neighbors {
    ids: Vec<u64>,
    scores: Vec<f32>,
    counts: Vec<u32>,
    k: usize,
}

impl Neighbors {
    /// Room for `k` neighbours of each of `n_queries` queries.
    pub fn new(n_queries: usize, k: usize) -> Self {
        // Zeros would come as pages that the kernel maps in at their first use, which is the
        // search that somebody is timing; other values are written, and so mapped, here.
        Self {
            ids: vec![u64::MAX; n_queries * k],
            scores: vec![f32::NAN; n_queries * k],
            counts: vec![0; n_queries],
            k,
        }
    }

    /// Number of queries there is room for.
    pub fn n_queries(&self) -> usize {
        self.counts.len()
    }

    /// Most neighbours a query can have.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Row numbers of the neighbours found for query `query_idx`, nearest first; shorter than
    /// `k` where fewer were found.
    ///
    /// # Panics
    /// If `query_idx >= n_queries`.
    pub fn ids(&self, query_idx: usize) -> &[u64] {
        &self.ids[self.found(query_idx)]
    }

    /// Scores beside [`ids`](Self::ids), as the index reported them.
    ///
    /// # Panics
    /// If `query_idx >= n_queries`.
    pub fn scores(&self, query_idx: usize) -> &[f32] {
        &self.scores[self.found(query_idx)]
    }

    /// All rows, to be filled by one batch search.
    pub fn as_mut(&mut self) -> NeighborsMut<'_> {
        NeighborsMut {
            ids: &mut self.ids,
            scores: &mut self.scores,
            counts: &mut self.counts,
            k: self.k,
        }
    }

    /// The row of one query, to be filled by a search for that query alone.
    ///
    /// # Panics
    /// If `query_idx >= n_queries`.
    pub fn row_mut(&mut self, query_idx: usize) -> NeighborsMut<'_> {
        let cells = query_idx * self.k..(query_idx + 1) * self.k;
        NeighborsMut {
            ids: &mut self.ids[cells.clone()],
            scores: &mut self.scores[cells],
            counts: &mut self.counts[query_idx..=query_idx],
            k: self.k,
        }
    }

    fn found(&self, query_idx: usize) -> std::ops::Range<usize> {
        let start = query_idx * self.k;
        start..start + self.counts[query_idx] as usize
    }
}

impl PartialEq for Neighbors {
    fn eq(&self, other: &Self) -> bool {
        (self.n_queries(), self.k) == (other.n_queries(), other.k)
            && (0..self.n_queries()).all(|query_idx| {
                self.ids(query_idx) == other.ids(query_idx)
                    && self.scores(query_idx) == other.scores(query_idx)
            })
    }
}

/// Borrowed room for the neighbours of some queries: what an index writes into.
#[derive(Debug)]
pub struct NeighborsMut<'a> {
    ids: &'a mut [u64],
    scores: &'a mut [f32],
    counts: &'a mut [u32],
    k: usize,
}

impl NeighborsMut<'_> {
    /// Number of queries there is room for.
    pub fn n_queries(&self) -> usize {
        self.counts.len()
    }

    /// Neighbours wanted per query.
    pub fn k(&self) -> usize {
        self.k
    }

    /// The raw cells, `n_queries x k` row-major: row numbers and scores. Whoever writes them
    /// says with [`set_count`](Self::set_count) how many of each row are real.
    pub fn cells_mut(&mut self) -> (&mut [u64], &mut [f32]) {
        (self.ids, self.scores)
    }

    /// Declares that the first `count` cells of row `query_idx` hold neighbours.
    ///
    /// # Panics
    /// If `count > k` or `query_idx >= n_queries`.
    pub fn set_count(&mut self, query_idx: usize, count: usize) {
        assert!(count <= self.k, "{count} neighbours in a row of {}", self.k);
        self.counts[query_idx] = count as u32;
    }

    /// Fills row `query_idx` from pairs of row number and score, nearest first; pairs past the
    /// `k`-th are left out.
    ///
    /// # Panics
    /// If `query_idx >= n_queries`.
    pub fn fill(&mut self, query_idx: usize, pairs: impl IntoIterator<Item = (u64, f32)>) {
        let start = query_idx * self.k;
        let mut count = 0;
        for (id, score) in pairs.into_iter().take(self.k) {
            self.ids[start + count] = id;
            self.scores[start + count] = score;
            count += 1;
        }
        self.set_count(query_idx, count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_neighbour_is_a_shorter_row() {
        let mut neighbors = Neighbors::new(2, 3);
        neighbors.as_mut().fill(0, [(7, 0.5), (3, 0.25)]);
        assert_eq!(neighbors.ids(0), [7, 3]);
        assert_eq!(neighbors.scores(0), [0.5, 0.25]);
        assert_eq!(neighbors.ids(1), [0u64; 0]);
    }

    #[test]
    fn one_row_is_filled_without_touching_the_others() {
        let mut neighbors = Neighbors::new(3, 2);
        neighbors.row_mut(1).fill(0, [(1, 1.0), (2, 2.0), (3, 3.0)]);
        assert_eq!(neighbors.ids(1), [1, 2], "the third pair has no room");
        assert!(neighbors.ids(0).is_empty() && neighbors.ids(2).is_empty());
    }
}
