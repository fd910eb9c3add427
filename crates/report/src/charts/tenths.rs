//! Recall by the difficulty of queries.

use annbench_store::results::PointRow;

use super::{Chart, Choice, Dimension, Extent, Line, Mark, exactly};
use crate::{
    Run,
    numbers::{Quantity, share, share_arm},
    run::point_name,
    tail::Recalls,
};

/// A line a point that is looked at; none where difficulties are not known.
pub(super) fn tenths(run: &Run) -> Option<Chart> {
    let recalls = Recalls::of(run)?;
    let parts = recalls.tenths()?;
    let lines: Vec<Line> = recalls
        .best()
        .into_iter()
        .map(|point| line(run, &recalls, point, &parts))
        .collect();
    let recall = format!("recall@{}", run.k());
    (!lines.is_empty()).then(|| Chart {
        name: "recall-difficulty".to_owned(),
        title: format!("{recall} by difficulty of the query: up is better, and flat"),
        x: Dimension {
            title: "tenth of the queries, 1 the hardest".to_owned(),
            extent: Extent::Plain,
            quantity: Quantity::Count,
            named: (1..=parts.len()).map(|part| part as f64).collect(),
        },
        y: Dimension {
            title: recall,
            extent: Extent::Share,
            quantity: Quantity::Share,
            named: Vec::new(),
        },
        lines,
        choice: Choice::default(),
    })
}

fn line(run: &Run, recalls: &Recalls<'_>, point: &PointRow, parts: &[Vec<usize>]) -> Line {
    let name = point_name(point);
    let mark = |(part, queries): (usize, &Vec<usize>)| {
        let y = recalls.mean(point, queries)?;
        let (value, arm) = (share(y.value), share_arm(y.value, y.low, y.high));
        Some(Mark {
            x: exactly((part + 1) as f64),
            y,
            tier: None,
            text: format!("{name}, tenth {}: recall {value} {arm}", part + 1),
        })
    };
    let marks = parts.iter().enumerate().filter_map(mark).collect();
    Line::of_point(run, point, marks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn each_point_that_is_looked_at_has_ten_marks() {
        let chart = tenths(&fixture::run()).unwrap();
        let marks: Vec<usize> = chart.lines.iter().map(|line| line.marks.len()).collect();
        assert_eq!(marks, [10, 10]);
        let mut older = fixture::run();
        older.details.queries.clear();
        assert_eq!(tenths(&older), None);
    }
}
