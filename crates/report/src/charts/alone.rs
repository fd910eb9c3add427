//! Charts as files of their own, for papers and slides: SVG and PNG.

use std::{io, sync::Arc};

use annbench_store::results::Tier;
use maud::{Markup, PreEscaped, html};
use resvg::{
    tiny_skia::{Color, Pixmap, Transform},
    usvg::{self, Options, Tree, fontdb},
};

use super::{
    Chart, Kind, Line,
    shape::{class, ring, shape},
    sheet::PAPER,
    svg::px,
};

/// What a chart as a file looks like: the colours of the page by day, on white.
const STYLE: &str = include_str!("alone.css");

/// Width of a column of a two-column paper.
const COLUMN_INCHES: f64 = 3.5;

/// What journals ask of line drawings.
const DOTS_PER_INCH: f64 = 600.0;

const INCHES_PER_METRE: f64 = 39.37;

/// Height of a line of the title.
const TITLE_LINE: f64 = 17.0;

/// Letters of a title that fit side by side.
const TITLE_LETTERS: usize = 62;

/// Height of a line of the key below.
const KEY_LINE: f64 = 20.0;

/// A chart that could not be made a PNG.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// It is no SVG as the renderer knows it.
    #[error("drawing the chart {chart}")]
    Svg {
        /// The chart's name.
        chart: String,
        /// Why.
        source: Box<usvg::Error>,
    },
    /// It is too large for memory, or has no size.
    #[error("drawing the chart {chart}: {width} x {height} pixels cannot be had")]
    Size {
        /// The chart's name.
        chart: String,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// It cannot be encoded.
    #[error("writing the chart {chart} as PNG")]
    Png {
        /// The chart's name.
        chart: String,
        /// Why.
        source: png::EncodingError,
    },
}

impl Chart {
    /// The chart as an SVG document, one column of a paper wide (3.5 inches), with its title above, axes
    /// with units and its key below, on white. Text is text, in the reader's fonts.
    pub fn svg(&self) -> String {
        let (title, named) = (self.title_lines(), self.lines.iter());
        let above = TITLE_LINE * title.len() as f64 + 6.0;
        let below = above + PAPER.height;
        let height = below + KEY_LINE * named.len() as f64 + 6.0;
        let inches = |pixels: f64| format!("{:.3}in", COLUMN_INCHES * pixels / PAPER.width);
        let document = html! {
            svg xmlns="http://www.w3.org/2000/svg" width=(inches(PAPER.width)) height=(inches(height))
                viewBox={ "0 0 " (PAPER.width) " " (height) } {
                style { (PreEscaped(STYLE)) }
                rect.paper width=(PAPER.width) height=(height) {}
                @for (at, line) in title.iter().enumerate() {
                    @let y = TITLE_LINE * (at + 1) as f64;
                    text.title x=(px(PAPER.width / 2.0)) y=(px(y)) text-anchor="middle" { (line) }
                }
                g transform={ "translate(0 " (px(above)) ")" } { (self.content(&PAPER)) }
                @for (at, line) in named.enumerate() {
                    @let y = below + KEY_LINE * (at as f64 + 0.5);
                    g transform={ "translate(" (px(PAPER.across()[0])) " " (px(y)) ")" } {
                        (self.key_line(line))
                    }
                }
            }
        };
        document
            .into_string()
            .chars()
            .filter(|c| is_xml(*c))
            .collect()
    }

    /// The same as a PNG of 600 dots an inch, 2,100 pixels wide. Its text is in DejaVu Sans, whatever
    /// fonts the machine has; letters that this font lacks are left out.
    ///
    /// # Errors
    /// [`PictureError`] if the chart cannot be drawn, which no chart is known to cause.
    pub fn png(&self) -> Result<Vec<u8>, PictureError> {
        let chart = || self.name.clone();
        let tree = Tree::from_str(&self.svg(), &options()).map_err(|source| PictureError::Svg {
            chart: chart(),
            source: Box::new(source),
        })?;
        // An inch is 96 pixels in CSS, as the renderer has it.
        let scale = (DOTS_PER_INCH / 96.0) as f32;
        let dots = |pixels: f32| (pixels * scale).ceil() as u32;
        let (width, height) = (dots(tree.size().width()), dots(tree.size().height()));
        let mut canvas = Pixmap::new(width, height).ok_or_else(|| PictureError::Size {
            chart: chart(),
            width,
            height,
        })?;
        // The chart's own background ends within the last row of pixels where its height is no whole
        // number of them.
        canvas.fill(Color::WHITE);
        resvg::render(
            &tree,
            Transform::from_scale(scale, scale),
            &mut canvas.as_mut(),
        );
        encoded(&canvas).map_err(|source| PictureError::Png {
            chart: chart(),
            source,
        })
    }

    fn title_lines(&self) -> Vec<String> {
        let lines = textwrap::wrap(&self.title, TITLE_LETTERS).into_iter();
        lines.map(|line| line.into_owned()).collect()
    }

