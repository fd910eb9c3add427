//! Metrics and the order their scores have.

use std::{cmp::Ordering, fmt, str::FromStr};

/// What makes two vectors near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub enum Metric {
    /// Cosine similarity: larger is nearer. Vectors are L2-normalised before indexing, so that
    /// an inner-product index serves it.
    Cosine,
    /// Inner product of the vectors as they are: larger is nearer.
    InnerProduct,
    /// Squared Euclidean distance: smaller is nearer.
    L2,
}

impl Metric {
    /// Every metric, in the order they are documented.
    pub const ALL: [Self; 3] = [Self::Cosine, Self::InnerProduct, Self::L2];

    /// The name a user writes: `cosine`, `inner_product` or `l2`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cosine => "cosine",
            Self::InnerProduct => "inner_product",
            Self::L2 => "l2",
        }
    }

    /// What the scores are called: `cosine`, `inner_product` or `l2_squared`.
    pub fn score_name(self) -> &'static str {
        match self {
            Self::L2 => "l2_squared",
            similarity => similarity.name(),
        }
    }

    /// Whether larger scores are nearer (similarities descend, distances ascend).
    pub fn larger_is_nearer(self) -> bool {
        self != Self::L2
    }

    /// Orders two scores, the nearer one first; NaN comes last. The two zeros are equal: which of
    /// them a sum of products ends in says nothing about nearness.
    pub fn nearer_first(self, a: f64, b: f64) -> Ordering {
        let (left, right) = match self.larger_is_nearer() {
            true => (b, a),
            false => (a, b),
        };
        left.partial_cmp(&right)
            .unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
    }

    /// The score of two vectors, computed in f64 from their f32 components.
    ///
    /// Cosine divides by both norms; with a zero vector it is NaN, for a zero vector has no
    /// direction. This is the definition every other computation is checked against, not a
    /// fast path.
    ///
    /// # Panics
    /// If the vectors differ in length.
    pub fn score(self, a: &[f32], b: &[f32]) -> f64 {
        assert_eq!(a.len(), b.len(), "vectors of one dim");
        let pairs = || a.iter().zip(b).map(|(&a, &b)| (f64::from(a), f64::from(b)));
        match self {
            Self::InnerProduct => pairs().map(|(a, b)| a * b).sum(),
            Self::L2 => pairs().map(|(a, b)| (a - b) * (a - b)).sum(),
            Self::Cosine => {
                let (mut dot, mut a_squared, mut b_squared) = (0.0, 0.0, 0.0);
                for (a, b) in pairs() {
                    dot += a * b;
                    a_squared += a * a;
                    b_squared += b * b;
                }
                dot / (a_squared.sqrt() * b_squared.sqrt())
            }
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A metric's name that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown metric `{0}`; use cosine, inner_product or l2")]
pub struct UnknownMetric(pub String);

impl FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(name: &str) -> Result<Self, UnknownMetric> {
        Self::ALL
            .into_iter()
            .find(|metric| metric.name() == name)
            .ok_or_else(|| UnknownMetric(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearer_scores_come_first_and_nan_last() {
        for (metric, expected) in [
            (Metric::Cosine, [2.0, 1.0]),
            (Metric::InnerProduct, [2.0, 1.0]),
            (Metric::L2, [1.0, 2.0]),
        ] {
            let mut scores = [f64::NAN, 1.0, 2.0];
            scores.sort_by(|a, b| metric.nearer_first(*a, *b));
            assert_eq!(scores[..2], expected, "{metric}");
            assert!(scores[2].is_nan());
        }
    }

    #[test]
    fn the_two_zeros_are_equally_near() {
        for metric in Metric::ALL {
            assert_eq!(metric.nearer_first(0.0, -0.0), Ordering::Equal, "{metric}");
        }
    }

    #[test]
    fn scores_follow_their_definition() {
        let (a, b) = ([3.0, 4.0], [4.0, 3.0]);
        assert_eq!(Metric::InnerProduct.score(&a, &b), 24.0);
        assert_eq!(Metric::L2.score(&a, &b), 2.0);
        assert_eq!(Metric::Cosine.score(&a, &b), 24.0 / 25.0);
        assert!(Metric::Cosine.score(&a, &[0.0, 0.0]).is_nan());
    }

    #[test]
    fn names_round_trip() {
        for metric in Metric::ALL {
            assert_eq!(metric.name().parse(), Ok(metric));
        }
        assert!("euclid".parse::<Metric>().is_err());
    }
}
