//! A ground truth that was found earlier: named by the experiment, or brought by its dataset.

use std::{error::Error, path::Path};

use annbench_eval::GroundTruth;
use annbench_store::{KnownTruth, dataset::Dataset, read_truth};

use super::import::{Asked, ImportError, SAMPLE};
use crate::{
    data::chain,
    experiment::{Mistake, Places},
    observer::Observer,
};

/// A ground truth that is true of the data, as far as a sample tells.
pub(crate) struct Given {
    pub(crate) truth: GroundTruth,
    /// Where it came from and how it was checked.
    pub(crate) in_words: String,
}

impl Given {
    /// The one in a file that the experiment names.
    pub(crate) fn in_file(
        path: &Path,
        asked: &Asked<'_>,
        places: &Places,
        observer: &mut dyn Observer,
    ) -> Result<Self, Mistake> {
        let mistake = |error: &dyn Error| {
            let message = format!("{}: {}", path.display(), chain(error));
            places.mistake("dataset.ground_truth", message)
        };
        let known = read_truth(path).map_err(|error| mistake(&error))?;
        let name = path.file_name().unwrap_or_default();
        let from = format!("from {}", name.to_string_lossy());
        Self::checked(&known, &from, asked, observer).map_err(|error| mistake(&error))
    }

    /// The one that the dataset, of `n_whole` vectors, brings for its own queries, or the first of
    /// them; `None` where it brings none, or one of more vectors, of another metric or of fewer
    /// neighbours, which is noted.
    pub(crate) fn of_dataset(
        dataset: &Dataset,
        n_whole: usize,
        asked: &Asked<'_>,
        places: &Places,
        observer: &mut dyn Observer,
    ) -> Result<Option<Self>, Mistake> {
        if dataset.ground_truth.is_none() {
            return Ok(None);
        }
        let mistake = |error: &dyn Error| {
            let message = format!(
                "its own ground truth {}; or find it with `annbench truth`, and name that as `ground_truth`",
                chain(error)
            );
            places.mistake("dataset.path", message)
        };
        let mut unfit = |why: String| {
            observer.note(&format!(
                "the dataset's own ground truth is not taken, the neighbours are found anew: {why}"
            ));
            Ok(None)
        };
        let n = asked.base.n();
        if n < n_whole {
            return unfit(format!(
                "it is of all {n_whole} vectors, limit = {n} leaves the first {n}"
            ));
        }
        let wanted = asked.metric;
        match dataset.metric {
            Some(metric) if metric == wanted => {}
            Some(metric) => return unfit(format!("it is by {metric}, not {wanted}")),
            None => return unfit(format!("it does not say whether it is by {wanted}")),
        }
        let known = dataset.load_truth().map_err(|error| mistake(&error))?;
        let Some(known) = known.map(|known| first(known, asked.queries.n())) else {
            return Ok(None);
        };
        let (found, needed) = (known.rows.dim(), asked.found());
        if found < needed {
            return unfit(format!("it has {found} neighbours a query, not {needed}"));
        }
        let given = Self::checked(&known, "the dataset's own", asked, observer)
            .map_err(|error| mistake(&error))?;
        observer.note(&format!("ground truth: {}", given.in_words));
        Ok(Some(given))
    }

    fn checked(
        known: &KnownTruth,
        from: &str,
        asked: &Asked<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Self, ImportError> {
        observer.begin("check the ground truth", None);
        let truth = asked.import(known);
        observer.end();
        let sample = SAMPLE.min(asked.queries.n());
        Ok(Self {
            truth: truth?,
            in_words: format!("{from}, found to be exact for a sample of {sample} queries"),
        })
    }
}

/// The truth of the first so many queries.
fn first(known: KnownTruth, n_queries: usize) -> KnownTruth {
    let n = known.rows.n().min(n_queries);
    KnownTruth {
        rows: known.rows.select(&(0..n).collect::<Vec<_>>()),
        ..known
    }
}
