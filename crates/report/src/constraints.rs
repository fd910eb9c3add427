//! What a point has to keep to, and how far it does.

use std::fmt;

use annbench_store::results::PointRow;
use serde::Serialize;

use crate::{
    Run,
    numbers::{Quantity, alone, share},
    verdict::target_text,
};

/// What a point has to keep to.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Constraints {
    /// recall@k that the lower end of its interval is to reach.
    pub recall: f64,
    /// Most that the 99th percentile of its latency may be, in microseconds.
    pub p99_us: Option<f64>,
    /// Most resident memory that its index may take, in bytes.
    pub memory_bytes: Option<f64>,
    /// Most time that its index may take to build, in seconds.
    pub build_s: Option<f64>,
}

/// One of the [`Constraints`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Constraint {
    /// The lower end of the interval of recall@k.
    Recall,
    /// The 99th percentile of the latency, in microseconds.
    P99Us,
    /// Resident memory of the index, in bytes.
    MemoryBytes,
    /// Time of the build, in seconds.
    BuildS,
}

impl Constraints {
    /// A recall and nothing else.
    pub fn recall(recall: f64) -> Self {
        Self {
            recall,
            ..Self::default()
        }
    }

    /// Those that are asked for, each with its limit.
    pub fn asked(&self) -> Vec<(Constraint, f64)> {
        let asked = [
            (Constraint::Recall, Some(self.recall)),
            (Constraint::P99Us, self.p99_us),
            (Constraint::MemoryBytes, self.memory_bytes),
            (Constraint::BuildS, self.build_s),
        ];
        let limits = asked.into_iter().map(|(kind, limit)| Some((kind, limit?)));
        limits.flatten().collect()
    }

    /// The same without one of them: no recall is too low, nothing else is asked for.
    pub fn without(&self, constraint: Constraint) -> Self {
        let mut rest = *self;
        match constraint {
            Constraint::Recall => rest.recall = 0.0,
            Constraint::P99Us => rest.p99_us = None,
            Constraint::MemoryBytes => rest.memory_bytes = None,
            Constraint::BuildS => rest.build_s = None,
        }
        rest
    }

    /// The same with one of them at another limit.
    pub fn with(&self, constraint: Constraint, limit: f64) -> Self {
        let mut changed = *self;
        match constraint {
            Constraint::Recall => changed.recall = limit,
            Constraint::P99Us => changed.p99_us = Some(limit),
            Constraint::MemoryBytes => changed.memory_bytes = Some(limit),
            Constraint::BuildS => changed.build_s = Some(limit),
        }
        changed
    }

    /// Whether a point keeps to all of them. One whose figure is not known keeps to none about it.
    pub fn are_met(&self, run: &Run, point: &PointRow) -> bool {
        let asked = self.asked();
        let mut kept = asked
            .iter()
            .map(|(kind, limit)| kind.is_met(run, point, *limit));
        kept.all(|is_met| is_met)
    }
}

impl Constraint {
    /// The figure of a point that it limits; none if that was not measured.
    ///
    /// An index that is exact by construction, and was measured as such, is sure of every recall:
    /// its interval is wide only because few queries were asked.
    pub fn of(self, run: &Run, point: &PointRow) -> Option<f64> {
        let build = run.build_of(point);
        match self {
            Self::Recall => {
                let recall = point.recall?;
                let is_exact = build.is_some_and(|build| build.is_exact);
                Some(if is_exact && recall.value >= 1.0 {
                    1.0
                } else {
                    recall.low
                })
            }
            Self::P99Us => point.latency_us?.p99,
            Self::MemoryBytes => Some(build?.memory.rss_bytes? as f64),
            Self::BuildS => Some(build?.build_s()),
        }
    }

    /// Whether a point keeps to it.
    pub fn is_met(self, run: &Run, point: &PointRow, limit: f64) -> bool {
        let figure = self.of(run, point);
        figure.is_some_and(|figure| match self {
            Self::Recall => figure >= limit,
            _ => figure <= limit,
        })
    }

    /// How far a figure is from its limit, whichever side is the better one: 0 on it, larger is
    /// better.
    pub(crate) fn leeway(self, figure: f64, limit: f64) -> f64 {
        match self {
            Self::Recall => figure - limit,
            _ => limit - figure,
        }
    }

    /// A figure with its unit, as people write it.
    pub(crate) fn write(self, figure: f64) -> String {
        match self {
            Self::Recall => share(figure),
            Self::P99Us => alone(Quantity::Micros, figure),
            Self::MemoryBytes => alone(Quantity::Bytes, figure),
            Self::BuildS => alone(Quantity::Seconds, figure),
        }
    }

