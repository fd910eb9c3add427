//! The frame of a chart: title, axes, grid lines, and marks at their places.

use annbench_store::results::{Estimate, Tier};
use maud::{Markup, html};

use super::{
    axis::Axis,
    shape::{class, shape},
};
use crate::numbers::{Quantity, alone};

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = WIDTH - 22.0;
const TOP: f64 = 32.0;
const BOTTOM: f64 = HEIGHT - 52.0;

/// Where the x axis lies, in pixels.
pub(super) const ACROSS: [f64; 2] = [LEFT, RIGHT];

/// Where the y axis lies, in pixels from the top.
pub(super) const UPWARDS: [f64; 2] = [BOTTOM, TOP];

/// All of a chart but what it shows.
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) x_title: String,
    pub(super) y_title: &'static str,
    pub(super) x: Axis,
    pub(super) y: Axis,
    /// Values named along the x axis.
    pub(super) x_ticks: Vec<(f64, String)>,
}

/// A point on a chart.
pub(super) struct Mark {
    pub(super) x: Estimate,
    pub(super) y: Estimate,
    pub(super) series: usize,
    pub(super) tier: Option<Tier>,
    pub(super) text: String,
}

impl Frame {
    /// The chart with its title; `name` sets it apart from others on the page, `key` stands below.
    pub(super) fn figure(&self, name: &str, content: &Markup, key: &Markup) -> Markup {
        html! {
            figure {
                figcaption id=(name) { (self.title) }
                svg.chart viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-labelledby=(name) {
                    (self.grid_lines())
                    (content)
                }
                (key)
            }
        }
    }

    fn grid_lines(&self) -> Markup {
        html! {
            @for (tick, text) in &self.x_ticks {
                @let x = px(self.x.place(*tick));
                line.grid x1=(x) x2=(x) y1=(px(TOP)) y2=(px(BOTTOM)) {}
                text.tick x=(x) y=(px(BOTTOM + 21.0)) text-anchor="middle" { (text) }
            }
            @for tick in self.y.ticks() {
                @let y = px(self.y.place(tick));
                line.grid x1=(px(LEFT)) x2=(px(RIGHT)) y1=(y) y2=(y) {}
                text.tick x=(px(LEFT - 7.0)) y=(y) dy="0.35em" text-anchor="end" {
                    (alone(Quantity::PerSecond, tick))
                }
            }
            text.axis x=(px((LEFT + RIGHT) / 2.0)) y=(px(HEIGHT - 8.0)) text-anchor="middle" {
                (self.x_title)
            }
            text.axis x=(px(4.0)) y=(px(15.0)) { (self.y_title) }
        }
    }

    /// The places of marks in their order, as SVG lists them.
    pub(super) fn path<'m>(&self, marks: impl IntoIterator<Item = &'m Mark>) -> String {
        let place =
            |mark: &Mark| format!("{},{}", self.x_px(mark.x.value), self.y_px(mark.y.value));
        let places: Vec<String> = marks.into_iter().map(place).collect();
        places.join(" ")
    }

    pub(super) fn mark(&self, mark: &Mark) -> Markup {
        let (x, y) = (self.x_px(mark.x.value), self.y_px(mark.y.value));
        html! {
            g.mark.{ (class(mark.series)) } {
                title { (mark.text) }
                line.whisker x1=(self.x_px(mark.x.low)) x2=(self.x_px(mark.x.high)) y1=(y) y2=(y) {}
                line.whisker x1=(x) x2=(x) y1=(self.y_px(mark.y.low)) y2=(self.y_px(mark.y.high)) {}
                g transform={ "translate(" (x) " " (y) ")" } {
                    circle.reach r="11" {}
                    (shape(mark.series, mark.tier))
                }
            }
        }
    }

    fn x_px(&self, value: f64) -> String {
        px(self.x.place(value))
    }

    fn y_px(&self, value: f64) -> String {
        px(self.y.place(value))
    }
}

/// A logarithmic y axis that holds the marks with their whiskers.
pub(super) fn heights<'m>(marks: impl Iterator<Item = &'m Mark> + Clone) -> Axis {
    let ends = marks.flat_map(|mark| [mark.y.low, mark.y.value, mark.y.high]);
    Axis::log(ends, UPWARDS)
}

/// Pixels with a tenth: more would only make the page longer.
pub(super) fn px(value: f64) -> String {
    format!("{value:.1}")
}
