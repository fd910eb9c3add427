//! A table in columns of characters.
//!
//! Laid out here rather than by a table crate because what matters is which columns stay at a
//! given width, and because those crates take colours through terminal libraries that keep
//! `NO_COLOR` in a process global.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{
    clean,
    paint::{Ink, Paint},
};
use crate::{Cell, Column, Mark, Table, Value};

/// Blanks between columns.
const GAP: usize = 2;

/// How a table is made to fit, step after step: names are shortened to this many characters, then
/// columns go that are at least that expendable. The first step leaves the name of any load whole.
const STEPS: [(usize, u8); 4] = [(30, 9), (20, 3), (16, 1), (8, u8::MAX)];

/// The table's lines: what columns belong to, their headings, a rule, the rows.
pub(super) fn grid(table: &Table, paint: Paint, width: usize) -> Vec<String> {
    if table.rows.is_empty() {
        return Vec::new();
    }
    let texts = texts(table);
    let slots = fit(table, &texts, width);
    let mut lines = vec![spans(&slots, paint), headings(table, &slots, paint)];
    lines.retain(|line| !line.trim().is_empty());
    let total: usize = total_width(&slots);
    lines.push(paint.with(Ink::Quiet, &paint.rule().repeat(total)));
    for (at, row) in texts.iter().enumerate() {
        let repeats = at > 0 && table.rows[at].group == table.rows[at - 1].group;
        let cells = slots.iter().map(|slot| {
            let ink = ink(slot.column, &table.rows[at].cells[slot.at]);
            match repeats && slot.column.per_group {
                true => (ink, slot.padded("")),
                false => (ink, slot.padded(&row[slot.at])),
            }
        });
        lines.push(line(cells, paint));
    }
    lines
}

/// A column that stays, and the room it has.
struct Slot<'t> {
    column: &'t Column,
    at: usize,
    width: usize,
}

impl Slot<'_> {
    fn padded(&self, text: &str) -> String {
        let text = shortened(text, self.width);
        let blanks = " ".repeat(self.width - text.width());
        match self.column.is_numeric() {
            true => blanks + &text,
            false => text + &blanks,
        }
    }
}

/// Chooses the columns that stay, and their widths.
fn fit<'t>(table: &'t Table, texts: &[Vec<String>], width: usize) -> Vec<Slot<'t>> {
    let columns = table.columns.iter().enumerate();
    let mut slots: Vec<Slot<'t>> = columns
        .map(|(at, column)| {
            let cells = texts.iter().map(|row| row[at].width());
            let widest = cells.max().unwrap_or(0).max(table.heading(column).width());
            Slot {
                column,
                at,
                width: widest,
            }
        })
        .collect();
    for (least_of_a_name, expendable) in STEPS {
        shorten_names(&mut slots, width, least_of_a_name);
        drop_columns(&mut slots, width, expendable);
    }
    slots
}

/// Drops columns that are at least so expendable, the most expendable first, until the rest fits.
fn drop_columns(slots: &mut Vec<Slot<'_>>, width: usize, expendable: u8) {
    while total_width(slots) > width {
        match most_expendable(slots) {
            Some(at) if slots[at].column.expendable >= expendable => slots.remove(at),
            _ => break,
        };
    }
}

