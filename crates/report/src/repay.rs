//! Until how many queries exact search is enough, in plain words.

use annbench_store::results::{Load, PointRow, Repay};

use crate::{
    Cell, Constraints, Run, Value, baseline,
    numbers::count,
    run::{load_name, point_name},
};

/// The recall that an index must be sure of to stand in for exact search.
const RECALL: f64 = 0.95;

/// A sentence of a load under which an exact index was measured.
pub(crate) fn enough(run: &Run, load: Load) -> Option<String> {
    baseline(run, load)?;
    let mode = load_name(load);
    Some(match first_repaid(run, load) {
        Some((point, queries, repay)) => format!(
            "exact search is enough until {} queries {mode} ({}): then {} has repaid its build",
            count(queries.round() as usize),
            range(repay),
            point_name(point),
        ),
        None => format!(
            "exact search is enough here, {mode}: no other index that is sure of recall@{} >= \
             {RECALL} is faster",
            run.k()
        ),
    })
}

/// The point whose build is repaid first, of those that are sure of the recall.
fn first_repaid(run: &Run, load: Load) -> Option<(&PointRow, f64, Repay)> {
    let repaid = run
        .measured(load)
        .filter(|point| Constraints::recall(RECALL).are_met(run, point))
        .filter_map(|point| Some((point, point.repay?.queries?, point.repay?)));
    repaid.min_by(|(_, a, _), (_, b, _)| a.total_cmp(b))
}

fn range(repay: Repay) -> String {
    let text = |queries: Option<f64>| queries.map(|queries| count(queries.round() as usize));
    match (text(repay.low), text(repay.high)) {
        (Some(low), Some(high)) => format!("{low} to {high}"),
        (Some(low), None) => format!("{low} or more, perhaps never"),
        _ => "perhaps never".to_owned(),
    }
}

/// A number of queries, `never` where it is infinite; empty where it does not apply.
pub(crate) fn repay_cell(repay: Option<Repay>, never: &str) -> Cell {
    match repay {
        None => Value::Missing.into(),
        Some(repay) => queries_cell(repay.queries, never),
    }
}

/// One end of it.
pub(crate) fn queries_cell(queries: Option<f64>, never: &str) -> Cell {
    match queries {
        Some(queries) => Cell::number(Some(queries)),
        None => Cell::text(never),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, SINGLE};

    #[test]
    fn the_index_that_is_repaid_first_is_told() {
        let run = fixture::run();
        assert_eq!(
            enough(&run, SINGLE).unwrap(),
            "exact search is enough until 525 queries single (480 to 590): then hnsw m=32 \
             ef_search=64 has repaid its build"
        );
    }

    #[test]
    fn an_end_that_may_never_come_is_told() {
        let mut run = fixture::run();
        for repay in run.points.iter_mut().filter_map(|row| row.repay.as_mut()) {
            repay.high = None;
        }
        assert!(
            enough(&run, SINGLE)
                .unwrap()
                .contains("(480 or more, perhaps never)")
        );
    }

    #[test]
    fn where_nothing_is_repaid_exact_search_is_enough() {
        let mut run = fixture::run();
        for repay in run.points.iter_mut().filter_map(|row| row.repay.as_mut()) {
            (repay.queries, repay.high) = (None, None);
        }
        assert_eq!(
            enough(&run, SINGLE).unwrap(),
            "exact search is enough here, single: no other index that is sure of recall@10 >= 0.95 \
             is faster"
        );
        run.builds[0].is_exact = false;
        assert_eq!(enough(&run, SINGLE), None, "nothing exact was measured");
    }
}
