//! From an integer sum to an interval that holds the key of a pair.

use annbench_vectors::Metric;

use super::{ROWS, center::Center, quantize::Quantized};
use crate::bound::{Bounds, gamma};

/// More than the relative error of every f32 expression here: 8 roundings of `2^-24`.
const ROUNDED: f64 = 1.0 / (1 << 20) as f64;

/// Added to every error, so that what f32 loses below its range is covered too.
const LOST: f64 = f64::from_bits((1023 - 120) << 52);

/// What is known of the rows of a block beside their codes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    /// What a code of 1 stands for.
    pub(super) scale: [f32; ROWS],
    /// At least the distance of a row to what its codes stand for.
    pub(super) error: [f32; ROWS],
    /// At least the norm of a row.
    pub(super) norm: [f32; ROWS],
    /// At least what is added to the product for its rank: under [`Metric::L2`] minus half the
    /// square of the norm, else 0.
    pub(super) bias: [f32; ROWS],
}

impl Facts {
    /// Rows of which nothing is known: all are candidates.
    pub(crate) const UNKNOWN: Self = Self {
        scale: [0.0; ROWS],
        error: [f32::INFINITY; ROWS],
        norm: [0.0; ROWS],
        bias: [0.0; ROWS],
    };

    /// Sets what is known of a row that was quantised after [`Center::shifted`].
    pub(crate) fn set(&mut self, at: usize, row: Quantized, metric: Metric) {
        let rounding = shift_error(row.norm);
        let (least, most) = ((row.norm - rounding).max(0.0), row.norm + rounding);
        self.scale[at] = row.scale;
        self.error[at] = up(row.error + rounding);
        self.norm[at] = up(most * (1.0 + ROUNDED));
        self.bias[at] = match metric {
            Metric::L2 => (-0.5 * least * least * (1.0 - 4.0 * ROUNDED)) as f32,
            Metric::InnerProduct | Metric::Cosine => 0.0,
        };
    }
}

/// At least the distance of a shifted vector of that norm to the one that exact arithmetic gives.
pub(crate) fn shift_error(norm: f64) -> f64 {
    // One rounding to f32, a dozen to f64 of values that are 3 at most, and the norm that
    // cosine divides by, whose error `gamma64(d + 8)` is below 2^-35 for the dims in question.
    2f64.powi(-23) * norm + 2f64.powi(-34) + LOST
}

fn up(value: f64) -> f32 {
    (value as f32).next_up()
}

/// What a row must reach to be a candidate. Its upper bound is
/// `scale * sum + alpha * error + beta * norm + gamma * bias`, in the order of [`Facts`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Threshold {
    pub(super) alpha: f32,
    pub(super) beta: f32,
    pub(super) gamma: f32,
    /// Rows whose upper bound is less cannot be among the nearest.
    pub(super) least: f32,
}

impl Threshold {
    /// No row of known bounds reaches it.
    pub(crate) const UNREACHABLE: Self = Self {
        alpha: 1.0,
        beta: 1.0,
        gamma: 1.0,
        least: f32::MAX,
    };
}

/// What a query makes of a sum.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    threshold: Threshold,
    /// What a product of one code of the query and a base vector of unit scale stands for.
    unit: f64,
    /// A key is `key_scale * (rank + key_offset)`.
    key_scale: f64,
    key_offset: f64,
    /// What a rank loses by the square of a base vector's norm.
    square_share: f64,
    /// At least what f64 arithmetic changes of a rank, in the score as here.
    slack: f64,
}

/// A query, quantised.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct QueryFacts {
    pub(crate) quantized: Quantized,
    /// Norm of the codes.
    pub(crate) codes_norm: f64,
    /// Square of the norm, from f64 components.
    pub(crate) norm_squared: f64,
    /// Inner product with the mean, from f64 components.
    pub(crate) with_mean: f64,
    /// Norm of the query as the user gave it.
    pub(crate) given_norm: f64,
}

impl Gate {
    /// Of a query that no row is wanted for whose key is below `floor`.
    pub(crate) fn new(query: &QueryFacts, center: &Center, floor: f64) -> Self {
        let unit = f64::from(query.quantized.scale);
        let norm = query.norm_squared.sqrt();
        let error = query.quantized.error + shift_error(norm);
        let alpha = query.codes_norm * (1.0 + ROUNDED);
        let (key_scale, key_offset, square_share) = match center.metric() {
            Metric::Cosine => (1.0, query.with_mean, 0.0),
            Metric::InnerProduct => (query.given_norm / center.factor, query.with_mean, 0.0),
            Metric::L2 => (
                2.0 / (center.factor * center.factor),
                -0.5 * query.norm_squared,
                0.5,
            ),
        };
        let double = gamma(32 * center.mean.len() + 512, f64::EPSILON / 2.0);
        let mut gate = Self {
            threshold: Threshold {
                alpha: up(alpha),
                beta: up((error / unit + alpha * ROUNDED) * (1.0 + ROUNDED)),
                gamma: (1.0 / unit) as f32,
                least: f32::NEG_INFINITY,
            },
            unit,
            key_scale,
            key_offset,
            square_share,
            slack: double * (norm + 3.0) * (norm + 3.0),
        };
        gate.raise(floor);
        gate
    }

    /// What a row must reach.
    #[inline]
    pub(crate) fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// The interval that holds the key of a row of the block.
    pub(crate) fn bounds(&self, sum: i32, facts: &Facts, at: usize) -> Bounds {
        let (norm, bias) = (f64::from(facts.norm[at]), f64::from(facts.bias[at]));
        let estimate = f64::from(facts.scale[at]) * f64::from(sum);
        let error = f64::from(self.threshold.alpha) * f64::from(facts.error[at])
            + f64::from(self.threshold.beta) * norm;
        let least_bias = -self.square_share * norm * norm;
        Bounds {
            low: self.key(self.unit * (estimate - error) + least_bias - self.slack),
            high: self.key(self.unit * (estimate + error) + bias + self.slack),
        }
    }

    fn key(&self, rank: f64) -> f64 {
        self.key_scale * (rank + self.key_offset)
    }

    /// No row whose key is below `floor` is wanted.
    pub(crate) fn raise(&mut self, floor: f64) {
        let offset = self.key_offset + 2.0 * self.slack;
        let rank = floor / self.key_scale;
        let rank = rank - rank.abs() * f64::EPSILON * 4.0 - offset;
        self.threshold.least = ((rank / self.unit) as f32).next_down();
    }
}
