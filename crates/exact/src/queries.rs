//! Queries made ready for a search.

use annbench_vectors::{Matrix, MatrixView, Metric};

use crate::{Component, ExactError, Which, bound::weight, norms::norms};

/// Queries in f32 with their norms.
#[derive(Debug, Clone)]
pub(crate) struct Queries {
    vectors: Matrix,
    pub(crate) norms: Vec<f64>,
    pub(crate) weights: Vec<f64>,
}

impl Queries {
    pub(crate) fn new<Q: Component>(
        queries: MatrixView<'_, Q>,
        metric: Metric,
    ) -> Result<Self, ExactError> {
        let norms = norms(queries, Which::Queries, 1)?;
        Ok(Self {
            vectors: queries.map(|value| value.to_f32()),
            weights: norms.iter().map(|norm| weight(metric, *norm)).collect(),
            norms,
        })
    }

    pub(crate) fn view(&self) -> MatrixView<'_> {
        self.vectors.view()
    }
}
