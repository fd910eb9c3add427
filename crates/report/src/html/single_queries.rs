//! What the page tells of single queries: how recall is spread over them, which were lost, and where
//! they lie.

use maud::{Markup, html};

use super::{figure, grid};
use crate::{Chart, Run, tail::Recalls};

/// The sections; nothing of what the run does not tell.
pub(super) fn single_queries(run: &Run, title: &str) -> Markup {
    html! {
        @if let Some(recalls) = Recalls::of(run) { (tail(run, &recalls, title)) }
        @if let Some(map) = Chart::map(run) { (section_of_map(&map)) }
    }
}

fn tail(run: &Run, recalls: &Recalls<'_>, title: &str) -> Markup {
    let (worst, groups) = (recalls.worst_queries(), recalls.by_group());
    html! {
        section {
            h2 { "Recall of single queries" }
            ul.verdicts { @for sentence in recalls.sentences() { li { (sentence) } } }
            @if let Some(chart) = Chart::difficulty(run) {
                div.charts { (figure(&chart, false)) }
                p.legend { (DIFFICULTY) }
            }
            (grid::grid(&recalls.tails(), "Recall of single queries", title))
            p.legend { (PERCENTILES) }
            @if !worst.rows.is_empty() {
                h3 { "Worst queries" }
                (grid::grid(&worst, "Worst queries", title))
                p.legend { (WORST) }
            }
            @if !groups.rows.is_empty() {
                h3 { "By columns of your data" }
                (grid::grid_named(&groups, "Recall by column", title, |column| column.title.clone()))
            }
        }
    }
}

/// What difficulty means.
const DIFFICULTY: &str = "A query is the harder, the smaller its relative contrast (He, Kumar and \
    Chang, ICML 2012): its mean distance to the base over the distance to its k-th true neighbour, \
    which is known before any index is asked. Shown is, of each index type, the fastest point sure \
    of a recall of 0.95, or else the one of the highest recall.";

/// What the columns of the table mean.
const PERCENTILES: &str = "p5 is the recall that 95 of 100 queries reach, p1 that 99 of 100 do; \
    empty where fewer than 10 queries lie at or below it. Lost and complete are shares of queries.";

/// Which queries are told.
const WORST: &str = "Of the points in the chart above those queries that found the least; of \
    equals the harder. A query is named by its id, or else by its number from 0.";

fn section_of_map(map: &Chart) -> Markup {
    html! {
        section {
            h2 { "Map" }
            div.map { (figure(map, false)) }
            p.legend {
                "Dots are base vectors (grey) and queries (blue), hollow squares the hardest tenth \
                 of the queries. What lies near on the map may be far apart: it shows no more of the \
                 variance than its axes say."
            }
        }
    }
}
