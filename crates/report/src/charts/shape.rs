//! The marks of index types: each has a shape and a colour, so that either alone tells it.

use annbench_store::results::Tier;
use maud::{Markup, html};

use crate::Run;

/// How many marks differ; `style.css` has as many colours.
pub(super) const SHAPES: usize = 6;

/// Outlines around 0, 0, about 10 pixels wide.
const OUTLINES: [&str; SHAPES] = [
    "M-5,0 a5,5 0 1,0 10,0 a5,5 0 1,0 -10,0 Z",
    "M-4.5,-4.5 H4.5 V4.5 H-4.5 Z",
    "M0,-5.5 L5.5,4.5 H-5.5 Z",
    "M0,-6 L6,0 L0,6 L-6,0 Z",
    "M0,5.5 L5.5,-4.5 H-5.5 Z",
    "M-1.8,-5.5 H1.8 V-1.8 H5.5 V1.8 H1.8 V5.5 H-1.8 V1.8 H-5.5 V-1.8 H-1.8 Z",
];

/// Size of a ring among marks.
const RING_SCALE: f64 = 0.65;

/// The mark of series `series` around the origin: full on the front, shaded where tied with it,
/// else hollow.
pub(crate) fn shape(series: usize, tier: Option<Tier>) -> Markup {
    let [full, shaded] = [Tier::Front, Tier::Tied].map(|wanted| tier == Some(wanted));
    html! { path.full[full].shaded[shaded] d=(OUTLINES[series % SHAPES]) {} }
}

/// The same small and empty, for marks that are to hide nothing.
pub(super) fn ring(series: usize) -> Markup {
    html! { path.ring d=(OUTLINES[series % SHAPES]) transform={ "scale(" (RING_SCALE) ")" } {} }
}

/// The class that gives a series its colour.
pub(crate) fn class(series: usize) -> String {
    format!("series-{}", series % SHAPES)
}

/// The index types of the run, in the order they first appear: the number of each is its series.
pub(crate) fn all_series(run: &Run) -> Vec<&str> {
    let mut backends: Vec<&str> = Vec::new();
    for point in run.candidates() {
        if !backends.contains(&point.backend.as_str()) {
            backends.push(&point.backend);
        }
    }
    backends
}

/// The series of an index type.
pub(super) fn series_of(run: &Run, backend: &str) -> usize {
    let position = all_series(run).iter().position(|name| *name == backend);
    position.unwrap_or_default()
}

/// What the marks mean.
pub(crate) fn legend(run: &Run) -> Markup {
    html! {
        ul.key {
            @for (series, backend) in all_series(run).iter().enumerate() {
                li class=(class(series)) {
                    svg width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true" {
                        (shape(series, Some(Tier::Front)))
                    }
                    span { (backend) }
                }
            }
        }
        p.legend { "Full marks are on the front, shaded ones tied with it." }
    }
}
