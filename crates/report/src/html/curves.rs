//! Charts of how points bear load, and of how indexes bear a growing base: a line each.

use std::collections::BTreeMap;

use annbench_store::results::{Estimate, Load, Mode, PointRow, Scaling, ScalingStep};
use maud::{Markup, html};

use super::{
    axis::Axis,
    frame::{ACROSS, Frame, Mark, heights, px},
    height::Height,
    shape::{all_series, class},
};
use crate::{
    Run,
    numbers::count,
    run::{load_name, point_name},
    tiers::Tiers,
};

/// More lines than this cannot be told apart.
const MOST_LINES: usize = 8;

/// Loads up to this many are each named on the axis.
const MOST_NAMED: usize = 8;

/// Pixels from one line's number to the next, at least.
const ROOM: f64 = 14.0;

/// Pixels from the end of a line to its number.
const GAP: f64 = 10.0;

/// Points under growing load.
pub(super) struct Curves {
    frame: Frame,
    lines: Vec<Line>,
}

/// One point under growing load.
struct Line {
    name: String,
    point: usize,
    /// From the lightest load to the heaviest.
    marks: Vec<Mark>,
}

/// What grows from left to right.
#[derive(Clone, Copy)]
struct Growth {
    mode: Mode,
    title: &'static str,
    of: fn(Load) -> Option<f64>,
}

const CLIENTS: Growth = Growth {
    mode: Mode::Concurrent,
    title: "clients",
    of: |load| Some(load.threads as f64),
};

const ARRIVALS: Growth = Growth {
    mode: Mode::OpenLoop,
    title: "offered queries a second",
    of: |load| load.rate_qps.map(|rate| rate as f64),
};

const SLOS: Growth = Growth {
    mode: Mode::OpenLoop,
    title: "p99 allowed, µs",
    of: |load| load.slo_p99_us.map(|slo_us| slo_us as f64),
};

const WORKING_SETS: Growth = Growth {
    mode: Mode::Single,
    title: "distinct queries",
    of: |load| load.distinct_queries.map(|distinct| distinct as f64),
};

/// The charts that the run's rows allow: speed by clients, the latency of queries that arrive at a
/// rate, the highest rate by the latency allowed, speed by distinct queries.
pub(super) fn curves(run: &Run) -> Vec<Curves> {
    let latency =
        Curves::new(run, ARRIVALS, Height::P99).or_else(|| Curves::new(run, ARRIVALS, Height::P50));
    let charts = [
        Curves::new(run, CLIENTS, Height::Qps),
        latency,
        Curves::new(run, SLOS, Height::Qps),
        Curves::new(run, WORKING_SETS, Height::Qps),
    ];
    charts.into_iter().flatten().collect()
}

/// Speed by the size of the base, a chart a main load.
pub(super) fn scaling(run: &Run) -> Vec<Curves> {
    let loads = run.main_loads().into_iter();
    loads
        .filter_map(|load| {
            let lines = run.record.scaling.iter().filter(|curve| curve.load == load);
            let lines = lines.map(|curve| Line::of_scaling(run, curve));
            let lines = lines.filter(|line| !line.marks.is_empty()).collect();
            let by = format!("base vectors, {}", load_name(load));
            Curves::of_lines(lines, &by, Height::Qps)
        })
        .collect()
}

impl Curves {
    /// `None` if no row has both coordinates.
    fn new(run: &Run, growth: Growth, height: Height) -> Option<Self> {
        let lines = best(lines(run, growth, height), run, height);
        Self::of_lines(lines, growth.title, height)
    }

    /// `None` if there is nothing on the lines.
    fn of_lines(lines: Vec<Line>, by: &str, height: Height) -> Option<Self> {
        let marks = || lines.iter().flat_map(|line| &line.marks);
        marks().next()?;
        let x = Axis::log(marks().map(|mark| mark.x.value), ACROSS);
        let (what, better) = (height.title(), height.better());
        let frame = Frame {
            title: format!("{what} by {by}: {better} is better"),
            x_title: by.to_owned(),
            y_title: what,
            x_ticks: ticks(&x, marks()),
            x,
            y: heights(marks()),
        };
        Some(Self { frame, lines })
    }

    /// The chart, its lines numbered and named below; `name` sets it apart from others on the
    /// page.
    pub(super) fn figure(&self, name: &str) -> Markup {
        let content = html! {
            @for line in &self.lines {
                g class=(line.class()) { polyline.curve points=(self.frame.path(&line.marks)) {} }
                @for mark in &line.marks { (self.frame.mark(mark)) }
            }
            (self.numbers())
        };
        let key = html! { ol { @for line in &self.lines { li { (line.name) } } } };
        self.frame.figure(name, &content, &key)
    }

    /// The number of each line at its right end.
    fn numbers(&self) -> Markup {
        let ends: Vec<&Mark> = self.lines.iter().filter_map(|l| l.marks.last()).collect();
        let wanted = ends.iter().map(|mark| self.frame.y.place(mark.y.value));
        let heights = apart(&wanted.collect::<Vec<_>>(), ROOM);
        html! {
            @for (at, (mark, y)) in ends.iter().zip(heights).enumerate() {
                text.tick x=(px(self.frame.x.place(mark.x.value) + GAP)) y=(px(y)) dy="0.35em" {
                    (at + 1)
                }
            }
        }
    }
}

impl Line {
    fn class(&self) -> String {
        self.marks
            .first()
            .map_or_else(String::new, |mark| class(mark.series))
    }
}

