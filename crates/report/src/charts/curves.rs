//! Charts of how points bear load, and of how indexes bear a growing base: a line each.

use std::collections::BTreeMap;

use annbench_store::results::{Load, Mode, PointRow, Scaling, ScalingStep};

use super::{
    Chart, Choice, Dimension, Extent, Kind, Line, Mark, exactly, height::Height, series_of,
};
use crate::{
    Run,
    numbers::{Quantity, count},
    run::{load_name, point_name},
    tiers::Tiers,
};

/// More lines than this cannot be told apart.
const MOST_LINES: usize = 8;

/// Loads up to this many are each named on the axis.
const MOST_NAMED: usize = 8;

/// What grows from left to right.
#[derive(Clone, Copy)]
struct Growth {
    mode: Mode,
    word: &'static str,
    title: &'static str,
    of: fn(Load) -> Option<f64>,
}

const CLIENTS: Growth = Growth {
    mode: Mode::Concurrent,
    word: "clients",
    title: "clients",
    of: |load| Some(load.threads as f64),
};

const SLOS: Growth = Growth {
    mode: Mode::OpenLoop,
    word: "slo",
    title: "p99 allowed, µs",
    of: |load| load.slo_p99_us.map(|slo_us| slo_us as f64),
};

const WORKING_SETS: Growth = Growth {
    mode: Mode::Single,
    word: "working-set",
    title: "distinct queries",
    of: |load| load.distinct_queries.map(|distinct| distinct as f64),
};

const ARRIVALS: Growth = Growth {
    mode: Mode::OpenLoop,
    word: "arrivals",
    title: "offered queries a second",
    of: |load| load.rate_qps.map(|rate| rate as f64),
};

/// The charts that the run's rows allow: speed by clients, the latency of queries that arrive at a
/// rate, the highest rate by the latency allowed, speed by distinct queries.
pub(super) fn curves(run: &Run) -> Vec<Chart> {
    let latency = chart(run, ARRIVALS, Height::P99).or_else(|| chart(run, ARRIVALS, Height::P50));
    let charts = [
        chart(run, CLIENTS, Height::Qps),
        latency,
        chart(run, SLOS, Height::Qps),
        chart(run, WORKING_SETS, Height::Qps),
    ];
    charts.into_iter().flatten().collect()
}

/// Speed by the size of the base, a chart a main load.
pub(super) fn scaling(run: &Run) -> Vec<Chart> {
    let loads = run.main_loads().into_iter();
    loads
        .filter_map(|load| {
            let lines = run.record.scaling.iter().filter(|curve| curve.load == load);
            let lines = lines.map(|curve| of_scaling(run, curve));
            let lines = lines.filter(|line| !line.marks.is_empty()).collect();
            let by = format!("base vectors, {}", load_name(load));
            let name = format!("base-{}", load.mode.name());
            of_lines(name, lines, &by, Height::Qps)
        })
        .collect()
}

/// `None` if no row has both coordinates.
fn chart(run: &Run, growth: Growth, height: Height) -> Option<Chart> {
    let curves = best(curves_of(run, growth, height), run, height);
    let lines = curves.into_iter().map(|curve| curve.line).collect();
    let name = format!("{}-{}", growth.word, height.word());
    of_lines(name, lines, growth.title, height)
}

/// `None` if there is nothing on the lines.
fn of_lines(name: String, lines: Vec<Line>, by: &str, height: Height) -> Option<Chart> {
    let marks = || lines.iter().flat_map(|line| &line.marks);
    marks().next()?;
    let (what, better) = (height.title(), height.better());
    Some(Chart {
        name,
        title: format!("{what} by {by}: {better} is better"),
        x: Dimension {
            title: by.to_owned(),
            extent: Extent::Log,
            quantity: Quantity::Count,
            named: named(marks()),
        },
        y: height.dimension(),
        lines,
        choice: Choice::default(),
    })
}

