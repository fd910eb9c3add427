//! A table in HTML, sortable by its headings.

use maud::{Markup, html};

use crate::{Cell, Column, Mark, Table, Value, csv, export::qualified};

/// Words longer than this are broken into lines.
const LONG: usize = 60;

/// The table, scrolling sideways where it is too wide, with a button for it as CSV; `name` is read
/// to those who cannot see it, and with the run's `title` names the file.
pub(super) fn grid(table: &Table, name: &str, title: &str) -> Markup {
    grid_named(table, name, title, qualified)
}

/// The same with other names for the columns of the CSV.
pub(super) fn grid_named(
    table: &Table,
    name: &str,
    title: &str,
    column_name: fn(&Column) -> String,
) -> Markup {
    html! {
        (visible(table, name))
        @if let Ok(text) = csv::table(table, column_name) {
            p.csv {
                button type="button" data-file={ (file_name(title)) "-" (file_name(name)) ".csv" }
                    aria-label={ "Download as CSV: " (name) } { "Download as CSV" }
                script type="application/json" { (super::data(&text.into())) }
            }
        }
    }
}

/// The words as a part of a file's name on any system.
fn file_name(words: &str) -> String {
    let letters = words.chars().map(|c| match c.is_alphanumeric() {
        true => c.to_ascii_lowercase(),
        false => '-',
    });
    letters.take(60).collect()
}

fn visible(table: &Table, name: &str) -> Markup {
    let texts = table.texts();
    html! {
        div.scroll role="region" aria-label=(name) tabindex="0" {
            table {
                thead { (spans(table)) (headings(table)) }
                tbody {
                    @for (row, texts) in table.rows.iter().zip(&texts) {
                        tr {
                            @for (at, (cell, text)) in row.cells.iter().zip(texts).enumerate() {
                                (data(cell, text, table.columns[at].is_numeric()))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What neighbouring columns have in common.
fn spans(table: &Table) -> Markup {
    let alike = table.columns.chunk_by(|a, b| a.over == b.over);
    html! {
        tr {
            @for span in alike {
                @if span[0].over.is_empty() { td colspan=(span.len()) {} }
                @else { th.over colspan=(span.len()) scope="colgroup" { (span[0].over) } }
            }
        }
    }
}

fn headings(table: &Table) -> Markup {
    html! {
        tr {
            @for column in &table.columns {
                th.number[column.is_numeric()] scope="col" {
                    button type="button" { (table.heading(column)) }
                }
            }
        }
    }
}

fn data(cell: &Cell, text: &str, is_numeric: bool) -> Markup {
    let sort = cell.sort_value().filter(|value| value.is_finite());
    let sort = sort.map(|value| value.to_string());
    let [front, tied] = [Mark::Front, Mark::Tied].map(|mark| cell.mark == Some(mark));
    let failed = cell.value == Value::Failed;
    let words = text.chars().count() > LONG;
    html! {
        td.number[is_numeric].front[front].tied[tied].failed[failed].words[words] data-value=[sort] {
            @match &cell.value {
                Value::Notes(numbers) => {
                    @for number in numbers { a href={ "#note-" (number) } { (number) } " " }
                }
                _ => { (text) }
            }
        }
    }
}