    fn key_line(&self, line: &Line) -> Markup {
        html! {
            @match line.kind {
                Kind::Front => line.front x1="-8" x2="8" y1="0" y2="0" {},
                Kind::Points | Kind::Cloud => g.mark.{ (class(line.series)) } {
                    (shape(line.series, Some(Tier::Front)))
                },
                Kind::Rings => g.mark.{ (class(line.series)) } { (ring(line.series)) },
                Kind::Curve => text.tick text-anchor="middle" dy="0.35em" { (self.number(line)) },
            }
            text.tick x="16" dy="0.35em" { (line.name) }
        }
    }
}

/// Whether XML 1.0 may hold the letter: control characters must not stand in it, not even escaped.
///
/// # Source
/// W3C, "Extensible Markup Language (XML) 1.0", production 2.
fn is_xml(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// The renderer with one font of its own, and none of the system's.
fn options() -> Options<'static> {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_source(fontdb::Source::Binary(Arc::new(
        dejavu::sans_condensed::regular(),
    )));
    let family = fonts.faces().next().and_then(|face| face.families.first());
    if let Some((family, _)) = family.cloned() {
        fonts.set_sans_serif_family(family);
    }
    Options {
        fontdb: Arc::new(fonts),
        ..Options::default()
    }
}

/// A canvas without transparency, as PNG, with its size on paper.
fn encoded(canvas: &Pixmap) -> Result<Vec<u8>, png::EncodingError> {
    let colours = canvas.pixels().iter();
    let colours: Vec<u8> = colours
        .flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
        .collect();
    let dots = (DOTS_PER_INCH * INCHES_PER_METRE).round() as u32;
    let mut file = Vec::new();
    let mut encoder =
        png::Encoder::new(io::Cursor::new(&mut file), canvas.width(), canvas.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: dots,
        yppu: dots,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&colours)?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn charts() -> Vec<Chart> {
        Chart::all(&fixture::scaled())
    }

    #[test]
    fn a_chart_of_its_own_has_its_title_and_names_what_it_draws() {
        let charts = charts();
        let text = charts[0].svg();
        assert!(text.starts_with("<svg xmlns="));
        for name in [
            "Pareto front",
            "ivf_flat",
            "hnsw",
            charts[0].title.split(':').next().unwrap(),
        ] {
            assert!(text.contains(name), "{name}");
        }
        assert!(!text.contains("<script"), "names stay text");
    }

    /// The picture's pixels: width, height, and three bytes each.
    fn decoded(file: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut reader = png::Decoder::new(io::Cursor::new(file))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, info.height, pixels)
    }

    fn inked(pixels: &[u8]) -> usize {
        let pixels = pixels.chunks(3);
        pixels
            .filter(|pixel| pixel.iter().any(|byte| *byte < 128))
            .count()
    }

    #[test]
    fn every_chart_is_a_picture_one_column_wide() {
        for chart in charts() {
            let (width, height, pixels) = decoded(&chart.png().unwrap());
            assert_eq!(width, 2_100, "{}", chart.name);
            assert!((1_400..4_000).contains(&height), "{}: {height}", chart.name);
            assert!(inked(&pixels) > 10_000, "{}", chart.name);
        }
    }

    #[test]
    fn rings_hide_little_of_what_lies_beneath() {
        let mut chart = Chart::map(&fixture::run()).unwrap();
        // Dots in the places of the rings keep the axes as they are without them.
        let dots = chart.lines[2].marks.clone();
        chart.lines[1].marks.extend(dots);
        let (_, _, with) = decoded(&chart.png().unwrap());
        let rings = std::mem::take(&mut chart.lines[2].marks).len();
        let (_, _, without) = decoded(&chart.png().unwrap());
        let pixels = with.chunks(3).zip(without.chunks(3));
        let changed = pixels.filter(|(with, without)| with != without).count();
        let per_ring = changed / rings;
        // A full mark covers 50 pixels by 50.
        assert!((300..1_300).contains(&per_ring), "{per_ring}");
    }

    #[test]
    fn a_picture_is_white_to_its_edges() {
        for chart in charts() {
            let (width, _, pixels) = decoded(&chart.png().unwrap());
            let rows: Vec<&[u8]> = pixels.chunks(3 * width as usize).collect();
            let sides = rows
                .iter()
                .flat_map(|row| [&row[..3], &row[row.len() - 3..]]);
            let is_white = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 255);
            assert!(
                is_white(rows[0]) && is_white(rows[rows.len() - 1]),
                "{}",
                chart.name
            );
            assert!(sides.into_iter().all(is_white), "{}", chart.name);
        }
    }

    #[test]
    fn titles_are_seen_without_a_font_of_the_system() {
        let chart = charts().remove(0);
        let (width, _, pixels) = decoded(&chart.png().unwrap());
        // One line of the title: above it there is the edge, below it the axes begin.
        let title = &pixels[..3 * width as usize * (TITLE_LINE * 5.0) as usize];
        assert!(inked(title) > 3_000, "{}", inked(title));
    }

    #[test]
    fn a_name_that_xml_cannot_hold_does_no_harm() {
        let mut chart = charts().remove(0);
        chart.lines[1].name = "\u{1}</svg>\u{fffe} 語".into();
        assert!(chart.svg().contains("&lt;/svg&gt; 語"));
        assert!(chart.png().is_ok());
    }
}
