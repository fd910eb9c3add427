//! How far the f32 pass can be from the score, proven.
//!
//! Every score has a **key**: the score itself for similarities, its negative for `l2`, and
//! negative infinity for the NaN of a zero vector under cosine. A larger key is nearer. For each
//! pair this module gives an interval `[low, high]` that holds the key of the score *as
//! [`Metric::score`] computes it in f64*, from the f32 sum `v` of [`crate::kernel`]. A vector whose
//! `high` lies under the `k`-th largest `low` is therefore neither among the `k` nearest nor tied
//! with the last of them, and need not be scored.
//!
//! # Proof
//!
//! Write `u = 2^-24`, `w = 2^-53` (half the distance from 1 to the next f32, f64), `N` for
//! [`roundings`], and `gamma(N) = N u / (1 - N u)`, `gamma64(N)` likewise with `w`. Rounding to
//! nearest multiplies a result by `1 + delta`, `|delta| <= u`, unless it is subnormal; then an
//! error of at most `2^-150` is added. Sums and differences have no such absolute error, and a
//! product of at most `N` factors `1 + delta` is within `gamma(N)` of 1 (Higham, *Accuracy and
//! Stability of Numerical Algorithms*, 2nd ed., lemma 3.1). Zeros that fill up the last chunk add
//! nothing. An f32 overflow leaves a sum infinite or NaN until its end, and then the interval is
//! the whole line; so below, `v` is finite and nothing overflowed. An f64 neither overflows nor
//! goes subnormal on sums of products of two f32.
//!
//! - *Inner product*, `p = q.x`: each product passes at most `N` roundings, so
//!   `|v - p| <= gamma(N) sum |q_i x_i| + 2 d 2^-150 <= gamma(N) |q| |x| + d 2^-149`
//!   (Cauchy-Schwarz; the 2 covers the factors that the absolute errors themselves pass through).
//!   The score is within `gamma64(d) |q| |x|` of `p`.
//! - *Cosine*, `c = p / (|q| |x|)`: the same divided by the norms. The score's two norms and its
//!   quotient err by less than `gamma64(2 d + 8)`, relative, as do the norms used here; `|c| <= 1`.
//! - *Squared distance*, `s`: all terms are positive, so the relative error stays relative:
//!   `|v - s| <= gamma(N) s + d 2^-149`, hence `(v - d 2^-149) (1 - g) <= s <= (v + d 2^-149) (1 + g)`
//!   with `g = gamma(N) / (1 - gamma(N))`; and the score is within `gamma64(d + 3) s` of `s`.
//!
//! All of this is below `relative = 1.001 g + gamma64(16 d + 128)` and `absolute = d 2^-148`: the
//! thousandth covers the norms' own error where it meets `g`, and the surplus in both covers the
//! few f64 operations that evaluate the interval. Where `N u` reaches 1/4, above thirty million
//! components, `relative` is infinite, and every pair is scored.

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
fn gamma(roundings: usize, unit: f64) -> f64 {
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
