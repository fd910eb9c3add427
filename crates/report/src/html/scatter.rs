//! Charts of recall against something that costs, point by point.

use annbench_store::results::{Estimate, Load, PointRow, Tier};
use maud::{Markup, html};

use super::{
    axis::Axis,
    frame::{ACROSS, Frame, Mark, heights},
    height::Height,
    shape::all_series,
};
use crate::{
    Run,
    numbers::{share, share_arm},
    run::{load_name, point_name},
    tiers::Tiers,
};

/// Recall against something that costs.
pub(super) struct Scatter {
    frame: Frame,
    marks: Vec<Mark>,
}

/// The charts that the run's rows allow: speed under each main load, then the latency of queries
/// where they have one.
pub(super) fn scatters(run: &Run) -> Vec<Scatter> {
    let loads = run.main_loads();
    let speed = loads
        .iter()
        .filter_map(|load| Scatter::new(run, *load, Height::Qps));
    let timed = loads.iter().filter(|load| load.mode.times_queries());
    let latency = timed.filter_map(|load| {
        let p99 = Scatter::new(run, *load, Height::P99);
        p99.or_else(|| Scatter::new(run, *load, Height::P50))
    });
    speed.chain(latency).collect()
}

impl Scatter {
    /// `None` if no row has both coordinates.
    fn new(run: &Run, load: Load, height: Height) -> Option<Self> {
        let marks = marks(run, load, height);
        if marks.is_empty() {
            return None;
        }
        let recall = format!("recall@{}", run.k());
        let (what, name, better) = (height.title(), load_name(load), height.better());
        let x = Axis::share(marks.iter().map(|mark| mark.x.low), ACROSS);
        let frame = Frame {
            title: format!("{recall} and {what}, {name}: {better} and right is better"),
            x_title: recall,
            y_title: what,
            x_ticks: x.ticks().iter().map(|t| (*t, format!("{t:.2}"))).collect(),
            x,
            y: heights(marks.iter()),
        };
        Some(Self { frame, marks })
    }

    /// The chart; `name` sets it apart from others on the page.
    pub(super) fn figure(&self, name: &str) -> Markup {
        let content = html! {
            polyline.front points=(self.frame.path(self.front())) {}
            @for mark in &self.marks { (self.frame.mark(mark)) }
        };
        self.frame.figure(name, &content, &html! {})
    }

    /// The marks on the front, from the least recall to the most.
    fn front(&self) -> Vec<&Mark> {
        let is_on_front = |mark: &&Mark| mark.tier == Some(Tier::Front);
        let mut front: Vec<&Mark> = self.marks.iter().filter(is_on_front).collect();
        front.sort_by(|a, b| a.x.value.total_cmp(&b.x.value));
        front
    }
}

fn marks(run: &Run, load: Load, height: Height) -> Vec<Mark> {
    let (series, tiers) = (all_series(run), Tiers::of(run));
    let drawn = run.measured(load).filter_map(|row| {
        let mut mark = mark(row, row.recall?, height, &series)?;
        mark.tier = tiers.of_point(row).filter(|_| height == Height::Qps);
        Some(mark)
    });
    let mut marks: Vec<Mark> = drawn.collect();
    if height != Height::Qps {
        mark_front(&mut marks, height);
    }
    marks
}

/// The run tells where points stand by their qps; by another figure the estimates do.
fn mark_front(marks: &mut [Mark], height: Height) {
    let values = marks.iter();
    let values = values.map(|mark| (mark.x.value, height.goodness(mark.y.value)));
    for at in annbench_eval::front(&values.collect::<Vec<_>>()) {
        marks[at].tier = Some(Tier::Front);
    }
}

fn mark(row: &PointRow, x: Estimate, height: Height, series: &[&str]) -> Option<Mark> {
    let y = height.of(row)?;
    let recall = format!(
        "recall {} {}",
        share(x.value),
        share_arm(x.value, x.low, x.high)
    );
    let position = series.iter().position(|backend| *backend == row.backend);
    Some(Mark {
        x,
        y,
        series: position.unwrap_or_default(),
        tier: None,
        text: format!("{}: {}, {recall}", point_name(row), height.text(y.value)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn titles(run: &Run) -> Vec<&'static str> {
        let charts = scatters(run).into_iter();
        charts.map(|chart| chart.frame.y_title).collect()
    }

    #[test]
    fn each_main_load_has_a_chart_and_single_queries_one_of_latency() {
        let expected = ["queries a second", "queries a second", "p99 latency, µs"];
        assert_eq!(titles(&fixture::run()), expected);
    }

    #[test]
    fn where_every_p99_is_withheld_the_median_stands_in() {
        let mut run = fixture::run();
        for point in &mut run.points {
            if let Some(latency) = &mut point.latency_us {
                latency.p99 = None;
            }
        }
        assert_eq!(titles(&run)[2], "p50 latency, µs");
    }

    #[test]
    fn low_latency_is_what_makes_a_front() {
        let charts = scatters(&fixture::run());
        let front = |chart: &Scatter| chart.front().len();
        // The exact index has no p99, so one point fewer than by qps.
        assert_eq!((front(&charts[0]), front(&charts[2])), (5, 4));
    }

    #[test]
    fn by_speed_a_point_stands_where_the_run_recorded_it() {
        let charts = scatters(&fixture::run());
        let count = |chart: &Scatter, tier| {
            let marks = chart.marks.iter();
            marks.filter(|mark| mark.tier == Some(tier)).count()
        };
        assert_eq!(count(&charts[0], Tier::Tied), 0);
        assert_eq!(count(&charts[1], Tier::Tied), 1);
        assert_eq!(count(&charts[1], Tier::Beaten), 2);
    }

    #[test]
    fn a_run_without_measurements_has_no_chart() {
        let mut run = fixture::run();
        run.points.clear();
        assert!(scatters(&run).is_empty());
    }
}
