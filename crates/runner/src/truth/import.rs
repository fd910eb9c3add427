//! A ground truth that the user has: taken only if it is true of the data.

use std::collections::HashSet;

use annbench_eval::{ExactError, ExactOptions, GroundTruth, TruthError, TruthParts};
use annbench_store::{KnownTruth, sample::sample_rows};
use annbench_vectors::{MatrixView, Metric};

/// Queries whose neighbours are found again, to compare.
pub(super) const SAMPLE: usize = 100;

/// How much worse a neighbour may be than the true one, as a share of the size of the products that
/// its score is made of: what 32-bit arithmetic may swap, and no more.
const TOLERANCE: f64 = 1e-5;

/// A ground truth that is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    /// It is of another metric.
    #[error(
        "is nearest by {found}, the experiment asks for {wanted}; compute it with --metric {wanted}"
    )]
    Metric { found: Metric, wanted: Metric },
    /// It is of other queries.
    #[error("has {found} queries, the experiment {wanted}; give the truth of these very queries")]
    Queries { found: usize, wanted: usize },
    /// It has too few neighbours.
    #[error(
        "has {found} neighbours a query, k = {k} asks for more; lower k, or compute it with --k {k}"
    )]
    TooFew { found: usize, k: usize },
    /// A number that is no row of the base.
    #[error(
        "query {query_idx} has row {row} of a base of {n} vectors; give the truth of this very base, or of what limit leaves of it"
    )]
    OutOfRange {
        query_idx: usize,
        row: u64,
        n: usize,
    },
    /// A row twice.
    #[error("query {query_idx} has row {row} twice; compute it again")]
    Repeated { query_idx: usize, row: u64 },
    /// Neighbours that are not the nearest.
    #[error(
        "is not true of this data: the {} nearest of query {query_idx} has {score_name} {true_score}, not {score}; \
         compute it again, of this base and these queries", ordinal(*.place)
    )]
    Untrue {
        query_idx: usize,
        /// From 0.
        place: usize,
        score_name: &'static str,
        true_score: f64,
        score: f64,
    },
    /// What was read makes no truth.
    #[error(transparent)]
    Truth(#[from] TruthError),
    /// The sample could not be searched.
    #[error(transparent)]
    Exact(#[from] ExactError),
}

/// What an imported truth has to be true of.
pub(crate) struct Asked<'a> {
    pub(crate) base: MatrixView<'a>,
    pub(crate) queries: MatrixView<'a>,
    pub(crate) metric: Metric,
    pub(crate) k: usize,
    pub(crate) seed: u64,
    pub(crate) threads: usize,
}

impl Asked<'_> {
    /// Takes a ground truth that was read, after checking it: shape, rows, and against neighbours
    /// found again for a sample of the queries. Scores are computed again; ties at the k-th place
    /// count as far as the file tells.
    pub(super) fn import(&self, known: &KnownTruth) -> Result<GroundTruth, ImportError> {
        self.check_shape(known)?;
        let truth = self.judge(known)?;
        self.check_sample(&truth)?;
        Ok(truth)
    }

    /// Neighbours a query is to have.
    pub(super) fn found(&self) -> usize {
        self.k.min(self.base.n())
    }

    fn check_shape(&self, known: &KnownTruth) -> Result<(), ImportError> {
        let (queries, found) = (known.rows.n(), known.rows.dim());
        match known.metric {
            Some(metric) if metric != self.metric => Err(ImportError::Metric {
                found: metric,
                wanted: self.metric,
            }),
            _ if queries != self.queries.n() => Err(ImportError::Queries {
                found: queries,
                wanted: self.queries.n(),
            }),
            _ if found < self.found() => Err(ImportError::TooFew { found, k: self.k }),
            _ => Ok(()),
        }
    }

    fn judge(&self, known: &KnownTruth) -> Result<GroundTruth, ImportError> {
        let mut parts = TruthParts {
            metric: self.metric,
            k: self.k,
            n: self.base.n(),
            ids: Vec::new(),
            scores: Vec::new(),
            ties_at_k: Vec::new(),
        };
        for (query_idx, rows) in known.rows.rows().enumerate() {
            self.check_rows(query_idx, rows)?;
            let mut scored: Vec<(u64, f64)> = rows
                .iter()
                .map(|&row| (row, self.score(query_idx, row)))
                .collect();
            scored.sort_by(|a, b| self.metric.nearer_first(a.1, b.1).then(a.0.cmp(&b.0)));
            let kept = &scored[..self.found()];
            let kth = kept.last().map(|(_, score)| *score);
            let ties = scored.iter().filter(|(_, score)| Some(*score) == kth);
            parts.ties_at_k.push(ties.count() as u64);
            parts.ids.extend(kept.iter().map(|(row, _)| *row));
            parts.scores.extend(kept.iter().map(|(_, score)| *score));
        }
        Ok(GroundTruth::from_parts(parts)?)
    }

    fn check_rows(&self, query_idx: usize, rows: &[u64]) -> Result<(), ImportError> {
        let n = self.base.n();
        let mut seen = HashSet::with_capacity(rows.len());
        for &row in rows {
            if row >= n as u64 {
                return Err(ImportError::OutOfRange { query_idx, row, n });
            }
            if !seen.insert(row) {
                return Err(ImportError::Repeated { query_idx, row });
            }
        }
        Ok(())
    }

    fn score(&self, query_idx: usize, row: u64) -> f64 {
        let base = self.base.row(row as usize);
        self.metric.score(self.queries.row(query_idx), base)
    }

    fn check_sample(&self, truth: &GroundTruth) -> Result<(), ImportError> {
        let n_queries = self.queries.n();
        let sample = sample_rows(n_queries, SAMPLE.min(n_queries), self.seed);
        let queries = self.queries.select(&sample);
        let mut options = ExactOptions::new(self.threads);
        let exact =
            GroundTruth::compute(self.base, queries.view(), self.metric, self.k, &mut options)?;
        for (at, &query_idx) in sample.iter().enumerate() {
            let pairs = exact.scores(at).iter().zip(truth.scores(query_idx));
            for (place, (&true_score, &score)) in pairs.enumerate() {
                let row = exact.ids(at)[place];
                if (true_score - score).abs() > TOLERANCE * self.size(query_idx, row) {
                    return Err(ImportError::Untrue {
                        query_idx,
                        place,
                        score_name: self.metric.score_name(),
                        true_score,
                        score,
                    });
                }
            }
        }
        Ok(())
    }

    /// The size of the products that a score is made of.
    fn size(&self, query_idx: usize, row: u64) -> f64 {
        let squared = |vector: &[f32]| Metric::InnerProduct.score(vector, vector);
        let query = squared(self.queries.row(query_idx));
        let base = squared(self.base.row(row as usize));
        match self.metric {
            Metric::Cosine => 1.0,
            Metric::InnerProduct => (query * base).sqrt(),
            Metric::L2 => query + base,
        }
    }
}

