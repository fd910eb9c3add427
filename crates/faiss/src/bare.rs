//! FAISS without annbench around it: the reference that the trait path is measured against.

use annbench_index::SearchError;
use annbench_vectors::{MatrixView, NeighborsMut};

use crate::index::{FaissIndex, Tuning, count_found};

/// Searches one query after the other in a bare loop over `faiss_Index_search`, with a time stamp
/// before and after each call into `latencies_ns` (one a query, nanoseconds) and nothing else.
/// Counts of neighbours are set after the loop.
///
/// # Errors
/// [`SearchError`] if the shapes do not fit or FAISS fails.
pub fn search_one_by_one<S: Tuning>(
    index: &FaissIndex<S>,
    queries: MatrixView<'_>,
    out: &mut NeighborsMut<'_>,
    latencies_ns: &mut [u64],
) -> Result<(), SearchError> {
    SearchError::check_shapes(queries, index.native().dim(), out)?;
    if latencies_ns.len() != queries.n() {
        return Err(SearchError::Room {
            queries: queries.n(),
            room: latencies_ns.len(),
        });
    }
    let k = out.k();
    if k == 0 {
        return Ok(());
    }
    let (ids, scores) = out.cells_mut();
    index
        .native()
        .search_one_by_one(queries, k, ids, scores, latencies_ns)
        .map_err(SearchError::Library)?;
    count_found(out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use annbench_index::{Backend, BuildJob, SearchSetup, TypedIndex};
    use annbench_vectors::{Matrix, Metric, Neighbors};

    use super::*;
    use crate::{HnswBackend, HnswBuild, HnswSearch};

    #[test]
    fn the_bare_path_finds_what_the_trait_path_finds() {
        let base = Matrix::from_vec((0..800).map(|i| (i * 37 % 101) as f32).collect(), 8).unwrap();
        let job = &mut BuildJob::new(1, 42);
        let built = HnswBackend.build(base.view(), Metric::L2, &HnswBuild::default(), job);
        let mut index = built.unwrap().index;
        let setup = SearchSetup { k: 5, threads: 1 };
        index.configure(&HnswSearch::default(), setup).unwrap();
        let mut through_trait = Neighbors::new(100, 5);
        index
            .search(base.view(), &mut through_trait.as_mut())
            .unwrap();
        let mut bare = Neighbors::new(100, 5);
        let mut latencies_ns = [0; 100];
        search_one_by_one(&index, base.view(), &mut bare.as_mut(), &mut latencies_ns).unwrap();
        assert_eq!(bare, through_trait);
        assert!(latencies_ns.iter().all(|ns| *ns > 0));
    }

    #[test]
    fn too_little_room_for_latencies_is_refused() {
        let base = Matrix::from_vec(vec![1.0; 8], 4).unwrap();
        let job = &mut BuildJob::new(1, 42);
        let built = HnswBackend.build(base.view(), Metric::L2, &HnswBuild::default(), job);
        let mut out = Neighbors::new(2, 1);
        let refused = search_one_by_one(
            &built.unwrap().index,
            base.view(),
            &mut out.as_mut(),
            &mut [0],
        );
        assert_eq!(
            refused,
            Err(SearchError::Room {
                queries: 2,
                room: 1
            })
        );
    }
}
