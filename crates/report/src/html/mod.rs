//! The run as one HTML page that asks nothing of any other place.

mod choice;
mod grid;
mod live;
mod policy;
mod single_queries;

use annbench_store::results::Mode;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use serde_json::Value;

use crate::{Chart, Fact, Note, Notes, Run, Summary, charts};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");

/// The run as a page of HTML: verdict, charts, tables, notes, and what repeats it.
///
/// Style, scripts and pictures are part of it; it works offline, follows the reader's dark mode,
/// and reads on a phone and on paper. Names from the run are text wherever they stand.
pub fn html(run: &Run) -> String {
    let summary = Summary::new(run);
    let library = live::library().unwrap_or_default();
    let scripts = [library.as_str(), SCRIPT];
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            (head(summary.title, &policy::policy(&scripts)))
            body {
                main {
                    h1 { (summary.title) }
                    (alarms(&summary.alarms))
                    (verdict(&summary))
                    (facts(&summary.facts))
                    (charts(run))
                    (points(&summary))
                    (notes(&summary))
                    (single_queries::single_queries(run, summary.title))
                    (under_load(run, &summary))
                    (scaling(run, &summary))
                    (indexes(&summary))
                    (reproduce(run, &summary.details))
                }
                @for script in scripts { script { (PreEscaped(script)) } }
            }
        }
    };
    page.into_string()
}

fn head(title: &str, policy: &str) -> Markup {
    markup! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy);
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
    markup! {
        section aria-label="Verdict" {
            p.lead { (summary.decision) }
            ul.verdicts { @for sentence in &summary.verdicts { li { (sentence) } } }
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
    let charts = Chart::trade_offs(run);
    let fewer = Chart::of_fewer_answers(run);
    let spread = Chart::latencies(run);
    markup! {
        @if !charts.is_empty() {
            section {
                h2 { "Trade-off" }
                (choice::choices(run))
                (charts::legend(run))
                div.charts {
                    @for chart in &charts { (figure(chart, false)) }
                    @for chart in &fewer { (figure(chart, true)) }
                    @for chart in &spread { (figure(chart, false)) }
                }
            }
        }
    }
}

/// A chart, drawn now or when it is chosen.
fn figure(chart: &Chart, is_hidden: bool) -> Markup {
    let (mode, k) = (chart.choice.mode.map(Mode::name), chart.choice.k);
    markup! {
        figure data-mode=[mode] data-k=[k] hidden[is_hidden] {
            figcaption id=(chart.name) { (chart.title) }
            div.live {}
            div.still { (chart.picture(&chart.name)) (chart.key()) }
            script type="application/json" { (data(&live::figure(chart))) }
        }
    }
}

/// JSON for the page's script. Within it `<` stands in strings alone, where an escape means the
/// same and cannot end the script.
fn data(json: &Value) -> PreEscaped<String> {
    PreEscaped(json.to_string().replace('<', "\\u003c"))
}

fn points(summary: &Summary<'_>) -> Markup {
    markup! {
        section {
            h2 { "Operating points" }
            (grid::grid(&summary.points, "Operating points", summary.title))
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
                div.charts { @for chart in &Chart::under_load(run) { (figure(chart, false)) } }
                (grid::grid(&summary.under_load, "Under load", summary.title))
            }
        }
    }
}

fn scaling(run: &Run, summary: &Summary<'_>) -> Markup {
    markup! {
        @if let Some(legend) = &summary.scaling_legend {
            section {
                h2 { "As the base grows" }
                div.charts { @for chart in &Chart::scaling(run) { (figure(chart, false)) } }
                (grid::grid(&summary.scaling, "As the base grows", summary.title))
                p.legend { (legend) }
            }
        }
    }
}

fn notes(summary: &Summary<'_>) -> Markup {
    let note = |note: &Note| {
        markup! { (note.text) @if !note.advice.is_empty() { "; " em { (note.advice) } } }
    };
    let Notes { numbered, run, .. } = &summary.notes;
    markup! {
        @if !(numbered.is_empty() && run.is_empty()) {
            section {
                h2 { "Warnings, and what to do" }
                @if !run.is_empty() {
                    h3 { "The whole run" }
                    ul { @for of_run in run { li { (note(of_run)) } } }
                }
                @if !numbered.is_empty() {
                    h3 { "Single rows, by the numbers in the tables" }
                    ol {
                        @for (at, numbered) in numbered.iter().enumerate() {
                            li id={ "note-" (at + 1) } { (note(numbered)) }
                        }
                    }
                }
            }
        }
    }
}

fn indexes(summary: &Summary<'_>) -> Markup {
    markup! {
        section {
            h2 { "Indexes" }
            (grid::grid(&summary.builds, "Indexes", summary.title))
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
