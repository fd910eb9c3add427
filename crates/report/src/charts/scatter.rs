//! Charts of recall against something that costs, point by point.

use annbench_store::results::{Load, Mode, PointRow, Tier};

use super::{Chart, Dimension, Extent, Kind, Line, Mark, all_series, height::Height};
use crate::{
    Run,
    numbers::{Quantity, share, share_arm},
    run::{load_name, point_name},
    tiers::Tiers,
};

/// The charts that the run's rows allow: speed under each main load, then the latency of queries
/// where they have one.
pub(super) fn scatters(run: &Run) -> Vec<Chart> {
    let loads = run.main_loads();
    let speed = loads
        .iter()
        .filter_map(|load| scatter(run, *load, Height::Qps));
    let timed = loads.iter().filter(|load| load.mode.times_queries());
    let latency = timed.flat_map(|load| {
        let [p50, p99] = [Height::P50, Height::P99].map(|height| scatter(run, *load, height));
        p99.into_iter().chain(p50)
    });
    speed.chain(latency).collect()
}

/// `None` if no row has both coordinates.
fn scatter(run: &Run, load: Load, height: Height) -> Option<Chart> {
    let rows = rows(run, load, height);
    if rows.is_empty() {
        return None;
    }
    let recall = format!("recall@{}", run.k());
    let (what, better) = (height.title(), height.better());
    Some(Chart {
        name: format!("recall-{}-{}", height.word(), file_name(load)),
        title: format!(
            "{recall} and {what}, {}: {better} and right is better",
            load_name(load)
        ),
        x: Dimension {
            title: recall,
            extent: Extent::Share,
            quantity: Quantity::Share,
            named: Vec::new(),
        },
        y: height.dimension(),
        lines: lines(run, &rows),
    })
}

/// `single`, `batch`, `concurrent-8`.
fn file_name(load: Load) -> String {
    match load.mode {
        Mode::Single | Mode::Batch => load.mode.name().to_owned(),
        _ => format!("{}-{}", load.mode.name(), load.threads),
    }
}

/// The front, then the points of each index type.
fn lines(run: &Run, rows: &[(usize, Mark)]) -> Vec<Line> {
    let marks = rows.iter().map(|(_, mark)| mark);
    let is_on_front = |mark: &&Mark| mark.tier == Some(Tier::Front);
    let mut front: Vec<Mark> = marks.filter(is_on_front).cloned().collect();
    front.sort_by(|a, b| a.x.value.total_cmp(&b.x.value));
    let front = Line {
        name: "Pareto front".to_owned(),
        kind: Kind::Front,
        series: 0,
        marks: front,
    };
    let all = all_series(run).into_iter().enumerate();
    let types = all.map(|(series, backend)| Line {
        name: backend.to_owned(),
        kind: Kind::Points,
        series,
        marks: of_series(rows, series),
    });
    let drawn = [front].into_iter().chain(types);
    drawn.filter(|line| !line.marks.is_empty()).collect()
}

fn of_series(rows: &[(usize, Mark)], series: usize) -> Vec<Mark> {
    let wanted = rows.iter().filter(|(of, _)| *of == series);
    wanted.map(|(_, mark)| mark.clone()).collect()
}

/// The marks of all points, with the numbers of their index types.
fn rows(run: &Run, load: Load, height: Height) -> Vec<(usize, Mark)> {
    let (series, tiers) = (all_series(run), Tiers::of(run));
    let drawn = run.measured(load).filter_map(|row| {
        let mut mark = mark(row, height)?;
        mark.tier = tiers.of_point(row).filter(|_| height == Height::Qps);
        let position = series.iter().position(|backend| *backend == row.backend);
        Some((position.unwrap_or_default(), mark))
    });
    let mut rows: Vec<(usize, Mark)> = drawn.collect();
    if height != Height::Qps {
        mark_front(&mut rows, height);
    }
    rows
}

/// The run tells where points stand by their qps; by another figure the estimates do.
fn mark_front(rows: &mut [(usize, Mark)], height: Height) {
    let values = rows.iter();
    let values = values.map(|(_, mark)| (mark.x.value, height.goodness(mark.y.value)));
    for at in annbench_eval::front(&values.collect::<Vec<_>>()) {
        rows[at].1.tier = Some(Tier::Front);
    }
}

fn mark(row: &PointRow, height: Height) -> Option<Mark> {
    let (x, y) = (row.recall?, height.of(row)?);
    let recall = format!(
        "recall {} {}",
        share(x.value),
        share_arm(x.value, x.low, x.high)
    );
    Some(Mark {
        x,
        y,
        tier: None,
        text: format!("{}: {}, {recall}", point_name(row), height.text(y.value)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn names(run: &Run) -> Vec<String> {
        scatters(run).into_iter().map(|chart| chart.name).collect()
    }

    #[test]
    fn each_main_load_has_a_chart_and_single_queries_one_of_latency() {
        let speed = ["recall-qps-single", "recall-qps-batch"];
        let latency = ["recall-p99-single", "recall-p50-single"];
        assert_eq!(names(&fixture::run()), [speed, latency].concat());
    }

    #[test]
    fn where_every_p99_is_withheld_the_median_is_left() {
        let mut run = fixture::run();
        for point in &mut run.points {
            if let Some(latency) = &mut point.latency_us {
                latency.p99 = None;
            }
        }
        assert_eq!(names(&run)[2..], ["recall-p50-single"]);
    }

    #[test]
    fn low_latency_is_what_makes_a_front() {
        let charts = scatters(&fixture::run());
        let front = |chart: &Chart| chart.lines[0].marks.len();
        // The exact index has no p99, so one point fewer than by qps.
        assert_eq!((front(&charts[0]), front(&charts[2])), (5, 4));
    }

    #[test]
    fn by_speed_a_point_stands_where_the_run_recorded_it() {
        let charts = scatters(&fixture::run());
        let count = |chart: &Chart, tier| {
            let marks = chart.lines[1..].iter().flat_map(|line| &line.marks);
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
