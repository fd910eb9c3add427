//! The vectors as the int8 pass sees them: of one size, around their centre.

use annbench_vectors::{MatrixView, Metric};

use crate::{Component, norms::norm_of};

/// Rows whose mean is taken as the mean of all.
const SAMPLE: usize = 4096;

/// What turns a vector into the one that is quantised: a factor, then a shift.
#[derive(Debug, Clone)]
pub(crate) struct Center {
    metric: Metric,
    /// A power of two: the longest base vector times this is shorter than 1. Unused by cosine,
    /// which divides by each norm.
    pub(crate) factor: f64,
    /// In scaled units; `dim` components, together shorter than 1 or about so.
    pub(crate) mean: Vec<f64>,
}

impl Center {
    /// The centre of a base whose longest norm, unless the metric is cosine, is known.
    pub(crate) fn of<T: Component>(base: MatrixView<'_, T>, metric: Metric, longest: f64) -> Self {
        let mut center = Self {
            metric,
            factor: power_of_two_below(longest),
            mean: vec![0.0; base.dim()],
        };
        let every = base.n().div_ceil(SAMPLE).max(1);
        let rows = || (0..base.n()).step_by(every);
        let share = 1.0 / rows().count().max(1) as f64;
        for row in rows() {
            let factor = center.factor_of(norm_of(base.row(row))) * share;
            for (mean, value) in center.mean.iter_mut().zip(base.row(row)) {
                *mean += f64::from(value.to_f32()) * factor;
            }
        }
        center
    }

    /// Rounds the mean to values of bytes, so that differences from it are integers.
    pub(crate) fn round_to_bytes(&mut self, first: f64) -> Vec<i16> {
        let mut zeros = Vec::with_capacity(self.mean.len());
        for mean in &mut self.mean {
            let value = (*mean / self.factor).round();
            *mean = value * self.factor;
            zeros.push((value - first) as i16);
        }
        zeros
    }

    /// The factor of a base vector with that norm, 0 if it has no direction.
    pub(crate) fn factor_of(&self, norm: f64) -> f64 {
        match self.metric {
            Metric::Cosine if norm > 0.0 => norm.recip(),
            Metric::Cosine => 0.0,
            Metric::InnerProduct | Metric::L2 => self.factor,
        }
    }

    /// The factor of a query: similarities do not depend on its length. `None` if it has no
    /// direction where it needs one.
    pub(crate) fn query_factor(&self, norm: f64) -> Option<f64> {
        match self.metric {
            Metric::L2 => Some(self.factor),
            Metric::Cosine | Metric::InnerProduct => (norm > 0.0).then(|| norm.recip()),
        }
    }

    /// The vector times its factor, less the mean, each component rounded once.
    pub(crate) fn shifted<T: Component>(&self, vector: &[T], factor: f64, out: &mut [f32]) {
        for ((out, value), mean) in out.iter_mut().zip(vector).zip(&self.mean) {
            *out = (f64::from(value.to_f32()) * factor - mean) as f32;
        }
    }

    pub(crate) fn metric(&self) -> Metric {
        self.metric
    }
}

/// A power of two that makes `norm` less than 1 and, unless it is 0, at least 1/4.
fn power_of_two_below(norm: f64) -> f64 {
    // The norm of f32 components lies far inside the range of f64: neither log nor power ends.
    match norm > 0.0 {
        true => (-norm.log2().floor() - 1.0).exp2(),
        false => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_bring_every_norm_under_one() {
        for norm in [1e-45, 0.5, 0.75, 1.0, 1.5, 4.0, 3e38, 1e41] {
            let power = power_of_two_below(norm);
            assert!((0.25..1.0).contains(&(norm * power)), "{norm}");
            assert_eq!(power.log2().fract(), 0.0, "{norm}");
        }
        assert_eq!(power_of_two_below(0.0), 1.0);
    }
}
