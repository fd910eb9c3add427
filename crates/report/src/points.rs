//! The tables of operating points: one for people, one for machines.

use annbench_store::results::{BuildRow, LatencyUs, Mode, PointRow, Status};

use crate::{
    Cell, Column, Notes, Quantity, Row, Run, Table, Value,
    builds::{Memory, memory_column},
    front::Fronts,
    lines::{Line, by_point, by_row},
    notes,
    run::params_text,
};

/// A column and how its cells come from a line.
type Spec<'a> = (Column, Box<dyn Fn(&Line<'_>) -> Cell + 'a>);

/// A line a point: its modes side by side, what its index cost, its notes.
pub(crate) fn for_people(run: &Run, notes: &mut Notes) -> Table {
    let fronts = Fronts::of(run);
    let lines = by_point(run);
    let numbers: Vec<Vec<usize>> = lines.iter().map(|line| notes.number(line)).collect();
    let mut specs = vec![
        index().in_group(),
        words("search", "search", |line| first(line, search_text)),
        recall(run.k()),
    ];
    for mode in run.modes() {
        specs.extend(speed_of(mode, &fronts));
    }
    specs.push(build_s(3));
    specs.extend(Memory::TABLE.map(|kind| memory(kind).in_group()));
    let mut table = tabulate(&specs, &lines);
    table.columns.push(Column::words("notes", "note"));
    for (row, numbers) in table.rows.iter_mut().zip(numbers) {
        row.cells.push(notes_cell(numbers));
    }
    table.without_empty_columns()
}

/// A line a point and mode, all that was recorded of it: every column always there.
pub(crate) fn for_machines(run: &Run) -> Table {
    let fronts = Fronts::of(run);
    let mut specs = identity(run);
    specs.push(recall(run.k()));
    specs.push(number("qps", Quantity::PerSecond, |row| {
        Some(row.qps?.value)
    }));
    specs.push(number("qps_low", Quantity::PerSecond, |row| {
        Some(row.qps?.low)
    }));
    specs.push(number("qps_high", Quantity::PerSecond, |row| {
        Some(row.qps?.high)
    }));
    specs.push(words("pareto", "pareto", move |line| {
        first(line, |row| fronts.holds(row).to_string())
    }));
    specs.extend(latencies());
    specs.push(number("n_queries", Quantity::Count, |row| {
        Some(row.n_queries as f64)
    }));
    specs.push(number("rounds", Quantity::Count, |row| {
        Some(row.rounds_s.len() as f64)
    }));
    specs.push(build_s(0));
    specs.push(of_build("train_s", Quantity::Seconds, |build| {
        Some(build.train_s)
    }));
    specs.push(of_build("add_s", Quantity::Seconds, |build| {
        Some(build.add_s)
    }));
    specs.extend(Memory::ALL.map(memory));
    specs.push(words("warnings", "warnings", |line| {
        Cell::text(notes::in_one_text(line))
    }));
    tabulate(&specs, &by_row(run))
}

/// Methods on a spec's column.
trait InGroup {
    fn in_group(self) -> Self;
}

impl InGroup for Spec<'_> {
    fn in_group(self) -> Self {
        (self.0.per_group(), self.1)
    }
}

fn identity(run: &Run) -> Vec<Spec<'_>> {
    let record = &run.record;
    vec![
        words("experiment", "experiment", |_| {
            Cell::text(&record.experiment)
        }),
        words("run_id", "run", |_| Cell::text(&record.run_id)),
        words("dataset", "dataset", |_| Cell::text(&record.dataset.name)),
        number("point", Quantity::Count, |row| Some(row.point as f64)),
        of_build("build", Quantity::Count, |build| Some(build.build as f64)),
        index(),
        words("backend", "backend", |line| {
            with_build(line, |build| build.backend.clone())
        }),
        words("build_params", "build", |line| {
            with_build(line, |build| params_text(&build.effective))
        }),
        words("search_params", "search", |line| {
            first(line, |row| params_text(&row.effective))
        }),
        words("mode", "mode", |line| {
            first(line, |row| row.mode.name().to_owned())
        }),
        number("threads", Quantity::Count, |row| Some(row.threads as f64)),
        number("k", Quantity::Count, |row| Some(row.k as f64)),
        words("status", "status", |line| Cell::text(status(line))),
    ]
}

