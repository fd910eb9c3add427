//! A line a row of the loads that verdicts are not given for: batches of fewer threads, clients,
//! arrivals at a rate or at the highest there is, a few queries over and over, a cold start.

use annbench_store::results::{ColdStart, LatencyUs, PointRow};

use super::spec::{Spec, add_notes, qps_cell, tabulate};
use crate::{
    Cell, Column, Notes, Quantity, Run, Table, Value,
    lines::{Line, under_load as lines_under_load},
    run::params_text,
    tiers::Tiers,
};

/// The table people read of the other loads; without rows where there are none. What there is to
/// say of its rows is added to `notes`.
pub(crate) fn under_load(run: &Run, notes: &mut Notes) -> Table {
    let tiers = Tiers::of(run);
    let lines = lines_under_load(run);
    let half_width = Spec::half_width(only_row);
    let specs = [
        Spec::index().with(Column::per_group),
        Spec::row_words("search", |row| params_text(&row.requested)),
        Spec::row_words("load", |row| row.load().to_string()),
        qps(&tiers),
        half_width.with(|column| column.expendable(9)),
        latency("latency_p50_us", "p50", |l| Some(l.p50)).with(|column| column.expendable(10)),
        latency("latency_p99_us", "p99", |l| l.p99),
        cold("load_s", "load", Quantity::Seconds, |cold| cold.load_s),
        cold("first_query_us", "first", Quantity::Micros, |cold| {
            cold.first_query_us
        }),
    ];
    let mut table = tabulate(&specs, &lines);
    add_notes(&mut table, &lines, notes, Notes::number_of_rows);
    table.without_empty_columns()
}

fn qps(tiers: &Tiers) -> Spec<'_> {
    let column = Column::numbers("qps", "qps", Quantity::PerSecond);
    Spec::new(column, |line| match only_row(line) {
        // All that keep up with a given rate are equally fast: no front is worth a mark.
        Some(row) if row.rate_qps.is_some() => qps_cell(row, tiers).marked(None),
        Some(row) => qps_cell(row, tiers),
        None => Value::Missing.into(),
    })
}

/// A latency of single queries; a batch has none.
fn latency<'a>(
    key: &'static str,
    title: &'static str,
    pick: fn(LatencyUs) -> Option<f64>,
) -> Spec<'a> {
    Spec::latency(key, title, move |line| {
        let row = only_row(line).filter(|row| row.mode.times_queries());
        pick(row?.latency_us?)
    })
}

/// What a start took.
fn cold<'a>(
    key: &'static str,
    title: &'static str,
    quantity: Quantity,
    pick: fn(ColdStart) -> f64,
) -> Spec<'a> {
    Spec::new(Column::numbers(key, title, quantity), move |line| {
        Cell::number(only_row(line).and_then(|row| row.cold).map(pick))
    })
}

fn only_row<'a>(line: &Line<'a>) -> Option<&'a PointRow> {
    line.rows.first().copied()
}

#[cfg(test)]
mod tests {
    use annbench_store::results::Mode;

    use super::*;
    use crate::{Mark, fixture};

    fn table(run: &Run) -> Table {
        under_load(run, &mut Notes::default())
    }

    fn cells(run: &Run, key: &str) -> Vec<Value> {
        let table = table(run);
        let at = table.columns.iter().position(|column| column.key == key);
        let rows = table.rows.into_iter();
        rows.map(|row| row.cells[at.unwrap()].value.clone())
            .collect()
    }

    #[test]
    fn a_run_of_main_loads_alone_has_no_such_table() {
        let mut run = fixture::run();
        let main = run.main_loads();
        run.points.retain(|row| main.contains(&row.load()));
        assert_eq!(table(&run).rows, []);
    }

    #[test]
    fn a_cold_start_and_a_highest_rate_have_their_figures() {
        let mut run = fixture::run();
        assert!(
            table(&run)
                .columns
                .iter()
                .all(|column| column.key != "load_s")
        );
        let last = run.points.iter_mut().rfind(|row| row.rate_qps.is_some());
        let found = last.unwrap();
        (found.rate_qps, found.slo_p99_us) = (None, Some(1_500));
        let mut cold = found.clone();
        (cold.mode, cold.slo_p99_us, cold.threads) = (Mode::Cold, None, 1);
        cold.cold = Some(ColdStart {
            load_s: 0.25,
            first_query_us: 900.0,
            read_bytes: None,
        });
        run.points.push(cold);
        let texts = |key| -> Vec<Value> { cells(&run, key) };
        assert!(texts("load_s").contains(&Value::Number(0.25)));
        assert!(texts("first_query_us").contains(&Value::Number(900.0)));
        let load = Value::Text("open_loop, p99<1.5ms, 2 threads".into());
        assert!(texts("load").contains(&load), "{:?}", texts("load"));
    }

    #[test]
    fn a_batch_has_no_latency_of_a_query() {
        let p50 = cells(&fixture::run(), "latency_p50_us");
        assert_eq!(p50[0], Value::Missing);
        assert!(p50[1..].iter().all(|value| *value != Value::Missing));
    }

    #[test]
    fn nothing_is_on_a_front_at_a_given_rate() {
        let mut run = fixture::run();
        assert!(table(&run).shows(Mark::Front));
        run.points
            .retain(|row| row.mode != Mode::Concurrent && row.threads != 1);
        assert_eq!(table(&run).rows.len(), 1);
        assert!(!table(&run).shows(Mark::Front));
    }
}