    /// The nearest limit with few digits that a figure keeps to, and the argument that asks for it:
    /// `--p99 12.1ms`.
    pub(crate) fn argument(self, figure: f64) -> (f64, String) {
        let (flag, units): (&str, &[(&str, f64)]) = match self {
            Self::Recall => {
                let limit = (figure * 1e3).floor() / 1e3;
                return (limit, format!("--recall {limit}"));
            }
            Self::P99Us => ("--p99", &[("us", 1.0), ("ms", 1e3), ("s", 1e6)]),
            Self::MemoryBytes => ("--memory", &[("kB", 1e3), ("MB", 1e6), ("GB", 1e9)]),
            Self::BuildS => ("--build", &[("ms", 1e-3), ("s", 1.0)]),
        };
        let (limit, text) = rounded_up(figure, units);
        (limit, format!("{flag} {text}"))
    }

    /// By what factor a figure misses its limit, as a logarithm; recall by what is missed of it.
    pub(crate) fn overrun(self, figure: f64, limit: f64) -> f64 {
        const LEAST: f64 = 1e-3;
        match self {
            Self::Recall => ((1.0 - figure + LEAST) / (1.0 - limit + LEAST)).ln(),
            _ => (figure.max(LEAST) / limit.max(LEAST)).ln(),
        }
    }

    /// The constraint in words: `p99 <= 2,000 µs`.
    pub(crate) fn in_words(self, limit: f64) -> String {
        match self {
            Self::Recall => format!("recall >= {}", target_text(limit)),
            _ => format!("{self} <= {}", self.write(limit)),
        }
    }
}

/// Three digits that count, in the largest unit that leaves at least 1, never less than `value`.
fn rounded_up(value: f64, units: &[(&str, f64)]) -> (f64, String) {
    let fits = |(_, size): &&(&str, f64)| value >= *size;
    let chosen = units.iter().rfind(fits).or(units.first());
    let (unit, size) = chosen.copied().unwrap_or(("", 1.0));
    let in_unit = value / size;
    let decimals = match in_unit {
        0.0..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    let scale = 10f64.powi(decimals);
    let rounded = (in_unit * scale).ceil() / scale;
    (rounded * size, format!("{rounded}{unit}"))
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Recall => "recall",
            Self::P99Us => "p99",
            Self::MemoryBytes => "memory",
            Self::BuildS => "build time",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, SINGLE};

    #[test]
    fn a_constraint_is_met_on_its_limit_and_not_beyond() {
        let run = fixture::run();
        let point = run.measured(SINGLE).find(|point| point.point == 5).unwrap();
        for kind in [
            Constraint::Recall,
            Constraint::P99Us,
            Constraint::MemoryBytes,
            Constraint::BuildS,
        ] {
            let figure = kind.of(&run, point).unwrap();
            let worse = if kind == Constraint::Recall {
                1.01
            } else {
                0.99
            };
            assert!(kind.is_met(&run, point, figure), "{kind}");
            assert!(!kind.is_met(&run, point, figure * worse), "{kind}");
        }
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        let run = fixture::run();
        let flat = run.measured(SINGLE).find(|point| point.point == 0).unwrap();
        assert_eq!(Constraint::P99Us.of(&run, flat), None, "withheld");
        assert!(!Constraint::P99Us.is_met(&run, flat, 1e12));
        assert_eq!(Constraint::Recall.of(&run, flat), Some(1.0), "exact");
    }

    #[test]
    fn a_loosened_limit_is_written_with_few_digits_and_still_kept() {
        for (kind, figure, expected) in [
            (Constraint::Recall, 0.5277, "--recall 0.527"),
            (Constraint::Recall, 1.0, "--recall 1"),
            (Constraint::P99Us, 12_034.2, "--p99 12.1ms"),
            (Constraint::P99Us, 87.0, "--p99 87us"),
            (Constraint::MemoryBytes, 34_860_000.0, "--memory 34.9MB"),
            (Constraint::MemoryBytes, 733.0, "--memory 0.74kB"),
            (Constraint::BuildS, 13.57, "--build 13.6s"),
            (Constraint::BuildS, 0.0302, "--build 30.2ms"),
            (Constraint::BuildS, 0.0, "--build 0ms"),
        ] {
            let (limit, argument) = kind.argument(figure);
            assert_eq!(argument, expected);
            assert!(kind.leeway(figure, limit) >= -1e-9, "{argument}");
        }
    }

    #[test]
    fn constraints_are_named_with_their_units() {
        for (kind, limit, expected) in [
            (Constraint::Recall, 0.95, "recall >= 0.95"),
            (Constraint::P99Us, 2_000.0, "p99 <= 2,000 µs"),
            (Constraint::MemoryBytes, 5e8, "memory <= 500 MB"),
            (Constraint::BuildS, 60.0, "build time <= 60 s"),
        ] {
            assert_eq!(kind.in_words(limit), expected);
        }
    }
}
