//! How latencies are spread: a line a point, percentile by percentile.

use annbench_eval::percentile_curve;
use annbench_store::results::{Load, PointRow, tables::latency_tag};

use super::{Chart, Choice, Dimension, Extent, Line, Mark, exactly};
use crate::{
    Run,
    numbers::{Quantity, alone},
    pareto_points,
    run::{load_name, point_name},
};

/// More lines than this cannot be told apart.
const MOST_LINES: usize = 8;

/// A chart a main load under which queries have a latency; none of a run that kept no
/// distributions.
pub(super) fn latencies(run: &Run) -> Vec<Chart> {
    let loads = run.main_loads().into_iter();
    let timed = loads.filter(|load| load.mode.times_queries());
    timed.filter_map(|load| chart(run, load)).collect()
}

fn chart(run: &Run, load: Load) -> Option<Chart> {
    let points = spread(pareto_points(run, load));
    let lines: Vec<Line> = points.iter().filter_map(|row| line(run, row)).collect();
    let end = lines.iter().flat_map(|line| &line.marks);
    let end = end.map(|mark| mark.x.value).reduce(f64::max)?;
    let load_name = load_name(load);
    Some(Chart {
        name: format!("latency-percentiles-{}", load.mode.name()),
        title: format!(
            "latency by percentile, points of the front, {load_name}: down is better, and flat"
        ),
        x: Dimension {
            title: "percentile of queries".to_owned(),
            extent: Extent::Tail,
            quantity: Quantity::Share,
            named: places(end),
        },
        y: Dimension {
            title: "latency, µs".to_owned(),
            extent: Extent::Log,
            quantity: Quantity::PerSecond,
            named: Vec::new(),
        },
        lines,
        choice: Choice {
            mode: Some(load.mode),
            k: None,
        },
    })
}

/// The median, and what leaves a tenth, a hundredth and so on beyond it.
fn places(end: f64) -> Vec<f64> {
    let powers = (0..).map(|power| 10_f64.powi(power));
    let powers = powers.take_while(|place| *place <= end * 1.001);
    let mut places: Vec<f64> = powers.collect();
    places.insert(1.min(places.len()), 2.0);
    places
}

/// The points by recall, as many as can be told apart: the ends among them.
fn spread(mut points: Vec<&PointRow>) -> Vec<&PointRow> {
    let recall = |row: &PointRow| row.recall.map_or(0.0, |recall| recall.value);
    points.sort_by(|a, b| recall(a).total_cmp(&recall(b)));
    let n = points.len();
    if n <= MOST_LINES {
        return points;
    }
    let kept = (0..MOST_LINES).map(|at| points[at * (n - 1) / (MOST_LINES - 1)]);
    kept.collect()
}

fn line(run: &Run, row: &PointRow) -> Option<Line> {
    let tag = latency_tag(row.point, row.load());
    let mut all = run.details.latencies.iter();
    let histogram = all.find(|histogram| histogram.tag == tag)?;
    let name = point_name(row);
    let mark = |(left, latency_ns): (f64, u64)| {
        let micros = latency_ns as f64 / 1e3;
        let (share, latency) = (100.0 * (1.0 - 1.0 / left), alone(Quantity::Micros, micros));
        Mark {
            x: exactly(left),
            y: exactly(micros),
            tier: None,
            text: format!("{name}: {share:.4} % of the queries within {latency}"),
        }
    };
    let marks: Vec<Mark> = percentile_curve(&histogram.counts)
        .into_iter()
        .filter(|(_, latency_ns)| *latency_ns > 0)
        .map(mark)
        .collect();
    (!marks.is_empty()).then(|| Line::of_point(run, row, marks))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn points_of_the_front_have_a_line_that_never_falls() {
        let run = fixture::run();
        let charts = latencies(&run);
        assert_eq!(charts.len(), 1, "a batch has no latency of a query");
        assert_eq!(charts[0].lines.len(), 3, "of those with a distribution");
        for line in &charts[0].lines {
            assert!(line.marks.is_sorted_by(|a, b| a.y.value <= b.y.value));
        }
        assert_eq!(charts[0].x.named, [1.0, 2.0, 10.0, 100.0]);
    }

    #[test]
    fn a_run_that_kept_no_distributions_has_no_chart() {
        let mut run = fixture::run();
        run.details.latencies.clear();
        assert!(latencies(&run).is_empty());
    }

    #[test]
    fn of_many_points_the_ends_are_drawn() {
        let run = fixture::run();
        let row = |number: usize| {
            let mut row = run.points[2].clone();
            row.point = number;
            row.recall = row.recall.map(|_| exactly(number as f64 / 100.0));
            row
        };
        let rows: Vec<PointRow> = (0..30).map(row).collect();
        let kept = spread(rows.iter().rev().collect());
        let numbers: Vec<usize> = kept.iter().map(|row| row.point).collect();
        assert_eq!(numbers, [0, 4, 8, 12, 16, 20, 24, 29]);
    }
}
