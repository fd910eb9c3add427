//! `flat`: every vector compared, exact.

use std::path::Path;

use annbench_index::{
    Backend, BuildError, BuildJob, Built, ConfigureError, Library, LoadError, null::NoParams,
};
use annbench_vectors::{MatrixView, Metric};

use crate::{
    construct::{Adding, construct},
    index::{FaissIndex, Handle, Tuning},
    library,
    native::Kind,
};

/// Builds [`FlatIndex`]es.
#[derive(Debug, Clone, Copy, Default)]
pub struct FlatBackend;

/// FAISS's `IndexFlat`: the vectors as they are.
pub type FlatIndex = FaissIndex<NoParams>;

impl Backend for FlatBackend {
    type Build = NoParams;
    type Search = NoParams;
    type Index = FlatIndex;

    fn name(&self) -> &'static str {
        "flat"
    }

    fn summary(&self) -> &'static str {
        "compares the query with every vector: exact, no build, slow on large bases"
    }

    fn library(&self) -> Library {
        library::found()
    }

    fn is_exact(&self, _: &NoParams) -> bool {
        true
    }

    fn is_repeatable(&self, _: &NoParams, _: usize) -> bool {
        true
    }

    fn build(
        &self,
        base: MatrixView<'_>,
        metric: Metric,
        _: &NoParams,
        job: &mut BuildJob<'_>,
    ) -> Result<Built<FlatIndex>, BuildError> {
        construct("Flat", Adding::Whole, base, metric, job, |_| Ok(()))
    }

    fn load(&self, path: &Path, metric: Metric) -> Result<FlatIndex, LoadError> {
        FlatIndex::load(path, metric)
    }
}

impl Tuning for NoParams {
    fn apply(&self, _: &mut Handle, _: usize) -> Result<Self, ConfigureError> {
        Ok(*self)
    }

    /// n*d*4: the vectors.
    fn bytes_estimate(index: &Handle) -> Option<u64> {
        Some(vector_bytes(index))
    }

    fn check_kind(index: &Handle) -> Result<(), &'static str> {
        (index.0.kind() == Kind::Flat).then_some(()).ok_or("flat")
    }
}

/// n*d*4: what the vectors themselves take as f32.
pub(crate) fn vector_bytes(index: &Handle) -> u64 {
    index.0.len() as u64 * index.0.dim() as u64 * 4
}
