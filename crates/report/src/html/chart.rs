//! Scatter charts in SVG.

use annbench_store::results::{Estimate, Mode, PointRow};
use maud::{Markup, html};

use super::{
    axis::Axis,
    shape::{class, shape},
};
use crate::{
    Run,
    numbers::{Quantity, alone, share, share_arm},
    run::point_name,
};

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = WIDTH - 22.0;
const TOP: f64 = 32.0;
const BOTTOM: f64 = HEIGHT - 52.0;

/// Recall against something that costs, point by point.
pub(super) struct Chart {
    title: String,
    x_title: String,
    y_title: &'static str,
    x: Axis,
    y: Axis,
    marks: Vec<Mark>,
}

/// A point on a chart.
struct Mark {
    x: Estimate,
    y: Estimate,
    series: usize,
    is_on_front: bool,
    text: String,
}

/// What stands on the y axis.
#[derive(Clone, Copy)]
enum Height {
    Qps,
    P99,
    P50,
}

/// The charts that the run's rows allow: speed in each mode, then the latency of single queries.
pub(super) fn charts(run: &Run) -> Vec<Chart> {
    let modes = run.modes().into_iter();
    let speed = modes.filter_map(|mode| Chart::new(run, mode, Height::Qps));
    let latency = Chart::new(run, Mode::Single, Height::P99)
        .or_else(|| Chart::new(run, Mode::Single, Height::P50));
    speed.chain(latency).collect()
}

/// What the marks mean.
pub(super) fn legend(run: &Run) -> Markup {
    html! {
        ul.key {
            @for (series, backend) in series(run).iter().enumerate() {
                li class=(class(series)) {
                    svg width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true" {
                        (shape(series, true))
                    }
                    span { (backend) }
                }
            }
        }
    }
}

impl Height {
    fn title(self) -> &'static str {
        match self {
            Self::Qps => "queries a second",
            Self::P99 => "p99 latency, µs",
            Self::P50 => "p50 latency, µs",
        }
    }

    fn better(self) -> &'static str {
        match self {
            Self::Qps => "up and right is better",
            Self::P99 | Self::P50 => "down and right is better",
        }
    }

    fn of(self, row: &PointRow) -> Option<Estimate> {
        let exactly = |value| Estimate {
            value,
            low: value,
            high: value,
        };
        match self {
            Self::Qps => row.qps,
            Self::P99 => row.latency_us?.p99.map(exactly),
            Self::P50 => row.latency_us.map(|latency| exactly(latency.p50)),
        }
    }

    /// The same height turned so that more is better.
    fn goodness(self, height: f64) -> f64 {
        match self {
            Self::Qps => height,
            Self::P99 | Self::P50 => -height,
        }
    }

    fn text(self, height: f64) -> String {
        match self {
            Self::Qps => format!("{} qps", alone(Quantity::PerSecond, height)),
            Self::P99 => format!("p99 {}", alone(Quantity::Micros, height)),
            Self::P50 => format!("p50 {}", alone(Quantity::Micros, height)),
        }
    }
}

impl Chart {
    /// `None` if no row has both coordinates.
    fn new(run: &Run, mode: Mode, height: Height) -> Option<Self> {
        let marks = marks(run, mode, height);
        if marks.is_empty() {
            return None;
        }
        let recall = format!("recall@{}", run.k());
        let title = format!("{recall} and {}, {}", height.title(), mode.name());
        let heights = marks
            .iter()
            .flat_map(|mark| [mark.y.low, mark.y.value, mark.y.high]);
        Some(Self {
            title: format!("{title}: {}", height.better()),
            x_title: recall,
            y_title: height.title(),
            x: Axis::share(marks.iter().map(|mark| mark.x.low), [LEFT, RIGHT]),
            y: Axis::log(heights, [BOTTOM, TOP]),
            marks,
        })
    }

    /// The chart with its title; `number` sets it apart from others on the page.
    pub(super) fn figure(&self, number: usize) -> Markup {
        let name = format!("chart-{number}");
        html! {
            figure {
                figcaption id=(name) { (self.title) }
                svg.chart viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-labelledby=(name) {
                    (self.grid_lines())
                    (self.front())
                    @for mark in &self.marks { (self.mark(mark)) }
                }
            }
        }
    }

