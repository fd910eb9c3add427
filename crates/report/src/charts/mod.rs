//! What a run's charts show, before anything is drawn: a [`Chart`] is the same for the page, for
//! print and for papers.

mod alone;
pub(crate) mod axis;
mod costs;
mod curves;
mod height;
mod scatter;
mod shape;
mod sheet;
mod svg;

use annbench_store::results::{Estimate, Tier};

use axis::Axis;

use crate::{
    Run,
    numbers::{Quantity, alone},
};

pub use alone::PictureError;
pub(crate) use shape::{all_series, legend};

/// A chart: lines and marks between two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it is called in files and links: `recall-qps-single`.
    pub name: String,
    /// What it shows and where better values lie.
    pub title: String,
    pub(crate) x: Dimension,
    pub(crate) y: Dimension,
    pub(crate) lines: Vec<Line>,
}

/// What an axis stands for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dimension {
    pub(crate) title: String,
    pub(crate) extent: Extent,
    pub(crate) quantity: Quantity,
    /// Values to be named along it; empty for those that suit its range.
    pub(crate) named: Vec<f64>,
}

impl Dimension {
    /// The axis that holds `values`, from the first to the last of `px`.
    pub(crate) fn axis(&self, values: impl Iterator<Item = f64> + Clone, px: [f64; 2]) -> Axis {
        match self.extent {
            Extent::Share => Axis::share(values, px),
            Extent::Log => Axis::log(values, px),
        }
    }

    /// The values named along an axis, ascending, and what stands there.
    pub(crate) fn ticks(&self, axis: &Axis) -> Vec<(f64, String)> {
        let values = match self.named.is_empty() {
            true => axis.ticks(),
            false => self.named.clone(),
        };
        let text = |value: f64| match self.extent {
            Extent::Share => format!("{value:.2}"),
            Extent::Log => alone(self.quantity, value),
        };
        values
            .into_iter()
            .map(|value| (value, text(value)))
            .collect()
    }
}

/// How values are laid along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Shares, from a tick at or below the smallest to 1.
    Share,
    /// Equal factors are equally far.
    Log,
}

/// Marks that belong together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The number of its index type among those of the run, which gives it colour and shape.
    pub(crate) series: usize,
    pub(crate) marks: Vec<Mark>,
}

/// How marks that belong together are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Each by itself: the points of an index type.
    Points,
    /// A line through the points of a Pareto front, whose marks others have drawn.
    Front,
    /// Joined, from left to right.
    Curve,
}

/// A point on a chart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mark {
    pub(crate) x: Estimate,
    pub(crate) y: Estimate,
    pub(crate) tier: Option<Tier>,
    /// What is told of it.
    pub(crate) text: String,
}

impl Chart {
    /// The trade-offs: recall against speed under each main load and against latency, then what
    /// each index costs to build and to hold against its speed.
    pub fn trade_offs(run: &Run) -> Vec<Self> {
        [scatter::scatters(run), costs::costs(run)].concat()
    }

    /// How points bear growing load; none where none was measured.
    pub fn under_load(run: &Run) -> Vec<Self> {
        curves::curves(run)
    }

    /// Speed as the base grows; none where parts of it were not measured.
    pub fn scaling(run: &Run) -> Vec<Self> {
        curves::scaling(run)
    }

    /// All charts of a run, in the order of the page.
    pub fn all(run: &Run) -> Vec<Self> {
        [
            Self::trade_offs(run),
            Self::under_load(run),
            Self::scaling(run),
        ]
        .concat()
    }

    pub(crate) fn marks(&self) -> impl Iterator<Item = &Mark> + Clone {
        self.lines.iter().flat_map(|line| &line.marks)
    }
}

/// A value known exactly.
pub(crate) fn exactly(value: f64) -> Estimate {
    Estimate {
        value,
        low: value,
        high: value,
    }
}
