//! Columns together with how their cells come from a line.

use annbench_store::results::{BuildRow, PointRow, Settled};

use crate::{
    Cell, Column, Mark, Notes, Quantity, Row, Table, Value,
    builds::{Memory, memory_column},
    lines::Line,
    tiers::Tiers,
};

/// A column and how its cells come from a line.
pub(super) struct Spec<'a> {
    pub(super) column: Column,
    cell: Box<dyn Fn(&Line<'_>) -> Cell + 'a>,
}

/// The table of the lines.
pub(super) fn tabulate(specs: &[Spec<'_>], lines: &[Line<'_>]) -> Table {
    let row = |line: &Line<'_>| Row {
        group: line.group(),
        cells: specs.iter().map(|spec| (spec.cell)(line)).collect(),
    };
    Table {
        columns: specs.iter().map(|spec| spec.column.clone()).collect(),
        rows: lines.iter().map(row).collect(),
    }
}

/// Adds a column of the numbers that `number` gives each line's notes.
pub(super) fn add_notes(
    table: &mut Table,
    lines: &[Line<'_>],
    notes: &mut Notes,
    number: fn(&mut Notes, &Line<'_>) -> Vec<usize>,
) {
    table.columns.push(Column::words("notes", "note"));
    for (row, line) in table.rows.iter_mut().zip(lines) {
        let numbers = number(notes, line);
        row.cells.push(match numbers.is_empty() {
            true => Value::Missing.into(),
            false => Value::Notes(numbers).into(),
        });
    }
}

impl<'a> Spec<'a> {
    pub(super) fn new(column: Column, cell: impl Fn(&Line<'_>) -> Cell + 'a) -> Self {
        Self {
            column,
            cell: Box::new(cell),
        }
    }

    /// Words of a line.
    pub(super) fn words(key: &'static str, text: impl Fn(&Line<'_>) -> String + 'a) -> Self {
        Self::new(Column::words(key, key), move |line| Cell::text(text(line)))
    }

    /// Words of a line's first row.
    pub(super) fn row_words(key: &'static str, text: impl Fn(&PointRow) -> String + 'a) -> Self {
        Self::words(key, move |line| {
            line.rows.first().map(|row| text(row)).unwrap_or_default()
        })
    }

    /// A number of a line's first row.
    pub(super) fn row_number(
        key: &'static str,
        quantity: Quantity,
        number: impl Fn(&PointRow) -> Option<f64> + 'a,
    ) -> Self {
        Self::new(Column::numbers(key, key, quantity), move |line| {
            Cell::number(line.rows.first().and_then(|row| number(row)))
        })
    }

    /// Words of a line's index.
    pub(super) fn build_words(key: &'static str, text: fn(&BuildRow) -> String) -> Self {
        Self::words(key, move |line| line.build.map(text).unwrap_or_default())
    }

    /// A time of a line's index, in seconds; none if it failed.
    pub(super) fn build_seconds(key: &'static str, seconds: fn(&BuildRow) -> f64) -> Self {
        let column = Column::numbers(key, key, Quantity::Seconds);
        Self::new(column, move |line| {
            let build = line.build.filter(|build| build.status.is_ok());
            Cell::number(build.map(seconds))
        })
    }

    /// The memory of a line's index.
    pub(super) fn memory(kind: Memory) -> Self {
        Self::new(memory_column(kind), move |line| {
            Cell::number(line.build.and_then(|build| kind.of(&build.memory)))
        })
    }

    /// What the table calls a line's index.
    pub(super) fn index() -> Self {
        Self::words("index", |line| line.label().to_owned())
    }

    /// A latency in microseconds.
    pub(super) fn latency(
        key: &'static str,
        title: &str,
        latency: impl Fn(&Line<'_>) -> Option<f64> + 'a,
    ) -> Self {
        let column = Column::numbers(key, title, Quantity::Micros);
        Self::new(column, move |line| Cell::number(latency(line)))
    }

    /// A half-width of a line's qps, marked where the budget was spent before it was narrow.
    pub(super) fn half_width(row: impl for<'l> Fn(&Line<'l>) -> Option<&'l PointRow> + 'a) -> Self {
        let column = Column::numbers("qps_half_width_percent", "±", Quantity::Percent);
        Self::new(column, move |line| {
            row(line).map_or_else(|| Value::Missing.into(), half_width_cell)
        })
    }

    /// A line's recall@k with its interval; whether it failed instead.
    pub(super) fn recall(k: usize) -> Self {
        let title = format!("recall@{k}");
        let column = Column::numbers("recall_at_k", &title, Quantity::Share);
        Self::new(column, recall_cell)
    }

    /// The same with its column changed.
    pub(super) fn with(self, change: impl FnOnce(Column) -> Column) -> Self {
        Self {
            column: change(self.column),
            ..self
        }
    }
}

fn half_width_cell(row: &PointRow) -> Cell {
    let is_wide = row.settled == Some(Settled::Budget);
    let percent = half_width_percent(row);
    let mark = percent.filter(|_| is_wide).map(|_| Mark::Wide);
    Cell::number(percent).marked(mark)
}

/// The longer arm of the qps interval, in percent of the estimate.
fn half_width_percent(row: &PointRow) -> Option<f64> {
    let qps = row.qps?;
    let arm = (qps.high - qps.value).max(qps.value - qps.low);
    Some(100.0 * arm / qps.value).filter(|percent| percent.is_finite())
}

/// What a row's qps reads as, marked by where its point stands.
pub(super) fn qps_cell(row: &PointRow, tiers: &Tiers) -> Cell {
    if !row.status.is_ok() {
        return Value::Failed.into();
    }
    let tier = tiers.of_point(row);
    Cell::number(row.qps.map(|qps| qps.value)).marked(tier.and_then(Mark::of))
}

fn recall_cell(line: &Line<'_>) -> Cell {
    let recall = line.rows.iter().find_map(|row| row.recall);
    match recall {
        Some(recall) => Value::Interval(recall).into(),
        None if line.has_failed() => Value::Failed.into(),
        None => Value::Missing.into(),
    }
}
