//! The run as one HTML page that asks nothing of any other place.

mod axis;
mod curves;
mod frame;
mod grid;
mod height;
mod scatter;
mod shape;

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use crate::{Fact, Note, Run, Summary};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("sort.js");

/// What the browser may do: nothing but this page's own style and the script of that hash. Should
/// a name ever escape its escaping, it still cannot run or fetch.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
     script-src 'sha256-dn1i57vcWoqOj+2kRtlgPjxPle+N9NhgPsFzfb9QY0Q='";

/// The run as a page of HTML: verdict, charts, tables, notes, and what repeats it.
///
/// Style, script and pictures are part of it; it works offline, follows the reader's dark mode,
/// and reads on a phone and on paper. Names from the run are text wherever they stand.
pub fn html(run: &Run) -> String {
    let summary = Summary::new(run);
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            (head(summary.title))
            body {
                main {
                    h1 { (summary.title) }
                    (alarms(&summary.alarms))
                    (verdict(&summary))
                    (facts(&summary.facts))
                    (charts(run))
                    (points(&summary))
                    (under_load(run, &summary))
                    (scaling(run, &summary))
                    (notes(&summary))
                    (indexes(&summary))
                    (reproduce(run, &summary.details))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn head(title: &str) -> Markup {
    markup! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(POLICY);
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) " - annbench" }
            style { (PreEscaped(STYLE)) }
        }
    }
}

fn alarms(alarms: &[Note]) -> Markup {
    markup! {
        @for alarm in alarms {
            p.alarm role="alert" { strong { (alarm.text) } "; " (alarm.advice) }
        }
    }
}

fn verdict(summary: &Summary<'_>) -> Markup {
    let headline = summary.headline();
    let others = summary.verdicts.iter().filter(|v| Some(*v) != headline);
    markup! {
        section aria-label="Verdict" {
            @if let Some(headline) = headline { p.lead { (headline.to_string()) "." } }
            @else { p.lead { "No operating point was measured." } }
            ul.verdicts {
                @if let Some(baseline) = &summary.baseline { li { (baseline) } }
                @for sentence in &summary.enough { li { (sentence) } }
                @for verdict in others { li { (verdict.to_string()) } }
            }
        }
    }
}

fn facts(facts: &[Fact]) -> Markup {
    markup! {
        dl {
            @for fact in facts {
                dt { (fact.name) }
                dd { (fact.value) }
            }
        }
    }
}

fn charts(run: &Run) -> Markup {
    let charts = scatter::scatters(run);
    markup! {
        @if !charts.is_empty() {
            section {
                h2 { "Trade-off" }
                (shape::legend(run))
                div.charts {
                    @for (number, chart) in charts.iter().enumerate() {
                        (chart.figure(&format!("chart-{number}")))
                    }
                }
            }
        }
    }
}

fn points(summary: &Summary<'_>) -> Markup {
    markup! {
        section {
            h2 { "Operating points" }
            (grid::grid(&summary.points, "Operating points"))
            p.legend { (summary.legend) " Click a heading to sort." }
            @if !summary.sharpness.is_empty() {
                h3 { "What this run can tell apart" }
                ul { @for sentence in &summary.sharpness { li { (sentence) } } }
            }
        }
    }
}

fn under_load(run: &Run, summary: &Summary<'_>) -> Markup {
    markup! {
        @if !summary.under_load.rows.is_empty() {
            section {
                h2 { "Under load" }
                div.charts {
                    @for (number, chart) in curves::curves(run).iter().enumerate() {
                        (chart.figure(&format!("load-{number}")))
                    }
                }
                (grid::grid(&summary.under_load, "Under load"))
            }
        }
    }
}

fn scaling(run: &Run, summary: &Summary<'_>) -> Markup {
    markup! {
        @if let Some(legend) = &summary.scaling_legend {
            section {
                h2 { "As the base grows" }
                div.charts {
                    @for (number, chart) in curves::scaling(run).iter().enumerate() {
                        (chart.figure(&format!("scaling-{number}")))
                    }
                }
                (grid::grid(&summary.scaling, "As the base grows"))
                p.legend { (legend) }
            }
        }
    }
}

fn notes(summary: &Summary<'_>) -> Markup {
    let note = |note: &Note| {
        markup! { (note.text) @if !note.advice.is_empty() { "; " em { (note.advice) } } }
    };
    markup! {
        @if !summary.notes.numbered.is_empty() {
            h3 { "Notes to rows" }
            ol {
                @for (at, numbered) in summary.notes.numbered.iter().enumerate() {
                    li id={ "note-" (at + 1) } { (note(numbered)) }
                }
            }
        }
        @if !summary.notes.run.is_empty() {
            h3 { "Notes to the run" }
            ul { @for of_run in &summary.notes.run { li { (note(of_run)) } } }
        }
    }
}

fn indexes(summary: &Summary<'_>) -> Markup {
    markup! {
        section {
            h2 { "Indexes" }
            (grid::grid(&summary.builds, "Indexes"))
        }
    }
}

fn reproduce(run: &Run, details: &[Fact]) -> Markup {
    markup! {
        section {
            h2 { "To repeat it" }
            (facts(details))
            pre tabindex="0" aria-label="Experiment file" { code { (run.record.experiment_toml) } }
        }
    }
}
