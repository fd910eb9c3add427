//! The run on a terminal: plain or in colour, as wide as there is room.

mod chart;
mod examination;
mod grid;
mod paint;

use crate::{Chart, Fact, Note, Run, Summary};

use chart::chart;
pub use examination::examination;
use grid::grid;
use paint::{Ink, Paint};

/// How a terminal wants its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours are wanted; without them rules are drawn in ASCII.
    pub color: bool,
    /// Columns there are; below 40 counts as 40.
    pub width: usize,
}

/// Below this no table can be read.
const NARROWEST: usize = 40;

/// Room for the names of facts.
const NAME_WIDTH: usize = 12;

/// The run as text: facts, tables, notes, indexes, verdicts; alarms come first and again before
/// the verdicts, where they are seen after the rest has scrolled by. Lines end in `\n`.
///
/// Where a table does not fit the width, columns go that the table of indexes repeats or that say
/// least; then indexes are named above their rows rather than beside them; rows never wrap.
pub fn terminal(run: &Run, style: Style) -> String {
    let summary = Summary::new(run);
    let paint = Paint { color: style.color };
    let width = style.width.max(NARROWEST);
    let sections = [
        alarms(&summary, paint, width),
        facts(&summary.facts, paint, width),
        points(&summary, paint, width),
        trade_off(run, paint, width),
        under_load(&summary, paint, width),
        scaling(&summary, paint, width),
        notes(&summary, paint, width),
        grid(&summary.builds, paint, width),
        alarms(&summary, paint, width),
        verdicts(&summary, paint, width),
    ];
    let full = sections.into_iter().filter(|section| !section.is_empty());
    let sections: Vec<String> = full.map(|lines| lines.join("\n") + "\n").collect();
    sections.join("\n")
}

fn alarms(summary: &Summary<'_>, paint: Paint, width: usize) -> Vec<String> {
    let text = |note: &Note| wrapped(&format!("!!! {}", note_text(note)), "    ", width);
    let lines = summary.alarms.iter().flat_map(text);
    lines.map(|line| paint.with(Ink::Alarm, &line)).collect()
}

fn facts(facts: &[Fact], paint: Paint, width: usize) -> Vec<String> {
    let indent = " ".repeat(NAME_WIDTH);
    let lines = facts.iter().flat_map(|fact| {
        let lines = wrapped(&clean(&fact.value), "", width - NAME_WIDTH);
        let name = paint.with(Ink::Quiet, &format!("{:<NAME_WIDTH$}", fact.name));
        let named = |(at, line)| match at {
            0 => format!("{name}{line}"),
            _ => format!("{indent}{line}"),
        };
        lines.into_iter().enumerate().map(named).collect::<Vec<_>>()
    });
    lines.collect()
}

fn points(summary: &Summary<'_>, paint: Paint, width: usize) -> Vec<String> {
    if summary.points.rows.is_empty() {
        return vec!["no operating point was measured".to_owned()];
    }
    let mut lines = grid(&summary.points, paint, width);
    let legend = wrapped(&summary.legend, "", width);
    lines.extend(legend.iter().map(|line| paint.with(Ink::Quiet, line)));
    let sharpness = summary.sharpness.iter();
    lines.extend(sharpness.flat_map(|sentence| wrapped(&clean(sentence), "    ", width)));
    lines
}

/// Recall and speed under the first main load.
fn trade_off(run: &Run, paint: Paint, width: usize) -> Vec<String> {
    let charts = Chart::trade_offs(run);
    let first = charts.first().map(|first| chart(first, paint, width));
    first.unwrap_or_default()
}

fn under_load(summary: &Summary<'_>, paint: Paint, width: usize) -> Vec<String> {
    let mut lines = grid(&summary.under_load, paint, width);
    if !lines.is_empty() {
        lines.insert(0, paint.with(Ink::Strong, "under load"));
    }
    lines
}

fn scaling(summary: &Summary<'_>, paint: Paint, width: usize) -> Vec<String> {
    let mut lines = grid(&summary.scaling, paint, width);
    if !lines.is_empty() {
        lines.insert(0, paint.with(Ink::Strong, "as the base grows"));
    }
    let legend = summary.scaling_legend.iter();
    let legend = legend.flat_map(|legend| wrapped(legend, "", width));
    lines.extend(legend.map(|line| paint.with(Ink::Quiet, &line)));
    lines
}

