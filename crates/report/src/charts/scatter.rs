//! Charts of recall against something that costs, point by point.

use std::collections::BTreeSet;

use annbench_store::results::{Estimate, Load, Mode, PointRow, Tier};

use super::{
    Chart, Choice, Dimension, Extent, Kind, Line, Mark, all_series, height::Height, mark_front,
};
use crate::{
    Run,
    numbers::{Quantity, share, share_arm},
    run::{load_name, point_name},
    tiers::Tiers,
};

/// Numbers of answers to choose from beside k.
const MOST_FEWER: usize = 3;

/// Marks on charts that wait to be chosen: about a kilobyte each, of the 6 MB that a page may have.
const MOST_MARKS: usize = 1_000;

/// Marks that a row has on charts of one number of answers, on average over modes.
const MARKS_A_ROW: usize = 2;

/// The charts that the run's rows allow: speed under each main load, then the latency of queries
/// where they have one.
pub(super) fn scatters(run: &Run) -> Vec<Chart> {
    of_answers(run, run.k())
}

/// The same with recall of the first few answers, for each number of them that was counted.
pub(super) fn of_fewer_answers(run: &Run) -> Vec<Chart> {
    let counted = fewer_answers(run).into_iter();
    counted.flat_map(|k| of_answers(run, k)).collect()
}

/// Numbers of answers below k that there are charts of, ascending: those that were counted, or where
/// they are many powers of ten, as far as a page has room for them.
pub(crate) fn fewer_answers(run: &Run) -> Vec<usize> {
    let rows = run.candidates();
    let counted = rows.flat_map(|row| row.recall_at.iter().map(|at| at.k));
    let counted: BTreeSet<usize> = counted.collect();
    let is_power = |k: &usize| 10_usize.pow(k.ilog10()) == *k;
    let is_wanted = |k: &usize| *k > 0 && (counted.len() <= MOST_FEWER || is_power(k));
    let room = MOST_MARKS / (MARKS_A_ROW * run.candidates().count()).max(1);
    let wanted = counted.iter().copied().filter(is_wanted);
    wanted.take(MOST_FEWER.min(room)).collect()
}

fn of_answers(run: &Run, k: usize) -> Vec<Chart> {
    let loads = run.main_loads();
    let speed = loads
        .iter()
        .filter_map(|load| scatter(run, *load, Height::Qps, k));
    let timed = loads.iter().filter(|load| load.mode.times_queries());
    let latency = timed.flat_map(|load| {
        let [p50, p99] = [Height::P50, Height::P99].map(|height| scatter(run, *load, height, k));
        p99.into_iter().chain(p50)
    });
    speed.chain(latency).collect()
}

/// `None` if no row has both coordinates.
fn scatter(run: &Run, load: Load, height: Height, k: usize) -> Option<Chart> {
    let rows = rows(run, load, height, k);
    if rows.is_empty() {
        return None;
    }
    let recall = format!("recall@{k}");
    let fewer = match k < run.k() {
        true => format!("-at-{k}"),
        false => String::new(),
    };
    let (what, better) = (height.title(), height.better());
    Some(Chart {
        name: format!("recall-{}-{}{fewer}", height.word(), file_name(load)),
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
        choice: Choice {
            mode: Some(load.mode),
            k: Some(k),
        },
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
fn rows(run: &Run, load: Load, height: Height, k: usize) -> Vec<(usize, Mark)> {
    let (series, tiers) = (all_series(run), Tiers::of(run));
    // The run tells where points stand by their qps at k; by another figure the estimates do.
    let is_told = height == Height::Qps && k == run.k();
    let drawn = run.measured(load).filter_map(|row| {
        let mut mark = mark(row, height, k)?;
        mark.tier = tiers.of_point(row).filter(|_| is_told);
        let position = series.iter().position(|backend| *backend == row.backend);
        Some((position.unwrap_or_default(), mark))
    });
    let mut rows: Vec<(usize, Mark)> = drawn.collect();
    if !is_told {
        let mut marks: Vec<&mut Mark> = rows.iter_mut().map(|(_, mark)| mark).collect();
        mark_front(&mut marks, |mark| {
            (mark.x.value, height.goodness(mark.y.value))
        });
    }
    rows
}

fn mark(row: &PointRow, height: Height, k: usize) -> Option<Mark> {
    let (x, y) = (recall_of(row, k)?, height.of(row)?);
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

/// Of the first `k` answers.
fn recall_of(row: &PointRow, k: usize) -> Option<Estimate> {
    let mut fewer = row.recall_at.iter();
    match k == row.k {
        true => row.recall,
        false => fewer.find(|at| at.k == k).map(|at| at.recall),
    }
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
    fn recall_of_fewer_answers_has_the_same_charts_and_older_runs_have_none() {
        let run = fixture::run();
        let charts = of_fewer_answers(&run);
        assert_eq!(
            charts.len(),
            2 * scatters(&run).len(),
            "of 1 and of 5 answers"
        );
        assert_eq!(charts[0].name, "recall-qps-single-at-1");
        assert!(charts[0].title.starts_with("recall@1 and queries a second"));
        let highest = |chart: &Chart| {
            let marks = chart.marks().map(|mark| mark.x.value);
            marks.filter(|recall| *recall < 1.0).fold(0.0, f64::max)
        };
        assert!(highest(&charts[0]) > highest(&scatters(&run)[0]));
        let mut older = run;
        older
            .points
            .iter_mut()
            .for_each(|row| row.recall_at.clear());
        assert_eq!(of_fewer_answers(&older), []);
    }

    #[test]
    fn a_run_without_measurements_has_no_chart() {
        let mut run = fixture::run();
        run.points.clear();
        assert!(scatters(&run).is_empty());
    }
}
