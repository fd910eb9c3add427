//! The one model of a table that every output lays out.

use annbench_store::results::{Estimate, Tier};

use crate::numbers::{Quantity, Scale, share, share_arm};

/// Columns and rows, before anybody has chosen how they look.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows; each has a cell for every column.
    pub rows: Vec<Row>,
}

/// What a column is called and what it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name for machines, ending in the unit of its numbers: `latency_p50_us`.
    pub key: &'static str,
    /// What it belongs to, such as the mode; empty where it stands for itself.
    pub over: &'static str,
    /// Its name for people; the unit is added by [`Table::heading`].
    pub title: String,
    /// What its numbers measure.
    pub quantity: Quantity,
    /// Whether its cells are the same for all rows of a group.
    pub per_group: bool,
    /// How soon it goes where there is no room: 0 stays, larger goes earlier.
    pub expendable: u8,
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Rows of one group stand together: the points of one index.
    pub group: usize,
    /// A cell for every column.
    pub cells: Vec<Cell>,
}

/// A value, marked or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The value.
    pub value: Value,
    /// What is to be seen of it at a glance.
    pub mark: Option<Mark>,
}

/// What is to be seen of a value at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The qps of a point on the Pareto front of its load.
    Front,
    /// The qps of a point tied with that front.
    Tied,
    /// An interval wider than was asked for.
    Wide,
}

impl Mark {
    /// The mark of a point's qps.
    pub fn of(tier: Tier) -> Option<Self> {
        match tier {
            Tier::Front => Some(Self::Front),
            Tier::Tied => Some(Self::Tied),
            Tier::Beaten => None,
        }
    }

    /// What stands before the value.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Front => "● ",
            Self::Tied => "○ ",
            Self::Wide => "*",
        }
    }
}

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing was measured, or it does not apply.
    Missing,
    /// Nothing was measured for a reason that a note gives.
    Failed,
    /// Words.
    Text(String),
    /// A number in the unit of the column's quantity.
    Number(f64),
    /// A share with its interval.
    Interval(Estimate),
    /// Numbers of notes.
    Notes(Vec<usize>),
}

impl Cell {
    /// Words; none for an empty text.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() {
            return Value::Missing.into();
        }
        Value::Text(text).into()
    }

    /// A number, if there is one.
    pub fn number(number: Option<f64>) -> Self {
        number.map_or(Value::Missing, Value::Number).into()
    }

    /// The same cell, marked or not.
    #[must_use]
    pub fn marked(self, mark: Option<Mark>) -> Self {
        Self { mark, ..self }
    }

    /// What a sort goes by: the number, or the estimate of an interval.
    pub fn sort_value(&self) -> Option<f64> {
        match &self.value {
            Value::Number(number) => Some(*number),
            Value::Interval(estimate) => Some(estimate.value),
            _ => None,
        }
    }
}

impl From<Value> for Cell {
    fn from(value: Value) -> Self {
        Self { value, mark: None }
    }
}

impl Column {
    /// A column of words that stays.
    pub fn words(key: &'static str, title: &str) -> Self {
        Self::numbers(key, title, Quantity::Text)
    }

    /// A column of numbers that stays.
    pub fn numbers(key: &'static str, title: &str, quantity: Quantity) -> Self {
        Self {
            key,
            over: "",
            title: title.to_owned(),
            quantity,
            per_group: false,
            expendable: 0,
        }
    }

    /// The same column, belonging to something.
    #[must_use]
    pub fn over(self, over: &'static str) -> Self {
        Self { over, ..self }
    }

    /// The same column, one value a group.
    #[must_use]
    pub fn per_group(self) -> Self {
        Self {
            per_group: true,
            ..self
        }
    }

    /// The same column, going `expendable`-th where there is no room.
    #[must_use]
    pub fn expendable(self, expendable: u8) -> Self {
        Self { expendable, ..self }
    }

    /// Whether its cells line up at their right end.
    pub fn is_numeric(&self) -> bool {
        self.quantity != Quantity::Text
    }
}