    fn grid_lines(&self) -> Markup {
        html! {
            @for tick in self.x.ticks() {
                @let x = px(self.x.place(tick));
                line.grid x1=(x) x2=(x) y1=(px(TOP)) y2=(px(BOTTOM)) {}
                text.tick x=(x) y=(px(BOTTOM + 21.0)) text-anchor="middle" { (format!("{tick:.2}")) }
            }
            @for tick in self.y.ticks() {
                @let y = px(self.y.place(tick));
                line.grid x1=(px(LEFT)) x2=(px(RIGHT)) y1=(y) y2=(y) {}
                text.tick x=(px(LEFT - 7.0)) y=(y) dy="0.35em" text-anchor="end" {
                    (alone(Quantity::PerSecond, tick))
                }
            }
            text.axis x=(px((LEFT + RIGHT) / 2.0)) y=(px(HEIGHT - 8.0)) text-anchor="middle" {
                (self.x_title)
            }
            text.axis x=(px(4.0)) y=(px(15.0)) { (self.y_title) }
        }
    }

    /// The line through the points of the front, from the least recall to the most.
    fn front(&self) -> Markup {
        let mut front: Vec<&Mark> = self.marks.iter().filter(|mark| mark.is_on_front).collect();
        front.sort_by(|a, b| a.x.value.total_cmp(&b.x.value));
        let place =
            |mark: &&Mark| format!("{},{}", self.x_px(mark.x.value), self.y_px(mark.y.value));
        let places: Vec<String> = front.iter().map(place).collect();
        html! { polyline.front points=(places.join(" ")) {} }
    }

    fn mark(&self, mark: &Mark) -> Markup {
        let (x, y) = (self.x_px(mark.x.value), self.y_px(mark.y.value));
        html! {
            g.mark.{ (class(mark.series)) } {
                title { (mark.text) }
                line.whisker x1=(self.x_px(mark.x.low)) x2=(self.x_px(mark.x.high)) y1=(y) y2=(y) {}
                line.whisker x1=(x) x2=(x) y1=(self.y_px(mark.y.low)) y2=(self.y_px(mark.y.high)) {}
                g transform={ "translate(" (x) " " (y) ")" } {
                    circle.reach r="11" {}
                    (shape(mark.series, mark.is_on_front))
                }
            }
        }
    }

    fn x_px(&self, value: f64) -> String {
        px(self.x.place(value))
    }

    fn y_px(&self, value: f64) -> String {
        px(self.y.place(value))
    }
}

fn marks(run: &Run, mode: Mode, height: Height) -> Vec<Mark> {
    let series = series(run);
    let drawn = |row: &&PointRow| height.of(row).is_some_and(|y| y.value > 0.0);
    let rows = || run.measured(mode).filter(drawn);
    let mut marks: Vec<Mark> = rows()
        .filter_map(|row| Some(mark(row, row.recall?, height.of(row)?, height, &series)))
        .collect();
    let values = marks
        .iter()
        .map(|mark| (mark.x.value, height.goodness(mark.y.value)));
    for at in annbench_eval::front(&values.collect::<Vec<_>>()) {
        marks[at].is_on_front = true;
    }
    marks
}

fn mark(row: &PointRow, x: Estimate, y: Estimate, height: Height, series: &[&str]) -> Mark {
    let recall = format!(
        "recall {} {}",
        share(x.value),
        share_arm(x.value, x.low, x.high)
    );
    let position = series.iter().position(|backend| *backend == row.backend);
    Mark {
        x,
        y,
        series: position.unwrap_or_default(),
        is_on_front: false,
        text: format!("{}: {}, {recall}", point_name(row), height.text(y.value)),
    }
}

/// The index types of the run, in the order they first appear.
fn series(run: &Run) -> Vec<&str> {
    let mut backends: Vec<&str> = Vec::new();
    for point in &run.points {
        if !backends.contains(&point.backend.as_str()) {
            backends.push(&point.backend);
        }
    }
    backends
}

/// Pixels with a tenth: more would only make the page longer.
fn px(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn each_mode_has_a_chart_and_single_queries_one_of_latency() {
        let titles: Vec<String> = charts(&fixture::run())
            .into_iter()
            .map(|c| c.y_title.into())
            .collect();
        assert_eq!(
            titles,
            ["queries a second", "queries a second", "p99 latency, µs"]
        );
    }

    #[test]
    fn where_every_p99_is_withheld_the_median_stands_in() {
        let mut run = fixture::run();
        for point in &mut run.points {
            if let Some(latency) = &mut point.latency_us {
                latency.p99 = None;
            }
        }
        assert_eq!(charts(&run)[2].y_title, "p50 latency, µs");
    }

    #[test]
    fn low_latency_is_what_makes_a_front() {
        let charts = charts(&fixture::run());
        let front = |chart: &Chart| chart.marks.iter().filter(|mark| mark.is_on_front).count();
        // The exact index has no p99, so one point fewer than by qps.
        assert_eq!((front(&charts[0]), front(&charts[2])), (5, 4));
    }

    #[test]
    fn a_run_without_measurements_has_no_chart() {
        let mut run = fixture::run();
        run.points.clear();
        assert!(charts(&run).is_empty());
    }
}
