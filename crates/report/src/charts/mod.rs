//! What a run's charts show, before anything is drawn: a [`Chart`] is the same for the page, for
//! print and for papers.

mod alone;
pub(crate) mod axis;
mod costs;
mod curves;
mod height;
mod latency;
mod map;
mod scatter;
mod shape;
mod sheet;
mod svg;
mod tenths;

use annbench_store::results::{Estimate, Mode, PointRow, Tier};

use axis::Axis;

use crate::{
    Run,
    numbers::{Quantity, alone},
    run::point_name,
};

pub use alone::PictureError;
pub(crate) use scatter::fewer_answers;
pub(crate) use shape::legend;
use shape::{all_series, series_of};

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
    pub(crate) choice: Choice,
}

/// What a reader chooses between charts by; none where a chart is no matter of choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// How queries were offered.
    pub(crate) mode: Option<Mode>,
    /// Answers whose recall is shown.
    pub(crate) k: Option<usize>,
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
            Extent::Log | Extent::Tail => Axis::log(values, px),
            Extent::Plain => Axis::linear(values, px),
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
            Extent::Tail => percentile_text(value),
            Extent::Plain => format!("{}", (value * 1e6).round() / 1e6),
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
    /// Percentiles p as 1 / (1 - p), on a logarithmic axis: each factor of ten leaves a tenth of the
    /// rest beyond it.
    Tail,
    /// As they are.
    Plain,
}

/// The percentile that stands at a place of [`Extent::Tail`]: `99.9 %`.
fn percentile_text(place: f64) -> String {
    let decimals = (place.log10() - 2.0).round().max(0.0) as usize;
    format!("{:.decimals$} %", 100.0 * (1.0 - 1.0 / place))
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
    /// Each by itself, as dots without a text: too many to be read one by one.
    Cloud,
    /// Each by itself, small and hollow: marks upon a cloud that is to be seen through them.
    Rings,
}

impl Line {
    /// An operating point as a line, called by its name and in the colour of its index type.
    fn of_point(run: &Run, row: &PointRow, marks: Vec<Mark>) -> Self {
        Self {
            name: point_name(row),
            kind: Kind::Curve,
            series: series_of(run, &row.backend),
            marks,
        }
    }
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

    /// The trade-offs again with recall of the first few answers, for each depth that was counted.
    pub(crate) fn of_fewer_answers(run: &Run) -> Vec<Self> {
        scatter::of_fewer_answers(run)
    }

    /// How latencies are spread, where the run kept their distributions.
    pub fn latencies(run: &Run) -> Vec<Self> {
        latency::latencies(run)
    }

    /// Recall by the difficulty of queries, where that is known.
    pub fn difficulty(run: &Run) -> Option<Self> {
        tenths::tenths(run)
    }

    /// The vectors in two dimensions, where the run kept a map.
    pub fn map(run: &Run) -> Option<Self> {
        map::map(run)
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
            Self::latencies(run),
            Self::under_load(run),
            Self::scaling(run),
            Self::difficulty(run).into_iter().collect(),
            Self::map(run).into_iter().collect(),
        ]
        .concat()
    }

    pub(crate) fn marks(&self) -> impl Iterator<Item = &Mark> + Clone {
        self.lines.iter().flat_map(|line| &line.marks)
    }

    /// The axes that hold all marks with their intervals, laid along these pixels: x, y.
    pub(crate) fn axes(&self, [across, upwards]: [[f64; 2]; 2]) -> [Axis; 2] {
        let ends = |of: fn(&Mark) -> Estimate| {
            self.marks().flat_map(move |mark| {
                let estimate = of(mark);
                [estimate.low, estimate.value, estimate.high]
            })
        };
        [
            self.x.axis(ends(|mark| mark.x), across),
            self.y.axis(ends(|mark| mark.y), upwards),
        ]
    }
}

/// Puts those on the front that no other mark beats; `goodness` turns both coordinates so that more
/// is better.
fn mark_front(marks: &mut [&mut Mark], goodness: impl Fn(&Mark) -> (f64, f64)) {
    let values: Vec<(f64, f64)> = marks.iter().map(|mark| goodness(mark)).collect();
    for at in annbench_eval::front(&values) {
        marks[at].tier = Some(Tier::Front);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_have_the_decimals_that_tell_them_from_one() {
        let texts = [1.0, 2.0, 10.0, 100.0, 1_000.0, 1e4].map(percentile_text);
        assert_eq!(texts, ["0 %", "50 %", "90 %", "99 %", "99.9 %", "99.99 %"]);
    }
}
