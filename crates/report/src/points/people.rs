//! A line a point: its modes side by side, what its index cost, its notes.

use annbench_store::results::{LatencyUs, Mode, PointRow};

use super::spec::{Spec, tabulate};
use crate::{
    Cell, Column, Notes, Quantity, Run, Table, Value,
    builds::Memory,
    front::Fronts,
    lines::{Line, by_point},
    run::params_text,
};

/// The table people read; what there is to say of its rows is added to `notes`.
pub(crate) fn for_people(run: &Run, notes: &mut Notes) -> Table {
    let fronts = Fronts::of(run);
    let lines = by_point(run);
    let mut specs = vec![
        Spec::index().with(Column::per_group),
        Spec::row_words("search", |row| params_text(&row.requested)),
        Spec::recall(run.k()),
    ];
    for mode in run.modes() {
        specs.extend(speed(mode, &fronts));
    }
    specs.push(build());
    let memory = Memory::BESIDE_POINTS.map(Spec::memory);
    specs.extend(memory.map(|spec| spec.with(Column::per_group)));
    let mut table = tabulate(&specs, &lines);
    add_notes(&mut table, &lines, notes);
    table.without_empty_columns()
}

/// The columns of one mode: qps and its interval; in mode single also the latency of a query.
fn speed<'a>(mode: Mode, fronts: &'a Fronts) -> Vec<Spec<'a>> {
    let qps = Column::numbers("qps", "qps", Quantity::PerSecond).over(mode.name());
    let qps = qps.expendable(if mode == Mode::Single { 0 } else { 1 });
    let half_width = Column::numbers("qps_half_width_percent", "±", Quantity::Percent);
    let half_width = half_width.over(mode.name()).expendable(7);
    let mut specs = vec![
        Spec::new(qps, move |line| qps_cell(line, mode, fronts)),
        Spec::new(half_width, move |line| {
            Cell::number(of_mode(line, mode).and_then(half_width_percent))
        }),
    ];
    if mode == Mode::Single {
        specs.push(latency("latency_p50_us", "p50", 4, |l| Some(l.p50)));
        specs.push(latency("latency_p99_us", "p99", 2, |l| l.p99));
    }
    specs
}

/// A latency of single queries.
fn latency<'a>(
    key: &'static str,
    title: &str,
    expendable: u8,
    pick: fn(LatencyUs) -> Option<f64>,
) -> Spec<'a> {
    let column = Column::numbers(key, title, Quantity::Micros);
    let column = column.over(Mode::Single.name()).expendable(expendable);
    Spec::new(column, move |line| {
        Cell::number(of_mode(line, Mode::Single).and_then(|row| pick(row.latency_us?)))
    })
}

fn build<'a>() -> Spec<'a> {
    Spec::build_seconds("build_s", |build| build.build_s()).with(|column| Column {
        title: "build".to_owned(),
        ..column.expendable(3).per_group()
    })
}

fn add_notes(table: &mut Table, lines: &[Line<'_>], notes: &mut Notes) {
    table.columns.push(Column::words("notes", "note"));
    for (row, line) in table.rows.iter_mut().zip(lines) {
        let numbers = notes.number(line);
        row.cells.push(match numbers.is_empty() {
            true => Value::Missing.into(),
            false => Value::Notes(numbers).into(),
        });
    }
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

fn of_mode<'a>(line: &Line<'a>, mode: Mode) -> Option<&'a PointRow> {
    line.rows.iter().copied().find(|row| row.mode == mode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn table(run: &Run) -> Table {
        for_people(run, &mut Notes::default())
    }

    #[test]
    fn a_run_of_one_mode_has_no_column_of_the_other() {
        let mut run = fixture::run();
        run.points.retain(|point| point.mode == Mode::Single);
        let table = table(&run);
        assert!(table.columns.iter().all(|column| column.over != "batch"));
        assert!(table.columns.iter().any(|column| column.over == "single"));
    }

    #[test]
    fn a_failed_index_says_so_where_its_recall_would_be() {
        let table = table(&fixture::run());
        let recall = table.columns.iter().position(|c| c.key == "recall_at_k");
        let failed = table.rows.iter().find(|row| row.group == 3).unwrap();
        assert_eq!(failed.cells[recall.unwrap()].value, Value::Failed);
    }

    #[test]
    fn a_run_without_rows_has_an_empty_table() {
        let mut run = fixture::run();
        run.points.clear();
        run.builds.clear();
        assert_eq!(table(&run).rows, []);
    }
}