/// A line for each point, and of arrivals for each number of threads that serve.
fn lines(run: &Run, growth: Growth, height: Height) -> Vec<Line> {
    let series = all_series(run);
    let mut lines: BTreeMap<(usize, Option<usize>), Line> = BTreeMap::new();
    let rows = run.candidates().filter(|row| row.mode == growth.mode);
    for row in rows.filter(|row| row.status.is_ok()) {
        let threads = Some(row.threads).filter(|_| growth.mode == Mode::OpenLoop);
        if let Some(mark) = mark(row, growth, height, &series) {
            let line = lines.entry((row.point, threads));
            line.or_insert_with(|| Line::of(row)).marks.push(mark);
        }
    }
    let mut lines: Vec<Line> = lines.into_values().collect();
    for line in &mut lines {
        line.marks.sort_by(|a, b| a.x.value.total_cmp(&b.x.value));
    }
    lines
}

impl Line {
    fn of(row: &PointRow) -> Self {
        Self {
            name: point_name(row),
            point: row.point,
            marks: Vec::new(),
        }
    }

    fn of_scaling(run: &Run, curve: &Scaling) -> Self {
        let backend = run.builds.iter().find(|build| build.build == curve.build);
        let backend = backend.map_or("", |build| build.backend.as_str());
        let series = all_series(run).iter().position(|name| *name == backend);
        let mark = |step: &ScalingStep| {
            let qps = step.qps.filter(|qps| qps.value > 0.0)?;
            Some(Mark {
                x: exactly(step.n as f64),
                y: qps,
                series: series.unwrap_or_default(),
                tier: None,
                text: format!(
                    "{} on {} vectors: {}",
                    curve.label,
                    count(step.n),
                    Height::Qps.text(qps.value)
                ),
            })
        };
        Self {
            name: curve.label.clone(),
            point: curve.build,
            marks: curve.steps.iter().filter_map(mark).collect(),
        }
    }
}

/// A value that is known.
fn exactly(value: f64) -> Estimate {
    Estimate {
        value,
        low: value,
        high: value,
    }
}

fn mark(row: &PointRow, growth: Growth, height: Height, series: &[&str]) -> Option<Mark> {
    let (x, y) = ((growth.of)(row.load())?, height.of(row)?);
    let position = series.iter().position(|backend| *backend == row.backend);
    Some(Mark {
        x: exactly(x),
        y,
        series: position.unwrap_or_default(),
        tier: None,
        text: format!(
            "{}, {}: {}",
            point_name(row),
            row.load(),
            height.text(y.value)
        ),
    })
}

/// The lines of points on a front, if any is: those that reach furthest first, of these the best
/// at their ends.
fn best(mut lines: Vec<Line>, run: &Run, height: Height) -> Vec<Line> {
    let fronts = Tiers::of(run).on_fronts();
    let is_on_front = |line: &Line| fronts.contains(&line.point);
    if lines.iter().any(is_on_front) {
        lines.retain(is_on_front);
    }
    let end = |line: &Line| {
        let end = line.marks.last();
        end.map_or([f64::NEG_INFINITY; 2], |mark| {
            [mark.x.value, height.goodness(mark.y.value)]
        })
    };
    lines.sort_by(|a, b| {
        let [[load_a, good_a], [load_b, good_b]] = [end(a), end(b)];
        load_b.total_cmp(&load_a).then(good_b.total_cmp(&good_a))
    });
    lines.truncate(MOST_LINES);
    lines
}

/// The loads themselves where they are few.
fn ticks<'m>(axis: &Axis, marks: impl Iterator<Item = &'m Mark>) -> Vec<(f64, String)> {
    let mut loads: Vec<f64> = marks.map(|mark| mark.x.value).collect();
    loads.sort_by(f64::total_cmp);
    loads.dedup();
    if loads.len() > MOST_NAMED {
        loads = axis.ticks();
    }
    let named = loads.into_iter().map(|load| (load, count(load as usize)));
    named.collect()
}

/// The places, each moved down as far as it takes to be `room` below the next higher one.
fn apart(places: &[f64], room: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
    let mut moved = places.to_vec();
    for pair in order.windows(2) {
        moved[pair[1]] = moved[pair[1]].max(moved[pair[0]] + room);
    }
    moved
}

#[cfg(test)]
mod tests {
    use annbench_store::results::Tier;

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
        let charts = curves(run);
        charts[0].lines.iter().map(|line| line.point).collect()
    }

    #[test]
    fn clients_and_arrivals_have_a_chart_each_and_runs_without_have_none() {
        let mut run = fixture::run();
        let titles: Vec<String> = curves(&run).into_iter().map(|c| c.frame.title).collect();
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
        let mut found = rows.last().unwrap().clone();
        (found.rate_qps, found.slo_p99_us) = (None, Some(2_000));
        let mut set = run.points[0].clone();
        set.distinct_queries = Some(10);
        run.points = vec![found, set];
        let titles: Vec<String> = curves(&run).into_iter().map(|c| c.frame.title).collect();
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

    #[test]
    fn numbers_at_the_ends_of_lines_do_not_overlap() {
        assert_eq!(
            apart(&[50.0, 10.0, 12.0, 11.0], 14.0),
            [52.0, 10.0, 38.0, 24.0]
        );
        assert_eq!(apart(&[], 14.0), [0.0; 0]);
    }
}
