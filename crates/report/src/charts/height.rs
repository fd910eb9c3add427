//! What stands on the y axis of a chart.

use annbench_store::results::{Estimate, PointRow};

use super::{Dimension, Extent, exactly};
use crate::numbers::{Quantity, alone};

/// A figure of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Height {
    Qps,
    P99,
    P50,
}

impl Height {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Qps => "queries a second",
            Self::P99 => "p99 latency, µs",
            Self::P50 => "p50 latency, µs",
        }
    }

    /// Where better values lie.
    pub(super) fn better(self) -> &'static str {
        match self {
            Self::Qps => "up",
            Self::P99 | Self::P50 => "down",
        }
    }

    /// The figure; none where it was not measured or has no place on a logarithmic axis.
    pub(super) fn of(self, row: &PointRow) -> Option<Estimate> {
        let found = match self {
            Self::Qps => row.qps,
            Self::P99 => row.latency_us?.p99.map(exactly),
            Self::P50 => row.latency_us.map(|latency| exactly(latency.p50)),
        };
        found.filter(|found| found.value > 0.0)
    }

    /// The same height turned so that more is better.
    pub(super) fn goodness(self, height: f64) -> f64 {
        match self {
            Self::Qps => height,
            Self::P99 | Self::P50 => -height,
        }
    }

    /// A word for files.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Qps => "qps",
            Self::P99 => "p99",
            Self::P50 => "p50",
        }
    }

    /// The y axis.
    pub(super) fn dimension(self) -> Dimension {
        Dimension {
            title: self.title().to_owned(),
            extent: Extent::Log,
            quantity: Quantity::PerSecond,
            named: Vec::new(),
        }
    }

    pub(super) fn text(self, height: f64) -> String {
        match self {
            Self::Qps => format!("{} qps", alone(Quantity::PerSecond, height)),
            Self::P99 => format!("p99 {}", alone(Quantity::Micros, height)),
            Self::P50 => format!("p50 {}", alone(Quantity::Micros, height)),
        }
    }
}
