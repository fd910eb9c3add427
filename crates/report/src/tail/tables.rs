//! What single queries say, as tables.

use annbench_eval::{LOST_BELOW, recall_tail};
use annbench_store::results::PointRow;

use super::{Recalls, query_name};
use crate::{
    Cell, Column, Quantity, Row, Table, Value,
    run::{params_text, point_name},
};

/// Worst queries told of each point.
const WORST: usize = 5;

/// A row a point: the lower end of its recalls.
pub(super) fn tails(recalls: &Recalls<'_>, points: &[&PointRow]) -> Table {
    let row = |point: &&PointRow| {
        let tail = recall_tail(recalls.of_point(point))?;
        let percent = |share: f64| Cell::number(Some(100.0 * share));
        Some(Row {
            group: point.build,
            cells: vec![
                Cell::text(&point.label),
                Cell::text(params_text(&point.requested)),
                point.recall.map_or(Value::Missing, Value::Interval).into(),
                Cell::number(tail.p5),
                Cell::number(tail.p1),
                percent(tail.lost),
                percent(tail.complete),
            ],
        })
    };
    let lost = format!("lost (under {LOST_BELOW})");
    Table {
        columns: vec![
            Column::words("index", "index").per_group(),
            Column::words("search", "search"),
            Column::numbers("recall", "recall", Quantity::Share),
            Column::numbers("recall_p5", "p5", Quantity::Share),
            Column::numbers("recall_p1", "p1", Quantity::Share),
            Column::numbers("lost_percent", &lost, Quantity::Percent),
            Column::numbers("complete_percent", "complete (1.0)", Quantity::Percent),
        ],
        rows: points.iter().filter_map(row).collect(),
    }
}

/// The worst queries of each point that is looked at.
pub(super) fn worst(recalls: &Recalls<'_>) -> Table {
    let points = recalls.best().into_iter();
    let rows = points.flat_map(|point| {
        let queries = recalls.worst(point, WORST).into_iter();
        queries.map(move |query_idx| worst_row(recalls, point, query_idx))
    });
    let table = Table {
        rows: rows.collect(),
        columns: vec![
            Column::words("point", "point").per_group(),
            Column::words("query", "query"),
            Column::words("text", "text"),
            Column::numbers("recall", "recall", Quantity::Share),
            Column::numbers("relative_contrast", "contrast", Quantity::Share),
        ],
    };
    table.without_empty_columns()
}

fn worst_row(recalls: &Recalls<'_>, point: &PointRow, query_idx: usize) -> Row {
    let facts = recalls.facts().map(|all| &all[query_idx]);
    let text = facts.and_then(|facts| facts.row.text.as_deref());
    let contrast = facts.map(|facts| facts.contrast);
    Row {
        group: point.build,
        cells: vec![
            Cell::text(point_name(point)),
            Cell::text(query_name(query_idx, facts)),
            Cell::text(text.unwrap_or_default()),
            Cell::number(Some(recalls.of_point(point)[query_idx])),
            Cell::number(contrast.filter(|contrast| contrast.is_finite())),
        ],
    }
}

/// A row a group of queries, a column a point that is looked at.
pub(super) fn by_group(recalls: &Recalls<'_>) -> Table {
    let points = recalls.best();
    let groups = recalls.groups().into_iter();
    let rows = groups.map(|((column, value), queries)| {
        let recall = |point: &&PointRow| -> Cell {
            let mean = recalls.mean(point, &queries);
            mean.map_or(Value::Missing, Value::Interval).into()
        };
        let mut cells = vec![
            Cell::text(column),
            Cell::text(value),
            Cell::number(Some(queries.len() as f64)),
        ];
        cells.extend(points.iter().map(recall));
        Row { group: 0, cells }
    });
    let mut columns = vec![
        Column::words("column", "column"),
        Column::words("value", "value"),
        Column::numbers("queries", "queries", Quantity::Count),
    ];
    let title = |point: &&PointRow| format!("recall of {}", point_name(point));
    let of_points = points.iter().map(title);
    columns.extend(of_points.map(|title| Column::numbers("recall", &title, Quantity::Share)));
    Table {
        columns,
        rows: rows.collect(),
    }
}
