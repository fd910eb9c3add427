//! From values to places on a chart.

/// A range of values laid along a line of pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis {
    kind: Kind,
    low: f64,
    high: f64,
    first_px: f64,
    last_px: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// With the step between ticks.
    Linear(f64),
    Log,
}

/// Steps between ticks of a share, from fine to coarse.
const STEPS: [f64; 5] = [0.01, 0.02, 0.05, 0.1, 0.2];

/// More ticks than this crowd an axis.
const MOST_TICKS: usize = 7;

impl Axis {
    /// An axis of shares from a tick at or below the smallest of `values` to 1.
    pub(crate) fn share(values: impl Iterator<Item = f64>, px: [f64; 2]) -> Self {
        let smallest = values.fold(1.0, f64::min).max(0.0);
        let step = share_step(smallest);
        // A value a rounding error below a tick belongs to that tick.
        let low = ((smallest / step + 1e-9).floor() * step).min(1.0 - step);
        Self::new(Kind::Linear(step), [low, 1.0], px)
    }

    /// A logarithmic axis that holds all positive `values` with some room at the ends.
    pub(crate) fn log(values: impl Iterator<Item = f64> + Clone, px: [f64; 2]) -> Self {
        let positive = values.filter(|value| value.is_finite() && *value > 0.0);
        let low = positive.clone().fold(f64::INFINITY, f64::min);
        let high = positive.fold(0.0, f64::max);
        match low <= high {
            true => Self::new(Kind::Log, [low / 1.4, high * 1.4], px),
            false => Self::new(Kind::Log, [1.0, 10.0], px),
        }
    }

    /// An axis that holds all finite `values`, from a tick at or below the smallest to one at or above
    /// the largest.
    pub(crate) fn linear(values: impl Iterator<Item = f64> + Clone, px: [f64; 2]) -> Self {
        let finite = values.filter(|value| value.is_finite());
        let low = finite.clone().fold(f64::INFINITY, f64::min);
        let high = finite.fold(f64::NEG_INFINITY, f64::max);
        let step = plain_step(high - low);
        let ends = [(low / step).floor() * step, (high / step).ceil() * step];
        match ends[0] < ends[1] && (ends[1] - ends[0]).is_finite() {
            true => Self::new(Kind::Linear(step), ends, px),
            false if low == high => Self::new(Kind::Linear(1.0), [low - 1.0, low + 1.0], px),
            false => Self::new(Kind::Linear(0.5), [0.0, 1.0], px),
        }
    }

    fn new(kind: Kind, [low, high]: [f64; 2], [first_px, last_px]: [f64; 2]) -> Self {
        Self {
            kind,
            low,
            high,
            first_px,
            last_px,
        }
    }

    /// Where `value` lies, in pixels; never beyond the ends.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let share = match self.kind {
            Kind::Linear(_) => (value - self.low) / (self.high - self.low),
            Kind::Log => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        let share = if share.is_nan() {
            0.0
        } else {
            share.clamp(0.0, 1.0)
        };
        self.first_px + share * (self.last_px - self.first_px)
    }

    /// Values to be named along the axis, ascending.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        match self.kind {
            Kind::Linear(step) => self.linear_ticks(step),
            Kind::Log => self.log_ticks(),
        }
    }

    fn linear_ticks(&self, step: f64) -> Vec<f64> {
        let steps = ((self.high - self.low) / step).round() as usize;
        (0..=steps).map(|at| self.low + at as f64 * step).collect()
    }

    /// 1, 2 and 5 times powers of ten; the powers alone where those are too many, more where they
    /// are too few to tell a scale.
    fn log_ticks(&self) -> Vec<f64> {
        let decades = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
        let ticks = |factors: &[f64]| -> Vec<f64> {
            let powers = decades.clone().map(|decade| 10_f64.powi(decade));
            let all = powers.flat_map(|power| factors.iter().map(move |factor| factor * power));
            all.filter(|tick| (self.low..=self.high).contains(tick))
                .collect()
        };
        let fine = ticks(&[1.0, 2.0, 5.0]);
        match fine.len() {
            0 | 1 => ticks(&[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]),
            2..=MOST_TICKS => fine,
            _ => ticks(&[1.0]),
        }
    }
}

