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
    fn cells_stand_under_each_other_and_cannot_steer_the_terminal() {
        let rows = [["a", "größer", "x"], ["long", "b", "\u{1b}[2J"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        assert_eq!(
            columns(&rows),
            ["a     größer  x", "long  b       \u{fffd}[2J"]
        );
    }
}
