//! Markdown, as GitHub and most others read it.

use std::fmt::{self, Write};

use crate::{Column, Note, Run, Summary, Table};

/// The run as a page of GitHub-flavoured Markdown.
pub fn markdown(run: &Run) -> String {
    let mut page = String::new();
    // Writing into a `String` cannot fail.
    let _infallible = write_page(&mut page, &Summary::new(run));
    page
}

/// A table alone.
pub(crate) fn table(table: &Table) -> String {
    let mut text = String::new();
    // Writing into a `String` cannot fail.
    let _infallible = write_table(&mut text, table);
    text
}

fn write_page(page: &mut String, summary: &Summary<'_>) -> fmt::Result {
    writeln!(page, "# {}\n", escaped(summary.title))?;
    for alarm in &summary.alarms {
        writeln!(page, "> **{}**\n", note_text(alarm))?;
    }
    writeln!(page, "{}\n", escaped(&summary.decision))?;
    for line in &summary.verdicts {
        writeln!(page, "- {}", escaped(line))?;
    }
    writeln!(page, "\n## Operating points\n")?;
    write_table(page, &summary.points)?;
    writeln!(page, "\n{}", escaped(&summary.legend))?;
    write_sharpness(page, &summary.sharpness)?;
    if !summary.under_load.rows.is_empty() {
        writeln!(page, "\n### Under load\n")?;
        write_table(page, &summary.under_load)?;
    }
    if let Some(legend) = &summary.scaling_legend {
        writeln!(page, "\n### As the base grows\n\n{}\n", escaped(legend))?;
        write_table(page, &summary.scaling)?;
    }
    write_notes(page, summary)?;
    writeln!(page, "\n## Indexes\n")?;
    write_table(page, &summary.builds)?;
    writeln!(page, "\n## Made of\n")?;
    for fact in &summary.facts {
        writeln!(page, "- {}: {}", fact.name, escaped(&fact.value))?;
    }
    Ok(())
}

fn write_sharpness(page: &mut String, sentences: &[String]) -> fmt::Result {
    if !sentences.is_empty() {
        writeln!(page, "\nWhat this run can tell apart:\n")?;
    }
    for sentence in sentences {
        writeln!(page, "- {}", escaped(sentence))?;
    }
    Ok(())
}

fn write_table(page: &mut String, table: &Table) -> fmt::Result {
    let headings = table.columns.iter().map(|column| heading(table, column));
    let rules = table
        .columns
        .iter()
        .map(|column| match column.is_numeric() {
            true => "---:".to_owned(),
            false => ":---".to_owned(),
        });
    write_row(page, headings)?;
    write_row(page, rules)?;
    for row in table.texts() {
        write_row(page, row.iter().map(|text| escaped(text)))?;
    }
    Ok(())
}

fn write_row(page: &mut String, cells: impl Iterator<Item = String>) -> fmt::Result {
    for cell in cells {
        write!(page, "| {cell} ")?;
    }
    writeln!(page, "|")
}

fn write_notes(page: &mut String, summary: &Summary<'_>) -> fmt::Result {
    let notes = &summary.notes;
    if !notes.numbered.is_empty() {
        writeln!(page, "\nNotes to rows:\n")?;
    }
    for (at, note) in notes.numbered.iter().enumerate() {
        writeln!(page, "{}. {}", at + 1, note_text(note))?;
    }
    if !notes.run.is_empty() {
        writeln!(page, "\nNotes to the run:\n")?;
    }
    for note in &notes.run {
        writeln!(page, "- {}", note_text(note))?;
    }
    Ok(())
}

fn heading(table: &Table, column: &Column) -> String {
    let heading = table.heading(column);
    match column.over {
        "" => escaped(&heading),
        over => format!("{over} {}", escaped(&heading)),
    }
}

fn note_text(note: &Note) -> String {
    match note.advice.as_str() {
        "" => escaped(&note.text),
        advice => format!("{}; {}", escaped(&note.text), escaped(advice)),
    }
}

/// Text that means itself: no table cell ends in it, no markup or HTML begins.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '[' | ']' | '|' => safe.extend(['\\', character]),
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
    fn names_cannot_end_a_cell_or_begin_markup() {
        let text = "a|b\n<script>[x](y) `z` *w* & \\";
        let safe = "a\\|b &lt;script>\\[x\\](y) \\`z\\` \\*w\\* &amp; \\\\";
        assert_eq!(escaped(text), safe);
    }
}
