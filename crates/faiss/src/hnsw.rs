//! `hnsw`: a graph of near neighbours, walked.

use std::path::Path;

use annbench_index::{Backend, BuildError, BuildJob, Built, ConfigureError, Library, LoadError};
use annbench_vectors::{MatrixView, Metric};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    construct::{Adding, construct},
    flat::vector_bytes,
    index::{FaissIndex, Handle, Tuning},
    library,
    native::Kind,
    parameter::{in_force, set},
};

/// Builds [`HnswIndex`]es.
#[derive(Debug, Clone, Copy, Default)]
pub struct HnswBackend;

/// FAISS's `IndexHNSWFlat`: a graph over the vectors as they are.
pub type HnswIndex = FaissIndex<HnswSearch>;

/// Build parameters of `hnsw`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HnswBuild {
    /// Links a vector has on each upper level, twice as many on the lowest: raising it buys recall
    /// at the same ef_search and costs memory and build time.
    #[schemars(range(min = 2, max = 2048))]
    pub m: usize,
    /// Candidates kept while a vector's links are chosen: raising it buys a better graph and costs
    /// build time in proportion.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub ef_construction: usize,
}

/// Search parameters of `hnsw`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HnswSearch {
    /// Candidates kept during a search: raising it buys recall and costs time in proportion; k at
    /// least.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub ef_search: usize,
}

impl Default for HnswBuild {
    fn default() -> Self {
        Self {
            m: 32,
            ef_construction: 128,
        }
    }
}

impl Default for HnswSearch {
    fn default() -> Self {
        Self { ef_search: 64 }
    }
}

impl Backend for HnswBackend {
    type Build = HnswBuild;
    type Search = HnswSearch;
    type Index = HnswIndex;

    fn name(&self) -> &'static str {
        "hnsw"
    }

    fn summary(&self) -> &'static str {
        "walks a graph of near neighbours: the best recall for the time, slow to build, large"
    }

    fn library(&self) -> Library {
        library::found()
    }

    fn build(
        &self,
        base: MatrixView<'_>,
        metric: Metric,
        params: &HnswBuild,
        job: &mut BuildJob<'_>,
    ) -> Result<Built<HnswIndex>, BuildError> {
        let factory = format!("HNSW{},Flat", params.m);
        construct(&factory, Adding::Whole, base, metric, job, |native| {
            native.set("efConstruction", params.ef_construction as f64)
        })
    }

    fn load(&self, path: &Path, metric: Metric) -> Result<HnswIndex, LoadError> {
        HnswIndex::load(path, metric)
    }
}

impl Tuning for HnswSearch {
    fn apply(&self, index: &mut Handle, k: usize) -> Result<Self, ConfigureError> {
        set(index, "ef_search", "efSearch", self.ef_search)?;
        Ok(Self {
            ef_search: self.ef_search.max(k),
        })
    }

    /// n*d*4 + n*m*4: vectors and links, the textbook's count of them.
    fn bytes_estimate(index: &Handle) -> Option<u64> {
        let m = in_force(index, "M")? as u64;
        Some(vector_bytes(index) + index.0.len() as u64 * m * 4)
    }

    fn check_kind(index: &Handle) -> Result<(), &'static str> {
        (index.0.kind() == Kind::Hnsw).then_some(()).ok_or("hnsw")
    }
}

#[cfg(test)]
mod tests {
    use annbench_index::{SearchSetup, TypedIndex};
    use annbench_vectors::Matrix;

    use super::*;

    #[test]
    fn no_fewer_candidates_are_kept_than_neighbours_wanted() {
        let base = Matrix::from_vec((0..40).map(|i| i as f32).collect(), 4).unwrap();
        let job = &mut BuildJob::new(1, 42);
        let built = HnswBackend.build(base.view(), Metric::L2, &HnswBuild::default(), job);
        let mut index = built.unwrap().index;
        for (ef_search, k, expected) in [(4, 10, 10), (64, 10, 64)] {
            let setup = SearchSetup { k, threads: 1 };
            let effective = index.configure(&HnswSearch { ef_search }, setup).unwrap();
            assert_eq!(effective.ef_search, expected);
        }
    }

    #[test]
    fn memory_is_estimated_by_the_textbook() {
        let base = Matrix::from_vec(vec![1.0; 400], 4).unwrap();
        let build = HnswBuild {
            m: 8,
            ef_construction: 16,
        };
        let job = &mut BuildJob::new(1, 42);
        let built = HnswBackend.build(base.view(), Metric::L2, &build, job);
        let estimate = built.unwrap().index.bytes_estimate();
        assert_eq!(estimate, Some(100 * 4 * 4 + 100 * 8 * 4));
    }
}
