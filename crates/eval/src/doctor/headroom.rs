//! What smaller components would cost: exact neighbours ranked again by rounded vectors.

use annbench_vectors::{MatrixView, Metric};
use half::f16;
use serde::Serialize;

use super::{
    neighborhood::{Neighbor, as_indexed},
    parts::in_parts,
};

/// recall@k that rounded vectors would keep, with all else exact.
///
/// Of each query the nearest base vectors, by exact search in the whole base, are ranked again;
/// those beyond them are taken to stay beyond the first k.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Headroom {
    /// With components of 16 bits; `None` where some are too large for them.
    pub f16: Option<f64>,
    /// With components of 8 bits: 256 levels from the least to the greatest value of each
    /// dimension in a sample.
    pub int8: f64,
    /// The k of recall@k.
    pub k: usize,
    /// Vectors ranked again for each query.
    pub candidates: usize,
}

/// How components are rounded.
trait Rounding: Sync {
    fn round(&self, row: &mut [f32]);
}

struct Halves;

impl Rounding for Halves {
    fn round(&self, row: &mut [f32]) {
        row.iter_mut()
            .for_each(|value| *value = f16::from_f32(*value).to_f32());
    }
}

/// Levels of each dimension: the least value and the step.
struct Levels(Vec<(f32, f32)>);

impl Levels {
    /// # Source
    /// `QT_8bit` of FAISS's `ScalarQuantizer`: evenly spaced levels between the bounds of each
    /// dimension in the vectors it is trained on; values beyond them are clamped.
    fn of(sample: MatrixView<'_>) -> Self {
        let mut bounds = vec![(f32::INFINITY, f32::NEG_INFINITY); sample.dim()];
        for row in sample.rows() {
            for ((min, max), &value) in bounds.iter_mut().zip(row) {
                *min = min.min(value);
                *max = max.max(value);
            }
        }
        // In halves, for the whole range may be beyond f32.
        let step = |(min, max): (f32, f32)| (min, (max / 2.0 - min / 2.0) / 127.5);
        Self(bounds.into_iter().map(step).collect())
    }
}

impl Rounding for Levels {
    fn round(&self, row: &mut [f32]) {
        for (value, &(min, step)) in row.iter_mut().zip(&self.0) {
            let level = match step > 0.0 {
                true => ((*value / 2.0 - min / 2.0) / step * 2.0)
                    .round()
                    .clamp(0.0, 255.0),
                false => 0.0,
            };
            *value = min + level * step;
        }
    }
}

/// What is ranked again.
pub(super) struct Ranked<'a> {
    pub(super) base: MatrixView<'a>,
    /// A sample of the base as an index holds it.
    pub(super) sample: MatrixView<'a>,
    pub(super) queries: MatrixView<'a>,
    /// The nearest of each query, nearest first.
    pub(super) lists: &'a [Vec<Neighbor>],
    pub(super) metric: Metric,
    pub(super) k: usize,
}

impl Ranked<'_> {
    /// `None` of no queries.
    pub(super) fn headroom(&self, largest: f32, threads: usize) -> Option<Headroom> {
        let fits = self.metric == Metric::Cosine || f16::from_f32(largest).is_finite();
        Some(Headroom {
            f16: fits.then(|| self.recall(&Halves, threads)),
            int8: self.recall(&Levels::of(self.sample), threads),
            k: self.k,
            candidates: self.lists.first()?.len(),
        })
    }

    fn recall(&self, rounding: &dyn Rounding, threads: usize) -> f64 {
        let recall = |query_idx: usize| self.recall_of(query_idx, rounding);
        let each = in_parts(self.lists.len(), threads, recall);
        each.iter().sum::<f64>() / each.len() as f64
    }

    /// Hits among the first k by rounded vectors, ties at the k-th place counting as in `recall`.
    fn recall_of(&self, query_idx: usize, rounding: &dyn Rounding) -> f64 {
        let list = &self.lists[query_idx];
        let k = self.k.min(list.len());
        let Some(&(_, last)) = list[..k].last() else {
            return 1.0;
        };
        let query = as_indexed(self.metric, self.queries.row(query_idx));
        let mut ranked: Vec<(f64, Neighbor)> = list
            .iter()
            .map(|&neighbor| (self.score(&query, neighbor.0, rounding), neighbor))
            .collect();
        let order = self.metric;
        // Equal scores by row, not by what rounding took away.
        ranked.sort_by(|a, b| order.nearer_first(a.0, b.0).then(a.1.0.cmp(&b.1.0)));
        let is_hit = |(_, (_, score)): &&(f64, Neighbor)| order.nearer_first(*score, last).is_le();
        ranked[..k].iter().filter(is_hit).count() as f64 / k as f64
    }

    fn score(&self, query: &[f32], row: usize, rounding: &dyn Rounding) -> f64 {
        let mut values = as_indexed(self.metric, self.base.row(row)).into_owned();
        rounding.round(&mut values);
        // Indexes take the inner product of normalised vectors, and do not normalise rounded ones.
        let metric = match self.metric {
            Metric::Cosine => Metric::InnerProduct,
            other => other,
        };
        metric.score(query, &values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded(rounding: &dyn Rounding, values: &[f32]) -> Vec<f32> {
        let mut values = values.to_vec();
        rounding.round(&mut values);
        values
    }

    #[test]
    fn values_are_rounded_to_the_nearest_level_and_clamped() {
        let sample = [0.0, -1.0, 255.0, -1.0];
        let levels = Levels::of(MatrixView::new(&sample, 2).unwrap());
        assert_eq!(rounded(&levels, &[17.4, 5.0]), [17.0, -1.0]);
        assert_eq!(rounded(&levels, &[-9.0, -1.0]), [0.0, -1.0]);
        assert_eq!(rounded(&levels, &[999.0, -1.0]), [255.0, -1.0]);
        let widest = [f32::MIN, f32::MAX];
        let levels = Levels::of(MatrixView::new(&widest, 1).unwrap());
        assert!(
            rounded(&levels, &widest)
                .iter()
                .all(|value| value.is_finite())
        );
        assert_eq!(rounded(&Halves, &[1.0 + 1e-4, 0.1]), [1.0, 0.099_975_586]);
    }

    #[test]
    fn neighbors_that_rounding_confuses_are_lost() {
        // Steps of int8 are 1: rows 0 to 2 become equal to it, row 3 stays away.
        let base = [0.3, 0.2, 0.1, 255.0, 0.0];
        let base = MatrixView::new(&base, 1).unwrap();
        let query = [0.0f32];
        let list = [4usize, 2, 1, 0, 3].map(|row| (row, f64::from(base.row(row)[0]).powi(2)));
        let lists = [list.to_vec()];
        let ranked = Ranked {
            base,
            sample: base,
            queries: MatrixView::new(&query, 1).unwrap(),
            lists: &lists,
            metric: Metric::L2,
            k: 2,
        };
        let found = ranked.headroom(255.0, 2).unwrap();
        // All four are at 0; the first two by row are 0 and 1, neither of them a true neighbour.
        assert_eq!((found.int8, found.f16), (0.0, Some(1.0)));
        assert_eq!(ranked.headroom(1e5, 1).unwrap().f16, None);
    }
}
