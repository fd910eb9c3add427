//! Comma-separated values: every row unrounded, for spreadsheets and scripts.

use crate::{Cell, Column, ExportError, Quantity, Run, Table, Value, points};

/// A line for each operating point and load, and for each index that has none; lines end in `\n`.
///
/// Names end in units, numbers are unrounded, intervals are three columns (`qps`, `qps_low`,
/// `qps_high`), what is missing is empty. A text that a spreadsheet would take for a formula is
/// led by an apostrophe.
///
/// # Source
/// OWASP, "CSV Injection", for the characters that begin a formula.
///
/// # Errors
/// [`ExportError`] if the writer fails, which no run is known to cause.
pub fn csv(run: &Run) -> Result<String, ExportError> {
    table(&points::for_machines(run), |column| column.key.to_owned())
}

/// A table under the names that `name` gives its columns; the numbers of notes are empty.
pub(crate) fn table(table: &Table, name: fn(&Column) -> String) -> Result<String, ExportError> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let heads = table.columns.iter();
    writer.write_record(heads.flat_map(|column| names(column, name(column))))?;
    for row in &table.rows {
        let cells = table.columns.iter().zip(&row.cells);
        writer.write_record(cells.flat_map(|(column, cell)| fields(column, cell)))?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| ::csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8(bytes)?)
}

fn names(column: &Column, name: String) -> Vec<String> {
    match column.quantity {
        Quantity::Share => vec![name.clone(), format!("{name}_low"), format!("{name}_high")],
        _ => vec![name],
    }
}

fn fields(column: &Column, cell: &Cell) -> Vec<String> {
    match &cell.value {
        Value::Interval(e) => [e.value, e.low, e.high].map(exact).to_vec(),
        // A share of which no interval is known.
        Value::Number(share) if column.quantity == Quantity::Share => {
            vec![exact(*share), String::new(), String::new()]
        }
        _ if column.quantity == Quantity::Share => vec![String::new(); 3],
        Value::Missing | Value::Failed => vec![String::new()],
        Value::Text(text) => vec![no_formula(text)],
        Value::Number(number) => vec![exact(*number)],
        Value::Notes(_) => vec![String::new()],
    }
}

/// The shortest text that reads back as the same number; empty for what is none.
fn exact(number: f64) -> String {
    match number.is_finite() {
        true => number.to_string(),
        false => String::new(),
    }
}

fn no_formula(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    format!("{}{text}", if formula { "'" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn read(run: &Run) -> Vec<Vec<String>> {
        let text = csv(run).unwrap();
        let mut reader = ::csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes());
        let records = reader.records().map(|record| record.unwrap());
        records
            .map(|r| r.iter().map(str::to_owned).collect())
            .collect()
    }

    #[test]
    fn numbers_read_back_as_they_were() {
        let run = fixture::run();
        let records = read(&run);
        let at = |name: &str| records[0].iter().position(|n| n == name).unwrap();
        let (qps, low) = (at("qps"), at("recall_at_k_low"));
        for (row, record) in run.points.iter().zip(&records[1..]) {
            assert_eq!(record[qps].parse().ok(), row.qps.map(|e| e.value));
            assert_eq!(record[low].parse().ok(), row.recall.map(|e| e.low));
        }
    }

    #[test]
    fn awkward_names_neither_break_lines_nor_calculate() {
        let mut run = fixture::run();
        run.record.experiment = "=cmd|' /C calc'!A0".into();
        run.record.dataset.name = "a, \"b\"\nc".into();
        let records = read(&run);
        assert_eq!(records[1][0], "'=cmd|' /C calc'!A0");
        assert_eq!(records[1][2], "a, \"b\"\nc");
    }
}
