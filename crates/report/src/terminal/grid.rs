//! A table in columns of characters.
//!
//! Laid out here rather than by a table crate because what matters is which columns stay at a
//! given width, and because those crates take colours through terminal libraries that keep
//! `NO_COLOR` in a process global.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{
    clean,
    paint::{Ink, Paint},
    wrapped,
};
use crate::{Cell, Column, Mark, Table, Value};

/// Blanks between columns.
const GAP: usize = 2;

/// The least expendable of the columns that a table can do without side by side; those before it are
/// worth a line more for each index.
const EXPENDABLE: u8 = 5;

/// What a column of words keeps where nothing else can go.
const LEAST_OF_A_NAME: usize = 8;

/// How far rows stand in from the name above them.
const INDENT: usize = 2;

/// The table's lines: what columns belong to, their headings, a rule, the rows.
///
/// Where the columns that matter do not fit side by side with whole names, the first column, which
/// names what rows are of, stands above its rows instead.
pub(super) fn grid(table: &Table, paint: Paint, width: usize) -> Vec<String> {
    if table.rows.is_empty() {
        return Vec::new();
    }
    let texts = texts(table);
    let layout = Layout::fit(table, &texts, width);
    let mut lines = layout.head(table, paint);
    for (at, row) in texts.iter().enumerate() {
        let repeats = at > 0 && table.rows[at].group == table.rows[at - 1].group;
        if let Some(above) = layout.above.filter(|_| !repeats) {
            let name = wrapped(&row[above], &" ".repeat(INDENT), width);
            lines.extend(name.iter().map(|line| paint.with(Ink::Strong, line)));
        }
        let cells = layout.slots.iter().map(|slot| {
            let ink = ink(slot.column, &table.rows[at].cells[slot.at]);
            match repeats && slot.column.per_group {
                true => (ink, slot.padded("")),
                false => (ink, slot.padded(&row[slot.at])),
            }
        });
        lines.push(layout.line(cells, paint));
    }
    lines
}

/// Where the columns of a table stand.
struct Layout<'t> {
    /// The number of the column that stands above its rows, if one does.
    above: Option<usize>,
    /// The others that stay, side by side.
    slots: Vec<Slot<'t>>,
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

impl<'t> Layout<'t> {
    fn fit(table: &'t Table, texts: &[Vec<String>], width: usize) -> Self {
        let mut slots = slots(table, texts);
        drop_columns(&mut slots, width, EXPENDABLE);
        if total_width(&slots) <= width {
            return Self { above: None, slots };
        }
        let (above, mut slots) = match slots[0].column.is_numeric() || slots.len() == 1 {
            true => (None, slots),
            false => (Some(slots[0].at), self::slots(table, texts).split_off(1)),
        };
        let width = width.saturating_sub(above.map_or(0, |_| INDENT));
        drop_columns(&mut slots, width, 1);
        shorten_names(&mut slots, width);
        Self { above, slots }
    }

    fn head(&self, table: &Table, paint: Paint) -> Vec<String> {
        let above = self.above.map(|at| table.heading(&table.columns[at]));
        let mut lines: Vec<String> = above
            .iter()
            .map(|heading| paint.with(Ink::Strong, heading))
            .collect();
        lines.push(self.spans(paint));
        let heading = |slot: &Slot<'_>| slot.padded(&table.heading(slot.column));
        let headings = self.slots.iter().map(|slot| (Ink::Strong, heading(slot)));
        lines.push(self.line(headings, paint));
        lines.retain(|line| !line.trim().is_empty());
        let total = self.indent().len() + total_width(&self.slots);
        lines.push(paint.with(Ink::Quiet, &paint.rule().repeat(total)));
        lines
    }

    /// The line above the headings: what neighbouring columns have in common, between rules.
    fn spans(&self, paint: Paint) -> String {
        let alike = self.slots.chunk_by(|a, b| a.column.over == b.column.over);
        let cells = alike.map(|span| {
            let width = total_width(span);
            let text = match span[0].column.over {
                "" => " ".repeat(width),
                over if span.len() == 1 || over.width() + 4 > width => format!("{over:>width$}"),
                over => between_rules(over, width, paint.rule()),
            };
            (Ink::Quiet, text)
        });
        self.line(cells, paint)
    }