fn notes(summary: &Summary<'_>, paint: Paint, width: usize) -> Vec<String> {
    let notes = &summary.notes;
    let numbers = (1..=notes.numbered.len()).map(|number| format!("[{number}]"));
    let of_rows = numbers.zip(&notes.numbered);
    let of_run = notes.run.iter().map(|note| ("[run]".to_owned(), note));
    let lines = of_run.chain(of_rows).flat_map(|(mark, note)| {
        let mut lines = wrapped(&format!("{mark} {}", note_text(note)), "    ", width);
        if let Some(rest) = lines[0].strip_prefix(&mark) {
            lines[0] = format!("{}{rest}", paint.with(Ink::Note, &mark));
        }
        lines
    });
    lines.collect()
}

/// Last, where it is seen without scrolling: the decision after all other sentences.
fn verdicts(summary: &Summary<'_>, paint: Paint, width: usize) -> Vec<String> {
    let others = summary.verdicts.iter();
    let others = others.flat_map(|sentence| wrapped(&clean(sentence), "    ", width));
    let decision = wrapped(&clean(&summary.decision), "", width).into_iter();
    let decision = decision.map(|line| paint.with(Ink::Strong, &line));
    others.chain([String::new()]).chain(decision).collect()
}

fn note_text(note: &Note) -> String {
    let text = match note.advice.as_str() {
        "" => note.text.clone(),
        advice => format!("{}; {advice}", note.text),
    };
    clean(&text)
}

/// The text in lines of at most `width`, all but the first indented; at least one line.
pub(crate) fn wrapped(text: &str, indent: &str, width: usize) -> Vec<String> {
    let options = textwrap::Options::new(width)
        .subsequent_indent(indent)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    let lines = textwrap::wrap(text, options).into_iter();
    lines.map(|line| line.trim_end().to_owned()).collect()
}

/// The text without what would steer a terminal: control characters and overrides of the
/// writing direction.
pub(crate) fn clean(text: &str) -> String {
    let harmless = |c: char| match c {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        '\n' | '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::fixture;

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let run = fixture::run();
        for width in 50..200 {
            let text = terminal(
                &run,
                Style {
                    color: false,
                    width,
                },
            );
            let widest = text.lines().map(UnicodeWidthStr::width).max();
            assert!(widest <= Some(width), "{width} columns:\n{text}");
        }
    }

    #[test]
    fn colour_changes_no_letter() {
        let run = fixture::run();
        let plain = terminal(
            &run,
            Style {
                color: false,
                width: 120,
            },
        );
        let colored = terminal(
            &run,
            Style {
                color: true,
                width: 120,
            },
        );
        assert_ne!(plain, colored);
        assert_eq!(plain, paint::without_color(&colored).replace('─', "-"));
    }

    #[test]
    fn names_cannot_steer_the_terminal() {
        let mut run = fixture::run();
        run.record.dataset.name = "\u{1b}[2J\u{202e}name\u{7}".into();
        run.points[0].label = "\u{1b}]0;title".into();
        run.builds[0].label = "\u{1b}]0;title".into();
        let text = terminal(
            &run,
            Style {
                color: false,
                width: 120,
            },
        );
        let steers = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!text.contains(steers), "{text:?}");
    }

    #[test]
    fn a_run_without_rows_says_so() {
        let mut run = fixture::run();
        run.points.clear();
        run.builds.clear();
        let text = terminal(
            &run,
            Style {
                color: false,
                width: 80,
            },
        );
        assert!(text.contains("no operating point was measured"), "{text}");
    }

    #[test]
    fn an_alarm_is_the_first_line() {
        let mut run = fixture::run();
        let warning = annbench_store::results::Warning::ExactBelowOne { recall: 0.5 };
        run.points[0].warnings.push(warning);
        let text = terminal(
            &run,
            Style {
                color: true,
                width: 80,
            },
        );
        let first = text.lines().next().unwrap();
        assert!(first.contains("EXACT INDEX BELOW 1"), "{first}");
        assert!(first.contains("\u{1b}["), "{first}");
    }
}
