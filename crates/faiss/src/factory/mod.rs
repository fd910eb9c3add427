//! `factory`: any index that a FAISS factory string describes.

mod description;
mod search;

use std::path::Path;

use annbench_index::{
    Backend, BaseFacts, BuildError, BuildJob, Built, ConfigureError, Library, LoadError,
    ParamError, Resolved,
};
use annbench_vectors::{MatrixView, Metric};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use search::{FactorySearch, search_parameter_names};

use crate::{
    construct::{Adding, construct},
    index::{FaissIndex, Handle, Tuning},
    library,
    native::{Kind, Native},
};

/// Builds [`FactoryIndex`]es.
#[derive(Debug, Clone, Copy, Default)]
pub struct FactoryBackend;

/// Whatever a factory string describes.
pub type FactoryIndex = FaissIndex<FactorySearch>;

/// Build parameters of `factory`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactoryBuild {
    /// FAISS's description of the index, such as `SQ8`, `IVF1024,PQ32x4fs,RFlat` or `HNSW32,SQ8`:
    /// longer codes and a refining stage buy recall and cost memory.
    pub factory: String,
}

impl Backend for FactoryBackend {
    type Build = FactoryBuild;
    type Search = FactorySearch;
    type Index = FactoryIndex;

    fn name(&self) -> &'static str {
        "factory"
    }

    fn summary(&self) -> &'static str {
        "any index that a FAISS factory string describes: quantisers, graphs, refinement"
    }

    fn library(&self) -> Library {
        library::found()
    }

    fn is_exact(&self, build: &FactoryBuild) -> bool {
        build.factory == "Flat"
    }

    /// Creates the index, empty, so that a string FAISS cannot read is refused before any work.
    fn resolve(
        &self,
        build: FactoryBuild,
        base: BaseFacts,
    ) -> Result<Resolved<FactoryBuild>, ParamError> {
        empty(&build, base)?;
        Ok(Resolved::unchanged(build))
    }

    /// Sets the parameters on an empty index of this kind, so that one it has no use for is
    /// refused before any work.
    fn check_search(
        &self,
        build: &FactoryBuild,
        search: &FactorySearch,
        base: BaseFacts,
    ) -> Result<(), ParamError> {
        let mut handle = Handle(empty(build, base)?);
        search.set_on(&mut handle, 1).map(|_| ())
    }

    fn build(
        &self,
        base: MatrixView<'_>,
        metric: Metric,
        params: &FactoryBuild,
        job: &mut BuildJob<'_>,
    ) -> Result<Built<FactoryIndex>, BuildError> {
        construct(
            &params.factory,
            Adding::Whole,
            base,
            metric,
            job,
            |_| Ok(()),
        )
    }

    fn load(&self, path: &Path, metric: Metric) -> Result<FactoryIndex, LoadError> {
        FactoryIndex::load(path, metric)
    }
}

fn empty(build: &FactoryBuild, base: BaseFacts) -> Result<Native, ParamError> {
    let refused = |problem: String, remedy: &str| ParamError::Refused {
        key: "factory".to_owned(),
        value: build.factory.as_str().into(),
        problem,
        remedy: remedy.to_owned(),
    };
    description::check(&build.factory, base).map_err(|e| refused(e.problem, e.remedy))?;
    Native::create(base.dim, &build.factory, base.metric).map_err(|reason| {
        refused(
            format!(
                "is refused by FAISS for dim {} and {}: {reason}",
                base.dim, base.metric
            ),
            "see FAISS's wiki page \"The index factory\" for its grammar",
        )
    })
}

impl Tuning for FactorySearch {
    fn apply(&self, index: &mut Handle, k: usize) -> Result<Self, ConfigureError> {
        Ok(self.set_on(index, k)?)
    }

    /// n times the bytes of a code, where FAISS says how many those are; the textbook's formula
    /// where the string only spells one of the other three kinds.
    fn bytes_estimate(index: &Handle) -> Option<u64> {
        match index.0.kind() {
            Kind::Flat => annbench_index::null::NoParams::bytes_estimate(index),
            Kind::IvfFlat => crate::IvfFlatSearch::bytes_estimate(index),
            Kind::Hnsw => crate::HnswSearch::bytes_estimate(index),
            Kind::Other => Some(index.0.len() as u64 * index.0.code_bytes()? as u64),
        }
    }

    fn check_kind(_: &Handle) -> Result<(), &'static str> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: BaseFacts = BaseFacts {
        n: 1000,
        dim: 16,
        metric: Metric::InnerProduct,
    };

    fn check_error(factory: &str, expected: &str) {
        let build = FactoryBuild {
            factory: factory.to_owned(),
        };
        let error = FactoryBackend.resolve(build, BASE).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_bad_string_is_refused_before_any_build() {
        check_error("", "is empty");
        check_error("Flatt", "could not parse index string Flatt");
        check_error(
            "IVF16,PQ5",
            "is refused by FAISS for dim 16 and inner_product",
        );
        check_error("IVF2000,Flat", "exceeds the 1,000 base vectors");
        check_error("IVF1000000000,Flat", "exceeds the 1,000 base vectors");
        check_error(
            "IMI2x8,Flat",
            "MultiIndex not implemented for inner prod search",
        );
        check_error("IDMap,Flat\0", "holds a zero byte");
    }

    #[test]
    fn a_string_that_would_crash_faiss_is_refused() {
        for crashes in [
            "HNSW0",
            "HNSW1,Flat",
            "PQ0",
            "IVF0,Flat",
            "PQ8x30",
            "IVF4_HNSW1,Flat",
        ] {
            check_error(crashes, "use");
        }
    }
}