    /// The cells side by side, without blanks at the end.
    fn line(&self, cells: impl Iterator<Item = (Ink, String)>, paint: Paint) -> String {
        let mut cells: Vec<(Ink, String)> = cells.collect();
        if let Some((_, last)) = cells.last_mut() {
            last.truncate(last.trim_end().len());
        }
        let painted: Vec<String> = cells
            .iter()
            .map(|(ink, text)| paint.with(*ink, text))
            .collect();
        let line = self.indent() + &painted.join(&" ".repeat(GAP));
        line.trim_end().to_owned()
    }

    fn indent(&self) -> String {
        " ".repeat(self.above.map_or(0, |_| INDENT))
    }
}

/// All columns, as wide as their widest cells.
fn slots<'t>(table: &'t Table, texts: &[Vec<String>]) -> Vec<Slot<'t>> {
    let slot = |(at, column): (usize, &'t Column)| {
        let cells = texts.iter().map(|row| row[at].width());
        let width = cells.max().unwrap_or(0).max(table.heading(column).width());
        Slot { column, at, width }
    };
    table.columns.iter().enumerate().map(slot).collect()
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
fn shorten_names(slots: &mut [Slot<'_>], width: usize) {
    let mut excess = total_width(slots).saturating_sub(width);
    for slot in slots.iter_mut().filter(|slot| !slot.column.is_numeric()) {
        let taken = excess.min(slot.width.saturating_sub(LEAST_OF_A_NAME));
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

fn between_rules(text: &str, width: usize, rule: &str) -> String {
    let blanks = width - text.width() - 2;
    let (left, right) = (blanks / 2, blanks - blanks / 2);
    format!("{} {text} {}", rule.repeat(left), rule.repeat(right))
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
        let layout = Layout::fit(&table, &texts(&table), width);
        let above = layout.above.map(|at| &table.columns[at]);
        let columns = above
            .into_iter()
            .chain(layout.slots.iter().map(|slot| slot.column));
        columns.map(|column| (column.over, column.key)).collect()
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
        assert_eq!(keys(50), narrow);
        for key in ["qps", "qps_half_width_percent", "latency_p99_us"] {
            assert!(keys(72).contains(&("single", key)), "{key}");
        }
        assert!(keys(200).contains(&("memory", "estimate_bytes")));
    }

    #[test]
    fn a_wider_terminal_never_shows_less_of_what_matters() {
        let run = fixture::run();
        let table = points::for_people(&run, &mut Notes::default());
        let columns = table.columns.iter();
        let matter = columns.filter(|column| column.expendable < EXPENDABLE);
        let matter: Vec<_> = matter.map(|column| (column.over, column.key)).collect();
        for width in 40..200 {
            let (narrow, wide) = (keys(width), keys(width + 1));
            let mut shown = matter.iter().filter(|key| narrow.contains(key));
            assert!(shown.all(|key| wide.contains(key)), "{width}");
        }
    }

    #[test]
    fn hardly_any_room_shows_no_more_than_a_little() {
        let run = fixture::run();
        let table = points::for_people(&run, &mut Notes::default());
        let longest = |width: usize| {
            let lines = grid(&table, Paint { color: false }, width).into_iter();
            lines.map(|line| line.width()).max()
        };
        for width in 0..20 {
            assert!(longest(width) <= longest(40), "{width}");
        }
    }

    #[test]
    fn names_are_whole_from_60_columns_on() {
        let run = fixture::run();
        let tables = [
            points::for_people(&run, &mut Notes::default()),
            crate::builds::builds(&run),
        ];
        for (table, width) in tables
            .iter()
            .flat_map(|table| (60..200).map(move |w| (table, w)))
        {
            let lines = grid(table, Paint { color: false }, width);
            assert!(
                !lines.iter().any(|line| line.contains('…')),
                "{width}: {lines:#?}"
            );
        }
    }

    #[test]
    fn a_long_name_loses_its_middle() {
        assert_eq!(shortened("abcdefgh", 8), "abcdefgh");
        assert_eq!(shortened("abcdefghi", 8), "abcd…ghi");
        assert_eq!(shortened("汉汉汉汉", 5), "汉…汉");
    }
}
