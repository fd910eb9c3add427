//! How hard queries are, known before any index is asked.

use annbench_vectors::{MatrixView, Metric};

use crate::GroundTruth;

/// A k-th neighbour within this share of the typical distance is as good as equal to its query.
const ROUNDING: f64 = 1e-6;

/// The relative contrast of each query at the truth's k: the mean distance to the base, estimated
/// from the rows `sample`, over the distance to the k-th neighbour. Near 1 the neighbours hardly
/// stand out from the rest, and whoever looks for them is easily misled; infinite where the k-th
/// neighbour equals the query.
///
/// Distances are Euclidean: of the vectors, under cosine of the normalised vectors, and under inner
/// product of the vectors with one component more that makes all of the base equally long, which
/// turns the largest inner product into the smallest distance.
///
/// # Panics
/// If a row of `sample` is not below `base.n()`, `queries` are not those of the truth, or `threads`
/// is 0.
///
/// # Source
/// J. He, S. Kumar and S.-F. Chang, *On the difficulty of nearest neighbor search*, ICML 2012, for
/// the relative contrast, here query by query and at k; Y. Bachrach et al., *Speeding up the Xbox
/// recommender system using a Euclidean transformation for inner-product spaces*, RecSys 2014, for
/// the added component.
pub fn relative_contrasts(
    truth: &GroundTruth,
    base: MatrixView<'_>,
    queries: MatrixView<'_>,
    sample: &[usize],
    threads: usize,
) -> Vec<f64> {
    let crowd = Crowd {
        truth,
        queries,
        sample: sample.iter().map(|&row| base.row(row)).collect(),
        longest_squared: longest_squared(truth.metric(), base),
    };
    let mut contrasts = vec![f64::INFINITY; truth.len()];
    let each = truth.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        for (part, contrasts) in contrasts.chunks_mut(each).enumerate() {
            let crowd = &crowd;
            scope.spawn(move || {
                for (at, contrast) in contrasts.iter_mut().enumerate() {
                    *contrast = crowd.contrast(part * each + at);
                }
            });
        }
    });
    contrasts
}

/// What queries are compared with.
struct Crowd<'a> {
    truth: &'a GroundTruth,
    queries: MatrixView<'a>,
    sample: Vec<&'a [f32]>,
    longest_squared: f64,
}

impl Crowd<'_> {
    fn contrast(&self, query_idx: usize) -> f64 {
        let query = self.queries.row(query_idx);
        let Some(kth_score) = self.truth.kth_score(query_idx) else {
            return f64::INFINITY;
        };
        let scores = self.sample.iter();
        let scores = scores.map(|row| self.truth.metric().score(query, row));
        let total: f64 = scores.map(|score| self.distance(query, score)).sum();
        let mean = total / self.sample.len() as f64;
        let kth = self.distance(query, kth_score);
        match kth > ROUNDING * mean {
            true => mean / kth,
            false => f64::INFINITY,
        }
    }

    /// The distance that a score stands for.
    fn distance(&self, query: &[f32], score: f64) -> f64 {
        let squared = match self.truth.metric() {
            Metric::L2 => score,
            Metric::Cosine => 2.0 - 2.0 * score,
            Metric::InnerProduct => norm_squared(query) + self.longest_squared - 2.0 * score,
        };
        // Rounding may leave a hair below zero.
        squared.max(0.0).sqrt()
    }
}

/// Of the longest vector, where the metric needs it.
fn longest_squared(metric: Metric, base: MatrixView<'_>) -> f64 {
    match metric {
        Metric::InnerProduct => (0..base.n())
            .map(|row| norm_squared(base.row(row)))
            .fold(0.0, f64::max),
        _ => 0.0,
    }
}

fn norm_squared(vector: &[f32]) -> f64 {
    vector.iter().map(|&value| f64::from(value).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use annbench_exact::Options;
    use annbench_vectors::Matrix;
    use proptest::prelude::*;

    use super::*;

    fn contrasts(base: &[f32], queries: &[f32], dim: usize, metric: Metric, k: usize) -> Vec<f64> {
        let [base, queries] =
            [base, queries].map(|values| Matrix::from_vec(values.to_vec(), dim).unwrap());
        let (base, queries) = (base.view(), queries.view());
        let truth = GroundTruth::compute(base, queries, metric, k, &mut Options::new(1)).unwrap();
        let all: Vec<usize> = (0..base.n()).collect();
        let found = relative_contrasts(&truth, base, queries, &all, 1);
        assert_eq!(found, relative_contrasts(&truth, base, queries, &all, 3));
        found
    }

    #[test]
    fn a_query_among_the_base_has_more_contrast_than_one_far_away() {
        let found = contrasts(&[0.0, 1.0, 9.0], &[0.5, 100.0], 1, Metric::L2, 2);
        // Distances 0.5, 0.5, 8.5; and 100, 99, 91.
        assert!((found[0] - 9.5 / 3.0 / 0.5).abs() < 1e-9, "{found:?}");
        assert!((found[1] - 290.0 / 3.0 / 99.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn a_query_that_equals_its_kth_neighbour_is_the_easiest_there_is() {
        let found = contrasts(&[3.0, 1.0], &[3.0], 1, Metric::L2, 1);
        assert_eq!(found, [f64::INFINITY]);
    }

    #[test]
    fn an_inner_product_is_a_distance_once_all_vectors_are_equally_long() {
        // Longest 5: the added components are 4 and 0, the query's is 0.
        let found = contrasts(
            &[3.0, 0.0, 0.0, 5.0],
            &[1.0, 0.0],
            2,
            Metric::InnerProduct,
            1,
        );
        let [near, far] = [(4.0_f64 + 16.0).sqrt(), 26.0_f64.sqrt()];
        assert!((found[0] - (near + far) / 2.0 / near).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn normalised_vectors_have_one_contrast_under_cosine_and_l2(
            angles in proptest::collection::vec(0.0f32..6.0, 3..20), k in 1usize..3,
        ) {
            let values: Vec<f32> = angles.iter().flat_map(|a| [a.cos(), a.sin()]).collect();
            let (queries, base) = values.split_at(2);
            let cosine = contrasts(base, queries, 2, Metric::Cosine, k)[0];
            let l2 = contrasts(base, queries, 2, Metric::L2, k)[0];
            prop_assert!((cosine / l2 - 1.0).abs() < 1e-2 || cosine > 1e3, "{} {}", cosine, l2);
        }
    }
}
