//! How far the f32 pass can be from the score.
//!
//! For each pair this module gives an interval that holds the key of its score, from the f32 sum
//! of [`crate::kernel`].
//!
//! The crate's own documentation proves it; here `sum` is its `v`, [`roundings`] its `N`.

use annbench_vectors::Metric;

use crate::kernel::{Product, SquaredDifference, Term, roundings};

/// An interval that holds the key of a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Bounds {
    const UNKNOWN: Self = Self {
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
    };
}

/// A metric as the f32 pass sees it.
pub(crate) trait Measure: Copy + Send + Sync {
    /// What the pass sums.
    type Term: Term;

    /// The interval around the key of a pair whose f32 sum is `sum`; for the weights see
    /// [`weight`].
    fn bounds(self, sum: f32, query_weight: f64, weight: f64) -> Bounds;
}

/// The two constants of a bound.
#[derive(Debug, Clone, Copy)]
struct Errors {
    relative: f64,
    absolute: f64,
}

impl Errors {
    fn new<T: Term>(dim: usize) -> Self {
        let single = gamma(roundings::<T>(dim), f64::from(f32::EPSILON) / 2.0);
        let double = gamma(16 * dim + 128, f64::EPSILON / 2.0);
        Self {
            relative: 1.001 * (single / (1.0 - single)) + double,
            absolute: dim as f64 * 2f64.powi(-148),
        }
    }
}

/// `N u / (1 - N u)`, infinite from `N u = 1/4` on.
pub(crate) fn gamma(roundings: usize, unit: f64) -> f64 {
    match roundings as f64 * unit {
        share if share < 0.25 => share / (1.0 - share),
        _ => f64::INFINITY,
    }
}

/// The interval of `estimate` and an error, if both are numbers.
#[inline(always)]
fn around(sum: f32, estimate: f64, error: f64) -> Bounds {
    if sum.is_finite() && error.is_finite() {
        Bounds {
            low: estimate - error,
            high: estimate + error,
        }
    } else {
        Bounds::UNKNOWN
    }
}

/// What a bound needs to know of a vector of Euclidean length `norm`: the norm for inner products,
/// its inverse for cosine, nothing for squared distances.
pub(crate) fn weight(metric: Metric, norm: f64) -> f64 {
    match metric {
        Metric::InnerProduct => norm,
        Metric::Cosine => norm.recip(),
        Metric::L2 => 0.0,
    }
}

/// [`Metric::InnerProduct`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct InnerProduct(Errors);

/// [`Metric::Cosine`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cosine(Errors);

/// [`Metric::L2`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct L2(Errors);

impl InnerProduct {
    pub(crate) fn new(dim: usize) -> Self {
        Self(Errors::new::<Product>(dim))
    }
}

impl Cosine {
    pub(crate) fn new(dim: usize) -> Self {
        Self(Errors::new::<Product>(dim))
    }
}

impl L2 {
    pub(crate) fn new(dim: usize) -> Self {
        Self(Errors::new::<SquaredDifference>(dim))
    }
}

impl Measure for InnerProduct {
    type Term = Product;

    #[inline(always)]
    fn bounds(self, sum: f32, query_norm: f64, norm: f64) -> Bounds {
        let error = self.0.relative * query_norm * norm + self.0.absolute;
        around(sum, f64::from(sum), error)
    }
}

impl Measure for Cosine {
    type Term = Product;

    // The weight of a zero vector is infinite, and so is the error: its NaN is found by scoring it.
    #[inline(always)]
    fn bounds(self, sum: f32, query_inverse: f64, inverse: f64) -> Bounds {
        let scale = query_inverse * inverse;
        let error = self.0.relative + self.0.absolute * scale;
        around(sum, f64::from(sum) * scale, error)
    }
}

impl Measure for L2 {
    type Term = SquaredDifference;

    #[inline(always)]
    fn bounds(self, sum: f32, _: f64, _: f64) -> Bounds {
        let estimate = f64::from(sum);
        let error = self.0.relative * estimate + 2.0 * self.0.absolute;
        around(sum, -estimate, error)
    }
}

/// The key of a score: larger is nearer, NaN last.
pub(crate) fn key_of_score(metric: Metric, score: f64) -> f64 {
    match score {
        score if score.is_nan() => f64::NEG_INFINITY,
        score if metric.larger_is_nearer() => score,
        score => -score,
    }
}

/// The score of a key; finite vectors have finite scores, so that only NaN's key is infinite.
pub(crate) fn score_of_key(metric: Metric, key: f64) -> f64 {
    match key {
        f64::NEG_INFINITY => f64::NAN,
        key if metric.larger_is_nearer() => key,
        key => -key,
    }
}
