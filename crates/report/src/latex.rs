//! LaTeX tables, for papers.

use std::fmt::{self, Write};

use crate::{Cell, Column, Mark, Part, Run, Summary, Table};

/// The operating points and the indexes as LaTeX tables, in the rules of the package `booktabs`.
/// Points on the Pareto front are set in bold.
pub fn latex(run: &Run) -> String {
    let summary = Summary::new(run);
    let tables = Part::ALL.map(|part| (part, part.of(&summary)));
    let full = tables
        .into_iter()
        .filter(|(_, table)| !table.rows.is_empty());
    let alone = full.map(|(part, table)| floating(table, part, summary.title));
    NEEDS.to_owned() + &alone.collect::<String>()
}

/// What a document must load.
const NEEDS: &str = "% needs \\usepackage{booktabs}\n";

/// A table alone, of the run called `title`.
pub(crate) fn table(table: &Table, part: Part, title: &str) -> String {
    NEEDS.to_owned() + &floating(table, part, title)
}

fn floating(table: &Table, part: Part, title: &str) -> String {
    let mut text = String::new();
    let has_front = table.rows.iter().flat_map(|row| &row.cells).any(is_front);
    let bold = if has_front {
        "; bold: on the Pareto front"
    } else {
        ""
    };
    let caption = format!("{}: {title}{bold}", part.title());
    // Writing into a `String` cannot fail.
    let _infallible = write_table(&mut text, table, &caption);
    text
}

fn write_table(text: &mut String, table: &Table, caption: &str) -> fmt::Result {
    let shown: Vec<usize> = shown_columns(table);
    let columns = || shown.iter().map(|at| &table.columns[*at]);
    let alignment: String = columns()
        .map(|c| if c.is_numeric() { 'r' } else { 'l' })
        .collect();
    let headings = columns().map(|column| escaped(&heading(table, column)));
    writeln!(
        text,
        "\\begin{{table}}\n  \\centering\n  \\caption{{{}}}",
        escaped(caption)
    )?;
    writeln!(text, "  \\begin{{tabular}}{{{alignment}}}\n    \\toprule")?;
    write_row(text, headings)?;
    writeln!(text, "    \\midrule")?;
    for (row, texts) in table.rows.iter().zip(table.texts()) {
        let cells = shown
            .iter()
            .map(|at| cell(&texts[*at], row.cells[*at].mark));
        write_row(text, cells)?;
    }
    writeln!(text, "    \\bottomrule\n  \\end{{tabular}}\n\\end{{table}}")
}

fn is_front(cell: &Cell) -> bool {
    cell.mark == Some(Mark::Front)
}

/// All but the numbers of notes, which stand nowhere in a paper.
fn shown_columns(table: &Table) -> Vec<usize> {
    let all = table.columns.iter().enumerate();
    let shown = all.filter(|(_, column)| column.key != "notes");
    shown.map(|(at, _)| at).collect()
}

fn heading(table: &Table, column: &Column) -> String {
    format!("{} {}", column.over, table.heading(column))
        .trim()
        .to_owned()
}

fn write_row(text: &mut String, cells: impl Iterator<Item = String>) -> fmt::Result {
    writeln!(text, "    {} \\\\", cells.collect::<Vec<_>>().join(" & "))
}

fn cell(text: &str, mark: Option<Mark>) -> String {
    let sign = mark.map_or("", Mark::sign);
    let bare = escaped(text.strip_prefix(sign).unwrap_or(text));
    match mark {
        Some(Mark::Front) => format!("\\textbf{{{bare}}}"),
        _ => bare,
    }
}

/// Text that means itself to LaTeX.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => safe.push_str("\\textbackslash{}"),
            // After the end of a row it would begin an argument of that end.
            '[' => safe.push_str("{[}"),
            '~' => safe.push_str("\\textasciitilde{}"),
            '^' => safe.push_str("\\textasciicircum{}"),
            '<' => safe.push_str("\\textless{}"),
            '>' => safe.push_str("\\textgreater{}"),
            '|' => safe.push_str("\\textbar{}"),
            '"' => safe.push_str("\\textquotedbl{}"),
            '±' => safe.push_str("$\\pm$"),
            'µ' => safe.push_str("$\\mu$"),
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => safe.extend(['\\', character]),
            control if control.is_control() => safe.push(' '),
            plain => safe.push(plain),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_command() {
        let text = "\\input{/etc} $x$ 5% a_b & #";
        let safe = "\\textbackslash{}input\\{/etc\\} \\$x\\$ 5\\% a\\_b \\& \\#";
        assert_eq!(escaped(text), safe);
        assert_eq!(
            escaped("[2cm] x"),
            "{[}2cm] x",
            "no argument of the row above"
        );
    }
}
