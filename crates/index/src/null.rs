//! The null index: it returns the first `k` rows whatever the query, and so costs what the harness
//! around it costs.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use annbench_vectors::{MatrixView, Metric, NeighborsMut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Backend, BuildError, BuildJob, BuildPhase, Built, ConfigureError, Library, LoadError,
    SaveError, SearchError, SearchSetup, TypedIndex,
};

/// Builds [`NullIndex`]es.
#[derive(Debug, Clone, Copy, Default)]
pub struct NullBackend;

/// The parameters of whatever has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// An index that does not look at the query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NullIndex {
    n: usize,
    dim: usize,
    metric: Metric,
}

impl Backend for NullBackend {
    type Build = NoParams;
    type Search = NoParams;
    type Index = NullIndex;

    fn name(&self) -> &'static str {
        "null"
    }

    fn summary(&self) -> &'static str {
        "returns the first k rows whatever the query: measures the harness itself"
    }

    fn library(&self) -> Library {
        Library {
            name: "annbench".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            ..Library::default()
        }
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
    ) -> Result<Built<NullIndex>, BuildError> {
        let start = Instant::now();
        let index = NullIndex {
            n: base.n(),
            dim: base.dim(),
            metric,
        };
        let add = start.elapsed();
        job.report(BuildPhase::Add, base.n(), base.n());
        Ok(Built {
            index,
            train: Duration::ZERO,
            add,
        })
    }

    fn load(&self, path: &Path, _: Metric) -> Result<NullIndex, LoadError> {
        let json = std::fs::read(path).map_err(|source| LoadError::Io {
            path: path.to_owned(),
            source,
        })?;
        serde_json::from_slice(&json).map_err(|error| LoadError::Library {
            path: path.to_owned(),
            reason: error.to_string(),
        })
    }
}

impl TypedIndex for NullIndex {
    type Search = NoParams;

    fn configure(&mut self, params: &NoParams, _: SearchSetup) -> Result<NoParams, ConfigureError> {
        Ok(*params)
    }

    fn search(
        &self,
        queries: MatrixView<'_>,
        out: &mut NeighborsMut<'_>,
    ) -> Result<(), SearchError> {
        SearchError::check_shapes(queries, self.dim, out)?;
        let count = out.k().min(self.n);
        for query_idx in 0..queries.n() {
            out.fill(query_idx, (0..count as u64).map(|id| (id, 0.0)));
        }
        Ok(())
    }

    fn save(&self, path: &Path) -> Result<(), SaveError> {
        serde_json::to_vec(self)
            .map_err(std::io::Error::from)
            .and_then(|json| std::fs::write(path, json))
            .map_err(|source| SaveError::Io {
                path: path.to_owned(),
                source,
            })
    }

    fn len(&self) -> usize {
        self.n
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn metric(&self) -> Metric {
        self.metric
    }

    fn bytes_estimate(&self) -> Option<u64> {
        Some(0)
    }
}