/// Takes what is too wide from the columns of words, the first one first.
fn shorten_names(slots: &mut [Slot<'_>], width: usize, least: usize) {
    let mut excess = total_width(slots).saturating_sub(width);
    for slot in slots.iter_mut().filter(|slot| !slot.column.is_numeric()) {
        let taken = excess.min(slot.width.saturating_sub(least));
        slot.width -= taken;
        excess -= taken;
    }
}

/// The column to go next; of equals the last.
fn most_expendable(slots: &[Slot<'_>]) -> Option<usize> {
    (0..slots.len()).max_by_key(|at| slots[*at].column.expendable)
}

fn total_width(slots: &[Slot<'_>]) -> usize {
    let widths: usize = slots.iter().map(|slot| slot.width).sum();
    widths + GAP * slots.len().saturating_sub(1)
}

/// The line above the headings: what neighbouring columns have in common, between rules.
fn spans(slots: &[Slot<'_>], paint: Paint) -> String {
    let alike = slots.chunk_by(|a, b| a.column.over == b.column.over);
    let cells = alike.map(|span| {
        let width = total_width(span);
        let text = match span[0].column.over {
            "" => " ".repeat(width),
            over if span.len() == 1 || over.width() + 4 > width => format!("{over:>width$}"),
            over => between_rules(over, width, paint.rule()),
        };
        (Ink::Quiet, text)
    });
    line(cells, paint)
}

fn between_rules(text: &str, width: usize, rule: &str) -> String {
    let blanks = width - text.width() - 2;
    let (left, right) = (blanks / 2, blanks - blanks / 2);
    format!("{} {text} {}", rule.repeat(left), rule.repeat(right))
}

fn headings(table: &Table, slots: &[Slot<'_>], paint: Paint) -> String {
    let heading = |slot: &Slot<'_>| slot.padded(&table.heading(slot.column));
    line(slots.iter().map(|slot| (Ink::Strong, heading(slot))), paint)
}

/// The cells side by side, without blanks at the end.
fn line(cells: impl Iterator<Item = (Ink, String)>, paint: Paint) -> String {
    let mut cells: Vec<(Ink, String)> = cells.collect();
    if let Some((_, last)) = cells.last_mut() {
        last.truncate(last.trim_end().len());
    }
    let painted: Vec<String> = cells
        .iter()
        .map(|(ink, text)| paint.with(*ink, text))
        .collect();
    painted.join(&" ".repeat(GAP)).trim_end().to_owned()
}

fn texts(table: &Table) -> Vec<Vec<String>> {
    let rows = table.texts().into_iter();
    rows.map(|row| row.iter().map(|text| clean(text)).collect())
        .collect()
}

fn ink(column: &Column, cell: &Cell) -> Ink {
    match &cell.value {
        Value::Failed => Ink::Bad,
        Value::Notes(_) => Ink::Note,
        Value::Missing => Ink::Quiet,
        _ if cell.mark == Some(Mark::Front) => Ink::Good,
        _ if cell.mark == Some(Mark::Tied) => Ink::Fair,
        _ if column.key == "index" => Ink::Strong,
        _ => Ink::Plain,
    }
}

/// The text in at most `width` columns: its middle goes, for names differ at their ends.
fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let head = taken(text.chars(), room - room / 2);
    let tail: String = taken(text.chars().rev(), room / 2).chars().rev().collect();
    format!("{head}…{tail}")
}

/// The first characters that fit `room`.
fn taken(characters: impl Iterator<Item = char>, room: usize) -> String {
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= room
    };
    characters.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Notes, fixture, points};

    fn keys(width: usize) -> Vec<(&'static str, &'static str)> {
        let run = fixture::run();
        let table = points::for_people(&run, &mut Notes::default());
        let slots = fit(&table, &texts(&table), width);
        let keys = slots.iter().map(|slot| (slot.column.over, slot.column.key));
        keys.collect()
    }

    #[test]
    fn a_wide_terminal_shows_every_column_and_a_narrow_one_those_that_matter() {
        let narrow = [
            ("", "index"),
            ("", "search"),
            ("", "recall_at_k"),
            ("single", "qps"),
            ("", "notes"),
        ];
        assert_eq!(keys(56), narrow);
        assert!(keys(80).contains(&("single", "latency_p99_us")));
        assert!(keys(200).contains(&("memory", "estimate_bytes")));
    }

    #[test]
    fn a_wider_terminal_never_shows_less() {
        for width in 40..200 {
            let (narrow, wide) = (keys(width), keys(width + 1));
            assert!(narrow.iter().all(|key| wide.contains(key)), "{width}");
        }
    }

    #[test]
    fn a_long_name_loses_its_middle() {
        assert_eq!(shortened("abcdefgh", 8), "abcdefgh");
        assert_eq!(shortened("abcdefghi", 8), "abcd…ghi");
        assert_eq!(shortened("汉汉汉汉", 5), "汉…汉");
    }
}
