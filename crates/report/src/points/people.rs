//! A line a point: its main loads side by side, what its index cost, its notes.

use annbench_store::results::{LatencyUs, Mode, PointRow};

use super::spec::{Spec, add_notes, qps_cell, tabulate};
use crate::{
    Column, Notes, Quantity, Run, Table, Value,
    builds::Memory,
    lines::{Line, by_point},
    repay::repay_cell,
    run::params_text,
    tiers::Tiers,
};

/// The table people read; what there is to say of its rows is added to `notes`.
pub(crate) fn for_people(run: &Run, notes: &mut Notes) -> Table {
    let tiers = Tiers::of(run);
    let lines = by_point(run);
    let mut specs = vec![
        Spec::index().with(Column::per_group),
        Spec::row_words("search", |row| params_text(&row.requested)),
        Spec::recall(run.k()),
    ];
    for load in run.main_loads() {
        specs.extend(speed(load.mode, &tiers));
    }
    specs.push(build());
    let memory = Memory::BESIDE_POINTS.map(Spec::memory);
    specs.extend(memory.map(|spec| spec.with(Column::per_group)));
    let mut table = tabulate(&specs, &lines);
    add_notes(&mut table, &lines, notes, Notes::number);
    table.without_empty_columns()
}

/// The columns of one mode: qps with its interval and, where a query has one, its latency.
fn speed<'a>(mode: Mode, tiers: &'a Tiers) -> Vec<Spec<'a>> {
    let qps = Column::numbers("qps", "qps", Quantity::PerSecond).over(mode.name());
    let qps = qps.expendable(if mode == Mode::Batch { 1 } else { 0 });
    let cell = move |line: &Line<'_>| match of_mode(line, mode) {
        Some(row) => qps_cell(row, tiers),
        None => Value::Missing.into(),
    };
    let half_width = Spec::half_width(move |line| of_mode(line, mode));
    let mut specs = vec![
        Spec::new(qps, cell),
        half_width.with(|column| {
            let expendable = if mode == Mode::Batch { 4 } else { 3 };
            column.over(mode.name()).expendable(expendable)
        }),
    ];
    if mode.times_queries() {
        // One query at a time, the median says again what qps says.
        specs.push(latency(mode, "latency_p50_us", "p50", 6, |l| Some(l.p50)));
        specs.push(latency(mode, "latency_p99_us", "p99", 2, |l| l.p99));
    }
    specs.push(repay(mode));
    specs
}

/// Queries after which the index has taken no longer than exact search, its build included.
fn repay<'a>(mode: Mode) -> Spec<'a> {
    let column = Column::numbers("repay_queries", "repaid after", Quantity::Count);
    let spec = Spec::new(column, move |line| {
        let row = of_mode(line, mode);
        repay_cell(row.and_then(|row| row.repay), "never")
    });
    spec.with(|column| column.over(mode.name()).expendable(10))
}

/// A latency of single queries.
fn latency<'a>(
    mode: Mode,
    key: &'static str,
    title: &'static str,
    expendable: u8,
    pick: fn(LatencyUs) -> Option<f64>,
) -> Spec<'a> {
    let spec = Spec::latency(key, title, move |line| {
        pick(of_mode(line, mode)?.latency_us?)
    });
    spec.with(|column| column.over(mode.name()).expendable(expendable))
}

fn build<'a>() -> Spec<'a> {
    Spec::build_seconds("build_s", |build| build.build_s()).with(|column| Column {
        title: "build".to_owned(),
        // The table of indexes says it again.
        ..column.expendable(4).per_group()
    })
}

fn of_mode<'a>(line: &Line<'a>, mode: Mode) -> Option<&'a PointRow> {
    line.rows.iter().copied().find(|row| row.mode == mode)
}

#[cfg(test)]
mod tests {
    use annbench_store::results::Settled;

    use super::*;
    use crate::{Mark, fixture};

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
    fn an_interval_still_wide_when_the_budget_was_spent_is_marked() {
        let run = fixture::run();
        let table = table(&run);
        let wide = |row: &&crate::Row| row.cells.iter().any(|cell| cell.mark == Some(Mark::Wide));
        assert_eq!(table.rows.iter().filter(wide).count(), 1);
        let budget = |row: &&PointRow| row.settled == Some(Settled::Budget);
        assert_eq!(run.points.iter().filter(budget).count(), 1);
    }

    #[test]
    fn the_fewer_threads_of_a_batch_stand_in_no_column() {
        let run = fixture::run();
        let row = |threads| {
            let rows = run.points.iter();
            let of_batch = rows.filter(|row| row.mode == Mode::Batch && row.point == 5);
            of_batch.into_iter().find(|row| row.threads == threads)
        };
        let table = table(&run);
        let column = table
            .columns
            .iter()
            .position(|c| (c.over, c.key) == ("batch", "qps"));
        let shown: Vec<Value> = table
            .rows
            .iter()
            .map(|r| r.cells[column.unwrap()].value.clone())
            .collect();
        let value = |row: Option<&PointRow>| Value::Number(row.unwrap().qps.unwrap().value);
        assert!(shown.contains(&value(row(2))));
        assert!(!shown.contains(&value(row(1))));
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