fn latencies<'a>() -> [Spec<'a>; 5] {
    let latency = |key, pick: fn(LatencyUs) -> Option<f64>| {
        number(key, Quantity::Micros, move |row| pick(row.latency_us?))
    };
    [
        latency("latency_mean_us", |l| Some(l.mean)),
        latency("latency_std_us", |l| Some(l.std)),
        latency("latency_p50_us", |l| Some(l.p50)),
        latency("latency_p95_us", |l| l.p95),
        latency("latency_p99_us", |l| l.p99),
    ]
}

fn tabulate(specs: &[Spec<'_>], lines: &[Line<'_>]) -> Table {
    let row = |line: &Line<'_>| Row {
        group: line.group(),
        cells: specs.iter().map(|(_, cell)| cell(line)).collect(),
    };
    Table {
        columns: specs.iter().map(|(column, _)| column.clone()).collect(),
        rows: lines.iter().map(row).collect(),
    }
}

fn index<'a>() -> Spec<'a> {
    words("index", "index", |line| Cell::text(line.label()))
}

fn recall<'a>(k: usize) -> Spec<'a> {
    let title = format!("recall@{k}");
    let column = Column::numbers("recall_at_k", &title, Quantity::Share);
    (column, Box::new(recall_cell))
}

fn recall_cell(line: &Line<'_>) -> Cell {
    let recall = line.rows.iter().find_map(|row| row.recall);
    let failed = line.build_failed() || line.rows.iter().any(|row| !row.status.is_ok());
    match recall {
        Some(recall) => Value::Interval(recall).into(),
        None if failed => Value::Failed.into(),
        None => Value::Missing.into(),
    }
}

/// The columns of one mode: qps and its interval; in mode single also the latency of a query.
fn speed_of<'a>(mode: Mode, fronts: &'a Fronts) -> Vec<Spec<'a>> {
    let over = mode.name();
    let qps = Column::numbers("qps", "qps", Quantity::PerSecond);
    let qps = qps.expendable(if mode == Mode::Single { 0 } else { 1 });
    let mut specs: Vec<Spec<'a>> = vec![
        (
            qps.over(over),
            Box::new(move |line| qps_cell(line, mode, fronts)),
        ),
        (
            Column::numbers("qps_half_width_percent", "±", Quantity::Percent)
                .over(over)
                .expendable(7),
            Box::new(move |line| Cell::number(of_mode(line, mode).and_then(half_width_percent))),
        ),
    ];
    if mode == Mode::Single {
        specs.push(latency_of(mode, "latency_p50_us", "p50", 4, |l| {
            Some(l.p50)
        }));
        specs.push(latency_of(mode, "latency_p99_us", "p99", 2, |l| l.p99));
    }
    specs
}

fn latency_of<'a>(
    mode: Mode,
    key: &'static str,
    title: &str,
    expendable: u8,
    pick: fn(LatencyUs) -> Option<f64>,
) -> Spec<'a> {
    let column = Column::numbers(key, title, Quantity::Micros);
    let cell = move |line: &Line<'_>| {
        Cell::number(of_mode(line, mode).and_then(|row| pick(row.latency_us?)))
    };
    (
        column.over(mode.name()).expendable(expendable),
        Box::new(cell),
    )
}

fn qps_cell(line: &Line<'_>, mode: Mode, fronts: &Fronts) -> Cell {
    match of_mode(line, mode) {
        Some(row) if !row.status.is_ok() => Value::Failed.into(),
        Some(row) => Cell::number(row.qps.map(|qps| qps.value)).marked(fronts.holds(row)),
        None => Value::Missing.into(),
    }
}

/// The longer arm of the qps interval, in percent of the estimate.
fn half_width_percent(row: &PointRow) -> Option<f64> {
    let qps = row.qps?;
    let arm = (qps.high - qps.value).max(qps.value - qps.low);
    Some(100.0 * arm / qps.value).filter(|percent| percent.is_finite())
}

