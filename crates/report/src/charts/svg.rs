//! A chart as SVG: title, axes, grid lines, and marks at their places.

use maud::{Markup, html};

use super::{
    Chart, Kind, Line, Mark,
    axis::Axis,
    shape::{class, ring, shape},
    sheet::{PAGE, Sheet},
};

/// Pixels from one curve's number to the next, at least.
const ROOM: f64 = 14.0;

/// Pixels from the end of a curve to its number.
const GAP: f64 = 10.0;

impl Chart {
    /// The chart without what is around it; `labelled_by` is the id of what says its title.
    pub(crate) fn picture(&self, labelled_by: &str) -> Markup {
        html! {
            svg.chart viewBox={ "0 0 " (PAGE.width) " " (PAGE.height) } role="img"
                aria-labelledby=(labelled_by) {
                (self.content(&PAGE))
            }
        }
    }

    /// What numbers in the chart stand for; empty where they stand for nothing.
    pub(crate) fn key(&self) -> Markup {
        let curves = || self.lines.iter().filter(|line| line.kind == Kind::Curve);
        html! {
            @if curves().next().is_some() { ol { @for line in curves() { li { (line.name) } } } }
        }
    }

    /// The number of a curve among the curves, from 1.
    pub(super) fn number(&self, wanted: &Line) -> usize {
        let curves = self.lines.iter().filter(|line| line.kind == Kind::Curve);
        1 + curves.take_while(|line| *line != wanted).count()
    }

    pub(super) fn content(&self, sheet: &Sheet) -> Markup {
        let frame = Frame::of(self, sheet);
        html! {
            (self.grid_lines(&frame))
            @for line in &self.lines { (frame.line(line)) }
            (self.numbers(&frame))
        }
    }

    fn grid_lines(&self, frame: &Frame<'_>) -> Markup {
        let sheet = frame.sheet;
        let ([left, right], [bottom, top]) = (sheet.across(), sheet.upwards());
        html! {
            @for (tick, text) in self.x.ticks(&frame.x) {
                @let x = px(frame.x.place(tick));
                line.grid x1=(x) x2=(x) y1=(px(top)) y2=(px(bottom)) {}
                text.tick x=(x) y=(px(bottom + 21.0)) text-anchor="middle" { (text) }
            }
            @for (tick, text) in self.y.ticks(&frame.y) {
                @let y = px(frame.y.place(tick));
                line.grid x1=(px(left)) x2=(px(right)) y1=(y) y2=(y) {}
                text.tick x=(px(left - 7.0)) y=(y) dy="0.35em" text-anchor="end" { (text) }
            }
            text.axis x=(px((left + right) / 2.0)) y=(px(sheet.height - 8.0)) text-anchor="middle" {
                (self.x.title)
            }
            text.axis x=(px(4.0)) y=(px(15.0)) { (self.y.title) }
        }
    }

    /// The number of each curve at its right end.
    fn numbers(&self, frame: &Frame<'_>) -> Markup {
        let curves = self.lines.iter().filter(|line| line.kind == Kind::Curve);
        let ends: Vec<&Mark> = curves.filter_map(|line| line.marks.last()).collect();
        let wanted = ends.iter().map(|mark| frame.y.place(mark.y.value));
        let heights = apart(&wanted.collect::<Vec<_>>(), ROOM);
        html! {
            @for (at, (mark, y)) in ends.iter().zip(heights).enumerate() {
                text.tick x=(px(frame.x.place(mark.x.value) + GAP)) y=(px(y)) dy="0.35em" {
                    (at + 1)
                }
            }
        }
    }
}

/// The axes of a chart, in pixels.
struct Frame<'a> {
    sheet: &'a Sheet,
    x: Axis,
    y: Axis,
}

impl<'a> Frame<'a> {
    fn of(chart: &Chart, sheet: &'a Sheet) -> Self {
        let [x, y] = chart.axes([sheet.across(), sheet.upwards()]);
        Self { sheet, x, y }
    }

    fn line(&self, line: &Line) -> Markup {
        html! {
            @match line.kind {
                Kind::Front => polyline.front points=(self.path(&line.marks)) {},
                Kind::Points => @for mark in &line.marks { (self.mark(line.series, mark)) },
                Kind::Rings => @for mark in &line.marks { (self.ring(line.series, mark)) },
                Kind::Curve => {
                    g class=(class(line.series)) { polyline.curve points=(self.path(&line.marks)) {} }
                    @for mark in &line.marks { (self.mark(line.series, mark)) }
                },
                Kind::Cloud => g class=(class(line.series)) { path.cloud d=(self.dots(&line.marks)) {} },
            }
        }
    }

    /// Dots at the places of marks: lines of no length, whose round ends are drawn.
    fn dots(&self, marks: &[Mark]) -> String {
        let dot = |mark: &Mark| {
            let (x, y) = (self.x_px(mark.x.value), self.y_px(mark.y.value));
            format!("M{x},{y}h0")
        };
        marks.iter().map(dot).collect()
    }

    /// The places of marks in their order, as SVG lists them.
    fn path(&self, marks: &[Mark]) -> String {
        let place =
            |mark: &Mark| format!("{},{}", self.x_px(mark.x.value), self.y_px(mark.y.value));
        let places: Vec<String> = marks.iter().map(place).collect();
        places.join(" ")
    }

    fn mark(&self, series: usize, mark: &Mark) -> Markup {
        let (x, y) = (self.x_px(mark.x.value), self.y_px(mark.y.value));
        html! {
            g.mark.{ (class(series)) } {
                title { (mark.text) }
                line.whisker x1=(self.x_px(mark.x.low)) x2=(self.x_px(mark.x.high)) y1=(y) y2=(y) {}
                line.whisker x1=(x) x2=(x) y1=(self.y_px(mark.y.low)) y2=(self.y_px(mark.y.high)) {}
                g transform={ "translate(" (x) " " (y) ")" } {
                    circle.reach r="11" {}
                    (shape(series, mark.tier))
                }
            }
        }
    }

    /// A mark without whiskers, which tells its text from nearby as well.
    fn ring(&self, series: usize, mark: &Mark) -> Markup {
        let (x, y) = (self.x_px(mark.x.value), self.y_px(mark.y.value));
        html! {
            g.mark.{ (class(series)) } transform={ "translate(" (x) " " (y) ")" } {
                title { (mark.text) }
                circle.reach r="6" {}
                (ring(series))
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

/// Pixels with a tenth: more would only make the page longer.
pub(super) fn px(value: f64) -> String {
    format!("{value:.1}")
}

/// The places, each moved down as far as it takes to be `room` below the next higher one.
fn apart(places: &[f64], room: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
    let mut moved = places.to_vec();
    for pair in order.windows(2) {
        moved[pair[1]] = moved[pair[1]].max(moved[pair[0]] + room);
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_at_the_ends_of_lines_do_not_overlap() {
        assert_eq!(
            apart(&[50.0, 10.0, 12.0, 11.0], 14.0),
            [52.0, 10.0, 38.0, 24.0]
        );
        assert_eq!(apart(&[], 14.0), [0.0; 0]);
    }
}
