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
