//! Writing to stdout. A reader that has gone away is reported as an error, never a panic.

use std::io::{self, IsTerminal, Write};

use annbench_report::Style;
use serde::Serialize;

/// Prints bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Prints text, with one line end after it.
pub(crate) fn text(text: &str) -> io::Result<()> {
    bytes(format!("{}\n", text.trim_end_matches('\n')).as_bytes())
}

/// Prints JSON for machines, indented.
pub(crate) fn json(value: &impl Serialize) -> io::Result<()> {
    text(&serde_json::to_string_pretty(value)?)
}

/// Colour and width for stdout: a terminal gets its own width and colour, unless `NO_COLOR` is set;
/// anything else gets neither. `COLUMNS` is the width where it is given.
pub(crate) fn style() -> Style {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let is_terminal = io::stdout().is_terminal();
    Style {
        color: is_terminal && width.is_some() && !no_color,
        width: columns_asked_for()
            .or(width.filter(|_| is_terminal))
            .unwrap_or(WIDTH_WHEN_PIPED),
    }
}

/// Characters that a line of a small table may take: those of a terminal, or `COLUMNS`; a file, a
/// pipe or a log has room for any.
pub(crate) fn room() -> usize {
    match io::stdout().is_terminal() || columns_asked_for().is_some() {
        true => style().width,
        false => usize::MAX,
    }
}

fn columns_asked_for() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok()?;
    columns.parse().ok().filter(|columns| *columns > 0)
}

const WIDTH_WHEN_PIPED: usize = 120;