/// One point under growing load.
struct Curve {
    point: usize,
    line: Line,
}

/// A curve for each point, and of arrivals for each number of threads that serve.
fn curves_of(run: &Run, growth: Growth, height: Height) -> Vec<Curve> {
    let mut curves: BTreeMap<(usize, Option<usize>), Curve> = BTreeMap::new();
    let rows = run.candidates().filter(|row| row.mode == growth.mode);
    for row in rows.filter(|row| row.status.is_ok()) {
        let threads = Some(row.threads).filter(|_| growth.mode == Mode::OpenLoop);
        if let Some(mark) = mark(row, growth, height) {
            let curve = curves.entry((row.point, threads));
            let curve = curve.or_insert_with(|| Curve::of(run, row));
            curve.line.marks.push(mark);
        }
    }
    let mut curves: Vec<Curve> = curves.into_values().collect();
    for curve in &mut curves {
        let marks = &mut curve.line.marks;
        marks.sort_by(|a, b| a.x.value.total_cmp(&b.x.value));
    }
    curves
}

impl Curve {
    fn of(run: &Run, row: &PointRow) -> Self {
        Self {
            point: row.point,
            line: Line::of_point(run, row, Vec::new()),
        }
    }
}

fn of_scaling(run: &Run, curve: &Scaling) -> Line {
    let backend = run.builds.iter().find(|build| build.build == curve.build);
    let backend = backend.map_or("", |build| build.backend.as_str());
    let mark = |step: &ScalingStep| {
        let qps = step.qps.filter(|qps| qps.value > 0.0)?;
        let (label, figure) = (&curve.label, Height::Qps.text(qps.value));
        Some(Mark {
            x: exactly(step.n as f64),
            y: qps,
            tier: None,
            text: format!("{label} on {} vectors: {figure}", count(step.n)),
        })
    };
    Line {
        name: curve.label.clone(),
        kind: Kind::Curve,
        series: series_of(run, backend),
        marks: curve.steps.iter().filter_map(mark).collect(),
    }
}

fn mark(row: &PointRow, growth: Growth, height: Height) -> Option<Mark> {
    let (x, y) = ((growth.of)(row.load())?, height.of(row)?);
    let (name, figure) = (point_name(row), height.text(y.value));
    Some(Mark {
        x: exactly(x),
        y,
        tier: None,
        text: format!("{name}, {}: {figure}", row.load()),
    })
}

/// The lines of points on a front, if any is: those that reach furthest first, of these the best
/// at their ends.
fn best(mut curves: Vec<Curve>, run: &Run, height: Height) -> Vec<Curve> {
    let fronts = Tiers::of(run).on_fronts();
    let is_on_front = |curve: &Curve| fronts.contains(&curve.point);
    if curves.iter().any(is_on_front) {
        curves.retain(is_on_front);
    }
    let end = |curve: &Curve| {
        let end = curve.line.marks.last();
        end.map_or([f64::NEG_INFINITY; 2], |mark| {
            [mark.x.value, height.goodness(mark.y.value)]
        })
    };
    curves.sort_by(|a, b| {
        let [[load_a, good_a], [load_b, good_b]] = [end(a), end(b)];
        load_b.total_cmp(&load_a).then(good_b.total_cmp(&good_a))
    });
    curves.truncate(MOST_LINES);
    curves
}

/// The loads themselves where they are few.
fn named<'m>(marks: impl Iterator<Item = &'m Mark>) -> Vec<f64> {
    let mut loads: Vec<f64> = marks.map(|mark| mark.x.value).collect();
    loads.sort_by(f64::total_cmp);
    loads.dedup();
    match loads.len() > MOST_NAMED {
        true => Vec::new(),
        false => loads,
    }
}

#[cfg(test)]
mod tests {
    use annbench_store::results::{Estimate, Tier};

    use super::*;
    use crate::fixture;

