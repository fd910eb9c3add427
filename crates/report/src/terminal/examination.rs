//! What a doctor found, for a terminal.

use annbench_eval::doctor::{Examination, Severity, Survey};

use super::{Ink, NARROWEST, Paint, Style, clean, wrapped};
use crate::numbers::count;

/// Room for the word for a severity.
const INDENT: &str = "         ";

/// An examination as text: what was examined, then every finding with what follows from it and
/// what to do, the gravest first. Lines end in `\n`.
pub fn examination(examination: &Examination, name: &str, style: Style) -> String {
    let paint = Paint { color: style.color };
    let width = style.width.max(NARROWEST);
    let mut lines = vec![paint.with(Ink::Strong, &clean(&headline(examination, name)))];
    for finding in &examination.findings {
        let severity = finding.severity();
        let head = format!("{:<8} {}", severity.to_string(), clean(&finding.what()));
        lines.push(String::new());
        lines.extend(painted(paint, ink(severity), &head, width));
        lines.extend(indented(&format!("{}.", finding.consequence()), width));
        let remedy = format!("-> {}", finding.remedy());
        lines.extend(indented(&remedy, width));
    }
    lines.push(String::new());
    lines.extend(wrapped(verdict(examination), "", width));
    lines.join("\n") + "\n"
}

fn headline(examination: &Examination, name: &str) -> String {
    let shape = |survey: &Survey| format!("{} x {}", count(survey.n), survey.dim);
    let queries = match &examination.queries {
        Some(queries) => format!("; queries: {}", shape(queries)),
        None => String::new(),
    };
    let metric = examination.metric;
    format!("{name}: {}, {metric}{queries}", shape(&examination.base))
}

fn ink(severity: Severity) -> Ink {
    match severity {
        Severity::Fatal => Ink::Bad,
        Severity::Warning => Ink::Note,
        Severity::Note => Ink::Plain,
    }
}

/// The text with its first line painted, for a colour shall not run over the margin.
fn painted(paint: Paint, ink: Ink, text: &str, width: usize) -> Vec<String> {
    let lines = wrapped(text, INDENT, width).into_iter();
    lines.map(|line| paint.with(ink, &line)).collect()
}

fn indented(text: &str, width: usize) -> Vec<String> {
    wrapped(&format!("{INDENT}{text}"), INDENT, width)
}

fn verdict(examination: &Examination) -> &'static str {
    let gravest = examination
        .findings
        .first()
        .map(|finding| finding.severity());
    match gravest {
        Some(Severity::Fatal) => {
            "a run on these vectors is refused or would mean nothing: put right what is fatal first"
        }
        Some(Severity::Warning) => {
            "a run may go on; keep the warnings in mind when reading its results"
        }
        _ => "a run may go on",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{examined, terminal::paint::without_color};
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn every_finding_is_told_with_its_consequence_and_remedy() {
        let found = examined::examination();
        let text = examination(
            &found,
            "a\u{1b}b.npy",
            Style {
                color: false,
                width: 10_000,
            },
        );
        assert!(
            text.starts_with("a\u{fffd}b.npy: 40 x 3, l2; queries: 5 x 3\n"),
            "{text}"
        );
        for finding in &found.findings {
            for part in [finding.what(), finding.consequence(), finding.remedy()] {
                assert!(text.contains(&part), "{part} in {text}");
            }
        }
        assert!(text.contains("put right what is fatal first"));
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let found = examined::examination();
        for width in [40, 80, 120] {
            let text = examination(&found, "name.npy", Style { color: true, width });
            for line in without_color(&text).lines() {
                assert!(line.width() <= width, "{line}");
            }
        }
    }
}