/// The finest step that does not crowd an axis from `low` to 1.
fn share_step(low: f64) -> f64 {
    let fits = |step: &f64| (1.0 - low) / step < MOST_TICKS as f64 - 0.5;
    STEPS.into_iter().find(fits).unwrap_or(0.2)
}

/// The finest of 1, 2 and 5 times powers of ten that does not crowd an axis of this width.
fn plain_step(width: f64) -> f64 {
    let least = width / (MOST_TICKS as f64 - 1.0);
    if !least.is_finite() || least < f64::MIN_POSITIVE * 10.0 {
        return 1.0;
    }
    let power = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|factor| factor * power);
    let fits = steps.into_iter().find(|step| *step >= least);
    fits.unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_share(smallest: f64, expected: &[&str]) {
        let axis = Axis::share([smallest, 0.999].into_iter(), [0.0, 100.0]);
        let ticks: Vec<String> = axis.ticks().iter().map(|t| format!("{t:.2}")).collect();
        assert_eq!(ticks, expected, "{smallest}");
        assert_eq!(axis.place(1.0), 100.0);
    }

    #[test]
    fn shares_end_at_one_and_begin_at_a_tick() {
        check_share(0.953, &["0.95", "0.96", "0.97", "0.98", "0.99", "1.00"]);
        check_share(0.87, &["0.85", "0.90", "0.95", "1.00"]);
        check_share(0.0, &["0.00", "0.20", "0.40", "0.60", "0.80", "1.00"]);
        check_share(1.0, &["0.99", "1.00"]);
        for thousandths in 0..1_000 {
            let smallest = f64::from(thousandths) / 1_000.0;
            let axis = Axis::share([smallest].into_iter(), [0.0, 100.0]);
            let ticks = axis.ticks();
            assert!(ticks[0] <= smallest + 1e-9, "{smallest}");
            assert!((ticks[ticks.len() - 1] - 1.0).abs() < 1e-9, "{smallest}");
            assert!(ticks.len() <= MOST_TICKS + 1, "{smallest}");
        }
    }

    #[test]
    fn equal_factors_are_equally_far_on_a_logarithmic_axis() {
        let axis = Axis::log([10.0, 1_000.0].into_iter(), [300.0, 0.0]);
        let steps = [10.0, 100.0, 1_000.0].map(|value| axis.place(value));
        assert!(
            (steps[0] - 2.0 * steps[1] + steps[2]).abs() < 1e-9,
            "{steps:?}"
        );
        assert!(steps[0] > steps[2]);
        assert_eq!(
            axis.ticks(),
            [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0]
        );
    }

    #[test]
    fn a_short_axis_is_named_too() {
        for thousandths in 1_000..10_000 {
            let value = f64::from(thousandths) / 1_000.0;
            let axis = Axis::log([value].into_iter(), [0.0, 10.0]);
            assert!((1..=MOST_TICKS).contains(&axis.ticks().len()), "{value}");
        }
    }

    #[test]
    fn a_plain_axis_holds_its_values_between_round_ticks() {
        for (values, ends) in [
            ([-0.31, 0.52], [-0.4, 0.6]),
            ([1.0, 10.0], [0.0, 10.0]),
            ([-3e4, 9e5], [-2e5, 1e6]),
        ] {
            let axis = Axis::linear(values.into_iter(), [0.0, 1.0]);
            let ticks = axis.ticks();
            assert!((4..=MOST_TICKS + 1).contains(&ticks.len()), "{ticks:?}");
            for (found, expected) in [(ticks[0], ends[0]), (ticks[ticks.len() - 1], ends[1])] {
                assert!(
                    (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
                    "{ticks:?}"
                );
            }
        }
    }

    #[test]
    fn every_place_is_on_the_axis_whatever_the_values() {
        for values in [
            vec![],
            vec![f64::NAN],
            vec![0.0],
            vec![5.0],
            vec![1e-300, 1e300],
        ] {
            for axis in [
                Axis::log(values.iter().copied(), [0.0, 10.0]),
                Axis::linear(values.iter().copied(), [0.0, 10.0]),
                Axis::share(values.iter().copied(), [0.0, 10.0]),
            ] {
                for value in [f64::NAN, f64::INFINITY, -1.0, 0.0, 0.5, 7.0] {
                    assert!(
                        (0.0..=10.0).contains(&axis.place(value)),
                        "{values:?} {value}"
                    );
                }
                assert!(axis.ticks().len() < 700, "{values:?}");
            }
        }
    }
}