    /// The fixture's run with its loaded point again under other numbers, each faster than the
    /// one before.
    fn crowded(points: usize) -> Run {
        let mut run = fixture::run();
        let rows = run.points.iter().filter(|row| row.mode == Mode::Concurrent);
        let rows: Vec<PointRow> = rows.cloned().collect();
        for (number, row) in (1..points).flat_map(|n| rows.iter().map(move |row| (n, row))) {
            let mut row = row.clone();
            row.point = 100 + number;
            row.qps = row.qps.map(|qps| Estimate {
                value: qps.value + number as f64,
                ..qps
            });
            run.points.push(row);
        }
        run
    }

    fn numbers(run: &Run) -> Vec<usize> {
        let drawn = best(curves_of(run, CLIENTS, Height::Qps), run, Height::Qps);
        drawn.iter().map(|curve| curve.point).collect()
    }

    #[test]
    fn clients_and_arrivals_have_a_chart_each_and_runs_without_have_none() {
        let mut run = fixture::run();
        let titles: Vec<String> = curves(&run).into_iter().map(|c| c.title).collect();
        let expected = [
            "queries a second by clients: up is better",
            "p99 latency, µs by offered queries a second: down is better",
        ];
        assert_eq!(titles, expected);
        run.points
            .retain(|row| matches!(row.mode, Mode::Single | Mode::Batch));
        assert!(curves(&run).is_empty());
    }

    #[test]
    fn rates_found_and_working_sets_have_a_chart_each() {
        let mut run = fixture::run();
        let rows = run.points.iter().filter(|row| row.rate_qps.is_some());
        let mut found = rows.max_by_key(|row| row.threads).unwrap().clone();
        (found.rate_qps, found.slo_p99_us) = (None, Some(2_000));
        let mut set = run.points[0].clone();
        set.distinct_queries = Some(10);
        run.points = vec![found, set];
        let titles: Vec<String> = curves(&run).into_iter().map(|c| c.title).collect();
        let expected = [
            "queries a second by p99 allowed, µs: up is better",
            "queries a second by distinct queries: up is better",
        ];
        assert_eq!(titles, expected);
    }

    #[test]
    fn the_growth_of_the_base_has_a_chart_where_parts_were_measured() {
        assert!(scaling(&fixture::run()).is_empty());
        let charts = scaling(&fixture::scaled());
        assert_eq!(charts.len(), 1, "of one load");
        let marks = charts[0].lines.iter().map(|line| line.marks.len());
        assert_eq!(marks.collect::<Vec<_>>(), [2, 1, 2]);
    }

    #[test]
    fn a_line_goes_from_the_lightest_load_to_the_heaviest() {
        let mut run = fixture::run();
        run.points.reverse();
        let loads: Vec<f64> = curves(&run)[0].lines[0]
            .marks
            .iter()
            .map(|m| m.x.value)
            .collect();
        assert_eq!(loads, [1.0, 2.0]);
    }

    #[test]
    fn of_many_points_the_fastest_are_drawn() {
        let expected: Vec<usize> = (103..=110).rev().collect();
        assert_eq!(numbers(&crowded(11)), expected);
    }

    #[test]
    fn a_point_that_bore_less_load_comes_after_those_that_bore_more() {
        let mut run = crowded(3);
        run.points
            .retain(|row| (row.point, row.threads) != (102, 2));
        assert_eq!(numbers(&run), [101, 5, 102]);
    }

    #[test]
    fn points_behind_the_front_are_left_out_unless_all_are() {
        let mut run = crowded(3);
        run.points.retain(|row| row.mode == Mode::Concurrent);
        let beaten = run.points.iter_mut().filter(|row| row.point == 102);
        beaten.for_each(|row| row.tier = Some(Tier::Beaten));
        assert_eq!(numbers(&run), [101, 5]);
        let all = run.points.iter_mut();
        all.for_each(|row| row.tier = Some(Tier::Beaten));
        assert_eq!(numbers(&run), [102, 101, 5]);
    }
}
