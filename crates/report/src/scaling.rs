//! How speed grows with the base: a line an index and load.

use annbench_store::results::{Overtakes, Scaling};

use crate::{Cell, Column, Quantity, Row, Run, Table, numbers::count, run::load_name};

/// The table; without rows where no part of the base was measured.
pub(crate) fn scaling(run: &Run) -> Table {
    let curves = &run.record.scaling;
    let mut columns = vec![
        Column::words("index", "index").per_group(),
        Column::words("load", "load"),
    ];
    let sizes = curves.first().map_or(&[][..], |curve| &curve.steps);
    columns.extend(sizes.iter().map(|step| {
        let title = count(step.n);
        Column::numbers("qps_at_n", &title, Quantity::PerSecond).over("qps on so many vectors")
    }));
    columns.push(Column::words("overtakes", "faster than exact search"));
    let mut curves: Vec<&Scaling> = curves.iter().collect();
    curves.sort_by_key(|curve| (curve.build, curve.load));
    Table {
        columns,
        rows: curves.into_iter().map(row).collect(),
    }
}

fn row(curve: &Scaling) -> Row {
    let qps = curve.steps.iter().map(|step| step.qps.map(|qps| qps.value));
    let mut cells = vec![Cell::text(&curve.label), Cell::text(load_name(curve.load))];
    cells.extend(qps.map(Cell::number));
    cells.push(Cell::text(overtakes(curve)));
    Row {
        group: curve.build,
        cells,
    }
}

/// Where a curve meets that of exact search; empty for exact search itself.
fn overtakes(curve: &Scaling) -> String {
    match curve.overtakes {
        Some(Overtakes::Below(n)) => format!("below {} already", count(n)),
        Some(Overtakes::At(n)) => format!("from about {}", count(n.round() as usize)),
        Some(Overtakes::NotWithin(n)) => format!("not within {}", count(n)),
        None if curve.is_exact => String::new(),
        None => format!("never sure of recall {}", curve.recall),
    }
}

/// What the table shows, in a sentence.
pub(crate) fn legend(run: &Run) -> Option<String> {
    let recall = run.record.scaling.first()?.recall;
    Some(format!(
        "The fastest point of each index that is sure of recall@{} >= {recall}, on parts of the base \
         drawn at random, each with its own ground truth.",
        run.k()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn each_curve_says_where_it_overtakes_exact_search() {
        let table = scaling(&fixture::scaled());
        let texts: Vec<String> = table.texts().iter().map(|row| row.join(" | ")).collect();
        assert_eq!(
            texts,
            [
                "flat | single | 1,200 | 150 | –",
                "ivf_flat nlist=256 | single | – | 1,500 | not within 19,000",
                "hnsw m=32 | single | 900 | 5,154 | from about 2,777",
            ]
        );
    }

    #[test]
    fn a_run_without_parts_has_no_such_table() {
        let run = fixture::run();
        assert_eq!((scaling(&run).rows.len(), legend(&run)), (0, None));
    }
}
