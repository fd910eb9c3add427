//! What became of points that were chosen on one half of the queries, in plain words.

use annbench_store::results::SplitChoice;

use crate::{
    Run,
    numbers::{Quantity, alone, share, signed_percent},
    run::point_name,
};

/// A sentence for each choice of a main load.
pub(crate) fn split(run: &Run) -> Vec<String> {
    let loads = run.main_loads();
    let choices = run.record.choices.iter();
    let of_main = choices.filter(|choice| loads.contains(&choice.load));
    of_main.filter_map(|choice| sentence(run, choice)).collect()
}

fn sentence(run: &Run, choice: &SplitChoice) -> Option<String> {
    let point = run.candidates().find(|row| row.point == choice.point)?;
    let qps = |qps| alone(Quantity::PerSecond, qps);
    Some(format!(
        "{}, chosen on half of the queries for recall@{} >= {:.2}: {}, recall {} and {} qps there, \
         recall {} and {} qps on the other half (optimism {} of recall, {} of qps)",
        choice.load,
        point.k,
        choice.target,
        point_name(point),
        share(choice.chosen_recall),
        qps(choice.chosen_qps),
        share(choice.reported_recall),
        qps(choice.reported_qps),
        signed_percent(choice.chosen_recall - choice.reported_recall),
        signed_percent(choice.chosen_qps / choice.reported_qps - 1.0),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, SINGLE};

    #[test]
    fn a_choice_tells_what_luck_added() {
        let mut run = fixture::run();
        assert!(split(&run).is_empty());
        run.record.choices = vec![SplitChoice {
            load: SINGLE,
            target: 0.95,
            point: 5,
            chosen_recall: 0.9921,
            chosen_qps: 5_200.0,
            reported_recall: 0.9881,
            reported_qps: 5_000.0,
        }];
        assert_eq!(
            split(&run),
            [
                "single, chosen on half of the queries for recall@10 >= 0.95: hnsw m=32 ef_search=64, \
              recall 0.992 and 5,200 qps there, recall 0.988 and 5,000 qps on the other half \
              (optimism +0.4 % of recall, +4.0 % of qps)"
            ]
        );
    }
}
