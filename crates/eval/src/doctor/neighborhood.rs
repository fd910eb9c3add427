//! The exact neighbours of some vectors.

use std::borrow::Cow;

use annbench_exact::{ExactError, Options, Searcher};
use annbench_vectors::{Matrix, MatrixView, Metric};

use super::survey::{Survey, squared_norm};

/// A neighbour: its row in the matrix that was searched, and its exact score.
pub(super) type Neighbor = (usize, f64);

/// The base without the rows that cannot be searched.
pub(super) struct Usable<'a> {
    vectors: Part<'a>,
    /// The row each one has in the whole base; `None` where all are usable.
    rows: Option<Vec<usize>>,
}

enum Part<'a> {
    Whole(MatrixView<'a>),
    Some(Matrix),
}

impl<'a> Usable<'a> {
    /// Leaves out rows that are not finite and, under cosine, rows of zeros. Copies the others
    /// only where there are such rows.
    pub(super) fn of(base: MatrixView<'a>, survey: &Survey, metric: Metric) -> Self {
        let zeros = match metric {
            Metric::Cosine => survey.zeros.count,
            _ => 0,
        };
        if survey.not_finite.count + zeros == 0 {
            let vectors = Part::Whole(base);
            return Self {
                vectors,
                rows: None,
            };
        }
        let is_usable = |row: &usize| {
            let squared = squared_norm(base.row(*row));
            squared.is_finite() && (metric != Metric::Cosine || squared > 0.0)
        };
        let rows: Vec<usize> = (0..base.n()).filter(is_usable).collect();
        let vectors = Part::Some(base.select(&rows));
        let rows = Some(rows);
        Self { vectors, rows }
    }

    pub(super) fn view(&self) -> MatrixView<'_> {
        match &self.vectors {
            Part::Whole(view) => *view,
            Part::Some(matrix) => matrix.view(),
        }
    }

    /// The row in the whole base.
    pub(super) fn original(&self, row: usize) -> usize {
        self.rows.as_ref().map_or(row, |rows| rows[row])
    }
}

/// The `k` nearest rows of each probe, nearest first. `own` names the row that each probe is
/// itself, where it is one: that row is no neighbour.
pub(super) fn neighbors(
    searcher: &Searcher<'_>,
    probes: MatrixView<'_>,
    own: Option<&[usize]>,
    k: usize,
    options: &mut Options<'_>,
) -> Result<Vec<Vec<Neighbor>>, ExactError> {
    let found = searcher.search(probes, k + usize::from(own.is_some()), options)?;
    let list = |probe: usize| {
        let scored = found.ids(probe).iter().zip(found.scores(probe));
        let all = scored.map(|(&id, &score)| (id as usize, score));
        let is_other = |&(row, _): &Neighbor| own.is_none_or(|own| own[probe] != row);
        all.filter(is_other).take(k).collect()
    };
    Ok((0..probes.n()).map(list).collect())
}

/// The metric whose scores are distances: that of the metric itself or, for inner products, which
/// make no distance, L2.
pub(super) fn geometry(metric: Metric) -> Metric {
    match metric {
        Metric::InnerProduct => Metric::L2,
        other => other,
    }
}

/// The Euclidean distance that a score of [`geometry`]'s metric stands for: of the vectors, or
/// under cosine of the normalised vectors.
pub(super) fn distance(metric: Metric, score: f64) -> f64 {
    match metric {
        Metric::L2 => score.max(0.0).sqrt(),
        // |a - b|^2 = 2 - 2 a.b where |a| = |b| = 1; rounding may leave a hair below zero.
        _ => (2.0 - 2.0 * score).max(0.0).sqrt(),
    }
}

/// The vector as an index under this metric holds it: normalised under cosine.
pub(super) fn as_indexed(metric: Metric, row: &[f32]) -> Cow<'_, [f32]> {
    if metric != Metric::Cosine {
        return Cow::Borrowed(row);
    }
    let norm = squared_norm(row).sqrt();
    row.iter()
        .map(|&value| (f64::from(value) / norm) as f32)
        .collect()
}

/// The middle value; of an even number, the lower. `None` of none.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    quantile(values, 0.5)
}

/// The value below or at which that share of the values lies, by nearest rank.
pub(super) fn quantile(values: impl IntoIterator<Item = f64>, share: f64) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    let rank = (share * values.len() as f64).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_rows_are_left_out_and_the_others_keep_their_numbers() {
        let values = [f32::NAN, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 2.0];
        let base = MatrixView::new(&values, 2).unwrap();
        let survey = Survey::of(base, 1);
        for (metric, expected) in [(Metric::Cosine, vec![1, 3]), (Metric::L2, vec![1, 2, 3])] {
            let usable = Usable::of(base, &survey, metric);
            let rows: Vec<usize> = (0..usable.view().n())
                .map(|row| usable.original(row))
                .collect();
            assert_eq!(rows, expected);
        }
    }

    #[test]
    fn a_probe_is_not_its_own_neighbor() {
        let values = [0.0, 1.0, 1.0, 5.0];
        let base = MatrixView::new(&values, 1).unwrap();
        let searcher = Searcher::new(base, Metric::L2, 1).unwrap();
        let own = [2, 3];
        let probes = base.select(&own);
        let found = neighbors(
            &searcher,
            probes.view(),
            Some(&own),
            2,
            &mut Options::new(1),
        );
        assert_eq!(
            found.unwrap(),
            [[(1, 0.0), (0, 1.0)], [(1, 16.0), (2, 16.0)]]
        );
    }

    #[test]
    fn quantiles_are_values() {
        assert_eq!(median([3.0, 1.0, 2.0, 9.0]), Some(2.0));
        assert_eq!(quantile([3.0, 1.0, 2.0], 0.9), Some(3.0));
        assert_eq!(quantile([3.0], 0.0), Some(3.0));
        assert_eq!(median([]), None);
    }
}