impl Table {
    /// The cells of all rows as people read them, in the order of rows and columns.
    pub fn texts(&self) -> Vec<Vec<String>> {
        let scales: Vec<Scale> = self.columns.iter().map(|c| self.scale(c)).collect();
        let text = |row: &Row| {
            let cells = row.cells.iter().zip(&scales);
            cells.map(|(cell, scale)| cell_text(cell, *scale)).collect()
        };
        self.rows.iter().map(text).collect()
    }

    /// A column's title with the unit of its numbers: `p50 µs`.
    pub fn heading(&self, column: &Column) -> String {
        match self.scale(column).unit {
            "" => column.title.clone(),
            unit => format!("{} {unit}", column.title),
        }
    }

    /// Whether a cell has the mark.
    pub(crate) fn shows(&self, mark: Mark) -> bool {
        let mut cells = self.rows.iter().flat_map(|row| &row.cells);
        cells.any(|cell| cell.mark == Some(mark))
    }

    /// The table without the columns that hold nothing.
    #[must_use]
    pub fn without_empty_columns(mut self) -> Self {
        let is_full = |at: usize| {
            self.rows
                .iter()
                .any(|row| row.cells[at].value != Value::Missing)
        };
        let keep: Vec<bool> = (0..self.columns.len()).map(is_full).collect();
        retain(&mut self.columns, &keep);
        for row in &mut self.rows {
            retain(&mut row.cells, &keep);
        }
        self
    }

    /// Columns of one quantity share a scale, so that p50 and p99 compare at a glance.
    fn scale(&self, column: &Column) -> Scale {
        let alike = |at: &usize| self.columns[*at].quantity == column.quantity;
        let columns: Vec<usize> = (0..self.columns.len()).filter(alike).collect();
        let numbers = |row: &Row| -> Vec<f64> {
            let cells = columns.iter().map(|at| &row.cells[*at]);
            cells.filter_map(Cell::sort_value).collect()
        };
        let values: Vec<f64> = self.rows.iter().flat_map(numbers).collect();
        Scale::fit(column.quantity, &values)
    }
}

fn cell_text(cell: &Cell, scale: Scale) -> String {
    let mark = cell.mark.map_or("", Mark::sign);
    let text = match &cell.value {
        Value::Missing => "–".to_owned(),
        Value::Failed => "failed".to_owned(),
        Value::Text(text) => text.clone(),
        Value::Number(number) => scale.write(*number),
        Value::Interval(e) => format!("{} {}", share(e.value), share_arm(e.value, e.low, e.high)),
        Value::Notes(numbers) => joined(numbers),
    };
    format!("{mark}{text}")
}

fn joined(numbers: &[usize]) -> String {
    let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
    numbers.join(" ")
}

fn retain<T>(items: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    items.retain(|_| keep.next().is_none_or(|keep| *keep));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: Vec<Column>, cells: Vec<Vec<Cell>>) -> Table {
        let rows = cells.into_iter().map(|cells| Row { group: 0, cells });
        Table {
            columns,
            rows: rows.collect(),
        }
    }

    #[test]
    fn columns_of_one_quantity_share_their_unit() {
        let columns = vec![
            Column::numbers("latency_p50_us", "p50", Quantity::Micros),
            Column::numbers("latency_p99_us", "p99", Quantity::Micros),
        ];
        let cells = vec![vec![
            Cell::number(Some(900.0)),
            Cell::number(Some(40_000.0)),
        ]];
        let table = table(columns, cells);
        assert_eq!(table.heading(&table.columns[1]), "p99 µs");
        assert_eq!(table.texts(), [["900", "40,000"]]);
    }

    #[test]
    fn a_column_of_nothing_goes() {
        let columns = vec![Column::words("a", "a"), Column::words("b", "b")];
        let cells = vec![vec![
            Cell::text(""),
            Cell::text("x").marked(Some(Mark::Tied)),
        ]];
        let table = table(columns, cells).without_empty_columns();
        assert_eq!(table.columns[0].key, "b");
        assert_eq!(table.texts(), [["○ x"]]);
    }
}