/// `1st`, `2nd`, `11th`: the place counted from 0.
fn ordinal(place: usize) -> String {
    let number = place + 1;
    let ending = match (number % 10, number % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use annbench_vectors::Matrix;

    use super::*;

    fn vectors(n: usize, seed: u32) -> Matrix {
        let value = |i: u32| (i.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 8) as f32 / 1e7;
        Matrix::from_vec((0..n as u32 * 4).map(value).collect(), 4).unwrap()
    }

    /// Imports the true rows after `change` has had its way with them.
    fn check(change: impl FnOnce(&mut Vec<u64>)) -> Result<GroundTruth, String> {
        let (base, queries) = (vectors(200, 0), vectors(20, 7919));
        let asked = Asked {
            base: base.view(),
            queries: queries.view(),
            metric: Metric::L2,
            k: 3,
            seed: 1,
            threads: 1,
        };
        let mut options = ExactOptions::new(1);
        let exact =
            GroundTruth::compute(asked.base, asked.queries, asked.metric, 5, &mut options).unwrap();
        let mut rows = exact.parts().ids.clone();
        change(&mut rows);
        let known = KnownTruth {
            rows: Matrix::from_vec(rows, 5).unwrap(),
            metric: None,
        };
        asked.import(&known).map_err(|error| error.to_string())
    }

    #[test]
    fn the_truth_is_taken_and_cut_to_k() {
        let truth = check(|_| ()).unwrap();
        assert_eq!((truth.k(), truth.n(), truth.len()), (3, 200, 20));
        assert_eq!(truth.ids(0).len(), 3);
    }

    #[test]
    fn the_order_in_the_file_does_not_matter_within_k() {
        assert_eq!(check(|rows| rows.swap(5, 7)), check(|_| ()));
    }

    #[test]
    fn what_is_not_true_is_refused_by_its_query() {
        type Spoil = fn(&mut Vec<u64>);
        let cases: [(Spoil, &str); 5] = [
            (
                |rows| rows[35] = 200,
                "query 7 has row 200 of a base of 200",
            ),
            (|rows| rows[35] = rows[36], "twice"),
            (
                |rows| rows.truncate(50),
                "has 10 queries, the experiment 20",
            ),
            (
                |rows| rows[36] = far(rows),
                "the 2nd nearest of query 7 has l2_squared",
            ),
            (
                |rows| rows.rotate_left(5),
                "is not true of this data: the 1st nearest of query",
            ),
        ];
        for (change, expected) in cases {
            let message = check(change).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }

    /// A row that is none of the neighbours of query 7.
    fn far(rows: &[u64]) -> u64 {
        (0..200).find(|row| !rows[35..40].contains(row)).unwrap()
    }

    #[test]
    fn places_are_counted_as_people_do() {
        let places = [0, 1, 2, 3, 10, 11, 12, 20, 100, 110].map(ordinal);
        let expected = [
            "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "101st", "111th",
        ];
        assert_eq!(places, expected);
    }
}
