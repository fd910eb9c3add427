//! A chart in characters: one look at the trade-off without leaving the terminal.

use annbench_store::results::Tier;

use super::{
    clean,
    paint::{Ink, Paint},
    wrapped,
};
use crate::charts::{Chart, Kind, Line, Mark, axis};

/// Lines of the chart, axis and title left out.
const ROWS: usize = 11;

/// Columns of the chart at most: wider ones are no easier to read.
const MOST_COLUMNS: usize = 72;

/// A chart narrower than this says nothing.
const FEWEST_COLUMNS: usize = 30;

/// Room for the values along the y axis, and for the axis itself.
const MARGIN: usize = 10;

/// The marks of index types, on the front and behind it. Like the shapes of the other charts as
/// far as characters go.
const SIGNS: [(char, char); 6] = [
    ('●', '○'),
    ('■', '□'),
    ('▲', '△'),
    ('◆', '◇'),
    ('▼', '▽'),
    ('✚', '+'),
];

/// The chart as lines; none where there is no room for it.
pub(super) fn chart(chart: &Chart, paint: Paint, width: usize) -> Vec<String> {
    let columns = width.saturating_sub(MARGIN).min(MOST_COLUMNS);
    if columns < FEWEST_COLUMNS {
        return Vec::new();
    }
    let field = Field::of(chart, columns);
    let title = wrapped(&clean(&chart.title), "", width);
    let title = title.iter().map(|line| paint.with(Ink::Strong, line));
    let mut lines: Vec<String> = title.collect();
    lines.extend(field.rows(chart, paint));
    lines.push(field.x_axis(paint));
    lines.push(field.x_names(chart));
    lines.extend(wrapped(&key(chart), "", width));
    lines
}

/// Characters and where the axes' ends lie among them.
struct Field {
    columns: usize,
    x: axis::Axis,
    y: axis::Axis,
}

impl Field {
    fn of(chart: &Chart, columns: usize) -> Self {
        let x = chart.x.axis(
            chart.marks().map(|mark| mark.x.value),
            [0.0, (columns - 1) as f64],
        );
        let y = chart.y.axis(
            chart.marks().map(|mark| mark.y.value),
            [(ROWS - 1) as f64, 0.0],
        );
        Self { columns, x, y }
    }

    /// The rows from the top, with the values that the y axis names.
    fn rows(&self, chart: &Chart, paint: Paint) -> Vec<String> {
        let mut grid = vec![vec![' '; self.columns]; ROWS];
        for (line, mark) in points(chart) {
            grid[self.row(mark.y.value)][self.column(mark.x.value)] = sign(line, mark);
        }
        let mut names = vec![String::new(); ROWS];
        for (value, name) in chart.y.ticks(&self.y) {
            names[self.row(value)] = name;
        }
        let rows = names.iter().zip(&grid).map(|(name, cells)| {
            let tick = if name.is_empty() { '│' } else { '┤' };
            let cells: String = cells.iter().collect();
            let name = paint.with(Ink::Quiet, &format!("{name:>8} {tick}"));
            format!("{name}{}", cells.trim_end())
        });
        rows.collect()
    }

    fn x_axis(&self, paint: Paint) -> String {
        format!("{:>8} └{}", "", paint.rule().repeat(self.columns))
    }

    /// The values that the x axis names, each under its place, as far as they do not touch.
    fn x_names(&self, chart: &Chart) -> String {
        let mut names = String::new();
        for (value, name) in chart.x.ticks(&self.x) {
            let middle = MARGIN + self.column(value);
            let length = name.chars().count();
            let last = (MARGIN + self.columns).saturating_sub(length);
            let start = middle.saturating_sub(length / 2).min(last);
            let written = names.chars().count();
            if written == 0 || start > written {
                names.push_str(&" ".repeat(start - written));
                names.push_str(&name);
            }
        }
        names
    }

    fn row(&self, value: f64) -> usize {
        (self.y.place(value).round() as usize).min(ROWS - 1)
    }

    fn column(&self, value: f64) -> usize {
        (self.x.place(value).round() as usize).min(self.columns - 1)
    }
}

/// The marks with the lines they belong to; those on the front last, so that they are seen.
fn points(chart: &Chart) -> impl Iterator<Item = (&Line, &Mark)> {
    let lines = chart.lines.iter().filter(|line| line.kind == Kind::Points);
    let mut points: Vec<(&Line, &Mark)> = lines
        .flat_map(|line| line.marks.iter().map(move |mark| (line, mark)))
        .collect();
    points.sort_by_key(|(_, mark)| mark.tier == Some(Tier::Front));
    points.into_iter()
}

fn sign(line: &Line, mark: &Mark) -> char {
    let (full, hollow) = SIGNS[line.series % SIGNS.len()];
    match mark.tier {
        Some(Tier::Front) => full,
        _ => hollow,
    }
}

fn key(chart: &Chart) -> String {
    let lines = chart.lines.iter().filter(|line| line.kind == Kind::Points);
    let names = lines.map(|line| {
        let (full, _) = SIGNS[line.series % SIGNS.len()];
        format!("{full} {}", clean(&line.name))
    });
    let names: Vec<String> = names.collect();
    format!("{}  hollow: not on the front", names.join("  "))
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::fixture;

    const PLAIN: Paint = Paint { color: false };

    fn lines(width: usize) -> Vec<String> {
        chart(&Chart::trade_offs(&fixture::run())[0], PLAIN, width)
    }

    #[test]
    fn faster_points_stand_higher_and_more_accurate_ones_further_right() {
        let lines = lines(100);
        let title = lines
            .iter()
            .position(|line| line.contains('┤') || line.contains('│'));
        let lines = &lines[title.unwrap()..];
        let place = |sign: char| -> Vec<(usize, usize)> {
            let rows = lines[..ROWS].iter().enumerate();
            rows.flat_map(|(row, line)| {
                let found = line.chars().enumerate().filter(move |(_, c)| *c == sign);
                found.map(move |(column, _)| (row, column))
            })
            .collect()
        };
        let (flat, hnsw) = (place('●'), place('▲'));
        assert_eq!((flat.len(), hnsw.len()), (1, 3));
        assert!(
            hnsw.windows(2).all(|pair| pair[0].1 < pair[1].1),
            "{hnsw:?}"
        );
        assert!(flat[0].0 > hnsw[2].0 && flat[0].1 > hnsw[0].1);
    }

    #[test]
    fn it_keeps_to_the_width_or_stays_away() {
        for width in [40, 60, 72, 200] {
            for line in lines(width) {
                assert!(line.width() <= width, "{width}: {line:?}");
            }
        }
        assert!(lines(39).is_empty());
    }
}
