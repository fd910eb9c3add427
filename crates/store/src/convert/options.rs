//! What is kept of the input, and how it is stored.

use std::path::Path;

use crate::{Dtype, Format, LoadError, LoadOptions, hdf5, hdf5::Companions};

/// Which rows to keep, and how to store them.
///
/// Rows are chosen in the order of the fields: `rows`, then `skip_rows`, then `sample`, then
/// `limit`. They stay in the order of `rows`, or of the input.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvertOptions {
    /// The columns to read. Other columns are kept in Parquet if asked; the other formats have no
    /// room for them, nor for ids.
    pub load: LoadOptions,
    /// Only these rows, in this order, by row number in the input.
    pub rows: Option<Vec<usize>>,
    /// All but these rows, by row number in the input.
    pub skip_rows: Vec<usize>,
    /// Of what is left, a seeded sample of so many, see [`sample_rows`](crate::sample::sample_rows).
    pub sample: Option<usize>,
    /// Seed of the sample.
    pub seed: u64,
    /// Of what is left, the first so many.
    pub limit: Option<usize>,
    /// How components are stored.
    pub dtype: Dtype,
    /// What an HDF5 output holds beside the base. `None`: what an HDF5 input holds, where that
    /// still fits the rows.
    pub companions: Option<Companions>,
}

impl Default for ConvertOptions {
    fn default() -> Self {
        Self {
            load: LoadOptions {
                keep_columns: true,
                ..LoadOptions::default()
            },
            rows: None,
            skip_rows: Vec::new(),
            sample: None,
            seed: 42,
            limit: None,
            dtype: Dtype::F32,
            companions: None,
        }
    }
}

impl ConvertOptions {
    /// Whether all rows are kept, in their order.
    pub(super) fn is_whole(&self) -> bool {
        let is_listed = self.rows.is_some() || !self.skip_rows.is_empty();
        !is_listed && self.sample.is_none() && self.limit.is_none()
    }

    /// What an HDF5 output holds beside the base.
    pub(super) fn companions(
        &self,
        input: &Path,
        from: Format,
        to: Format,
    ) -> Result<Companions, LoadError> {
        match (&self.companions, from, to) {
            (Some(companions), ..) => Ok(companions.clone()),
            (None, Format::Hdf5, Format::Hdf5) => hdf5::companions(input, self.is_whole()),
            _ => Ok(Companions::default()),
        }
    }
}
