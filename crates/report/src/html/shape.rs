//! The marks of index types: each has a shape and a colour, so that either alone tells it.

use maud::{Markup, html};

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

/// The mark of series `series` around the origin: full where it is on the front, else hollow.
pub(super) fn shape(series: usize, is_full: bool) -> Markup {
    html! { path.full[is_full] d=(OUTLINES[series % SHAPES]) {} }
}

/// The class that gives a series its colour.
pub(super) fn class(series: usize) -> String {
    format!("series-{}", series % SHAPES)
}
