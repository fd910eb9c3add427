//! Lines of cells under each other, for small tables that need no units or marks.

use unicode_width::UnicodeWidthStr;

use crate::terminal::clean;

/// Rows of cells as columns with two spaces between them, a line each; nothing in a cell can steer
/// a terminal.
pub fn columns<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let rows: Vec<[String; N]> = rows
        .iter()
        .map(|row| row.each_ref().map(|cell| clean(cell)))
        .collect();
    let width = |at: usize| rows.iter().map(|row| row[at].width()).max();
    let widths: [usize; N] = std::array::from_fn(|at| width(at).unwrap_or_default());
    rows.iter().map(|row| line(row, &widths)).collect()
}

/// The same where it fits into `width`; else each row in lines of its own, what the head calls its
/// cells before all but the first.
pub fn columns_within<const N: usize>(rows: &[[String; N]], width: usize) -> Vec<String> {
    let lines = columns(rows);
    let fits = lines.iter().all(|line| line.width() <= width);
    match rows.split_first() {
        Some((head, rows)) if !fits => rows.iter().flat_map(|row| stacked(head, row)).collect(),
        _ => lines,
    }
}

fn stacked<const N: usize>(head: &[String; N], row: &[String; N]) -> Vec<String> {
    let cells = head.iter().zip(row).enumerate();
    let line = |(at, (head, cell)): (usize, (&String, &String))| match at {
        0 => clean(cell),
        _ => clean(&format!("    {head}: {cell}")),
    };
    cells.map(line).collect()
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, width)| {
        let padding = width.saturating_sub(cell.width());
        format!("{cell}{}", " ".repeat(padding))
    });
    let padded: Vec<String> = padded.collect();
    padded.join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_wide_is_told_cell_by_cell() {
        let rows = [["point", "qps"], ["hnsw \u{1b}", "12,147"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        assert_eq!(columns_within(&rows, 14), columns(&rows));
        assert_eq!(
            columns_within(&rows, 13),
            ["hnsw \u{fffd}", "    qps: 12,147"]
        );
    }

    #[test]
    fn cells_stand_under_each_other_and_cannot_steer_the_terminal() {
        let rows = [["a", "größer", "x"], ["long", "b", "\u{1b}[2J"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        assert_eq!(
            columns(&rows),
            ["a     größer  x", "long  b       \u{fffd}[2J"]
        );
    }
}