fn build_s<'a>(expendable: u8) -> Spec<'a> {
    let (column, cell) = of_build("build_s", Quantity::Seconds, |build| Some(build.build_s()));
    let column = Column {
        title: "build".into(),
        ..column
    };
    (column.expendable(expendable).per_group(), cell)
}

fn memory<'a>(kind: Memory) -> Spec<'a> {
    let cell = move |line: &Line<'_>| Cell::number(line.build.and_then(|b| kind.of(&b.memory)));
    (memory_column(kind), Box::new(cell))
}

fn words<'a>(key: &'static str, title: &str, cell: impl Fn(&Line<'_>) -> Cell + 'a) -> Spec<'a> {
    (Column::words(key, title), Box::new(cell))
}

fn number<'a>(
    key: &'static str,
    quantity: Quantity,
    pick: impl Fn(&PointRow) -> Option<f64> + 'a,
) -> Spec<'a> {
    let cell = move |line: &Line<'_>| Cell::number(line.rows.first().and_then(|row| pick(row)));
    (Column::numbers(key, key, quantity), Box::new(cell))
}

/// A number of an index that was built.
fn of_build<'a>(
    key: &'static str,
    quantity: Quantity,
    pick: fn(&BuildRow) -> Option<f64>,
) -> Spec<'a> {
    let cell = move |line: &Line<'_>| {
        let build = line.build.filter(|build| build.status.is_ok());
        Cell::number(build.and_then(pick))
    };
    (Column::numbers(key, key, quantity), Box::new(cell))
}

fn of_mode<'a>(line: &Line<'a>, mode: Mode) -> Option<&'a PointRow> {
    line.rows.iter().copied().find(|row| row.mode == mode)
}

fn first(line: &Line<'_>, text: impl Fn(&PointRow) -> String) -> Cell {
    line.rows
        .first()
        .map_or(Value::Missing.into(), |row| Cell::text(text(row)))
}

fn with_build(line: &Line<'_>, text: impl Fn(&BuildRow) -> String) -> Cell {
    line.build
        .map_or(Value::Missing.into(), |build| Cell::text(text(build)))
}

fn search_text(row: &PointRow) -> String {
    params_text(&row.requested)
}

fn status(line: &Line<'_>) -> &'static str {
    let of_build = line.build.map(|build| &build.status).into_iter();
    let mut statuses = of_build.chain(line.rows.iter().map(|row| &row.status));
    match statuses.any(|status| *status != Status::Ok) {
        true => "failed",
        false => "ok",
    }
}

fn notes_cell(numbers: Vec<usize>) -> Cell {
    match numbers.is_empty() {
        true => Value::Missing.into(),
        false => Value::Notes(numbers).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn people(run: &Run) -> Table {
        for_people(run, &mut Notes::default())
    }

    #[test]
    fn a_run_of_one_mode_has_no_column_of_the_other() {
        let mut run = fixture::run();
        run.points.retain(|point| point.mode == Mode::Single);
        let table = people(&run);
        assert!(table.columns.iter().all(|column| column.over != "batch"));
    }

    #[test]
    fn a_failed_index_says_so_where_its_recall_would_be() {
        let table = people(&fixture::run());
        let recall = table
            .columns
            .iter()
            .position(|c| c.key == "recall_at_k")
            .unwrap();
        let failed = table.rows.iter().find(|row| row.group == 3).unwrap();
        assert_eq!(failed.cells[recall].value, Value::Failed);
    }

    #[test]
    fn machines_get_a_line_for_every_row_and_every_index() {
        let mut run = fixture::run();
        assert_eq!(for_machines(&run).rows.len(), run.points.len() + 1);
        run.points.clear();
        assert_eq!(for_machines(&run).rows.len(), run.builds.len());
    }

    #[test]
    fn a_run_without_rows_has_an_empty_table() {
        let mut run = fixture::run();
        run.points.clear();
        run.builds.clear();
        assert_eq!(people(&run).rows, []);
    }
}
