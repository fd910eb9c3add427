//! recall@k against its definition.

use annbench_eval::{GroundTruth, RecallError, RecallReport, recall};
use annbench_exact::Options;
use annbench_vectors::{Matrix, Metric, Neighbors};
use proptest::{collection::vec, prelude::*};

/// One component from few values, so that ties abound.
fn matrix(n: std::ops::Range<usize>) -> impl Strategy<Value = Matrix> {
    vec((-2i8..3, -2i8..3, -2i8..3), n).prop_map(|rows| {
        let values = rows.iter().flat_map(|&(a, b, c)| [a, b, c]).map(f32::from);
        Matrix::from_vec(values.collect(), 3).unwrap()
    })
}

fn neighbors(k: usize, of_queries: &[Vec<u64>]) -> Neighbors {
    let mut neighbors = Neighbors::new(of_queries.len(), k);
    for (query_idx, ids) in of_queries.iter().enumerate() {
        let pairs = ids.iter().map(|&id| (id, 0.0));
        neighbors.as_mut().fill(query_idx, pairs);
    }
    neighbors
}

fn truth(base: &Matrix, queries: &Matrix, metric: Metric, k: usize) -> GroundTruth {
    let mut options = Options::new(1);
    GroundTruth::compute(base.view(), queries.view(), metric, k, &mut options).unwrap()
}

fn judge(base: &Matrix, queries: &Matrix, metric: Metric, found: &Neighbors) -> RecallReport {
    let truth = truth(base, queries, metric, found.k());
    recall(&truth, base.view(), queries.view(), found, 1).unwrap()
}

/// The definition: every pair scored, hits counted one by one.
fn naive_hits(base: &Matrix, query: &[f32], metric: Metric, k: usize, ids: &[u64]) -> usize {
    let score = |row: usize| metric.score(query, base.row(row));
    let mut scores: Vec<f64> = (0..base.n()).map(score).collect();
    scores.sort_by(|a, b| metric.nearer_first(*a, *b));
    let kth = scores[k.min(base.n()) - 1];
    let mut distinct: Vec<u64> = ids.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.retain(|&id| (id as usize) < base.n());
    distinct.retain(|&id| metric.nearer_first(score(id as usize), kth).is_le());
    distinct.len()
}

fn metric() -> impl Strategy<Value = Metric> {
    prop::sample::select(Metric::ALL.to_vec())
}

fn answered() -> impl Strategy<Value = (Matrix, Vec<Vec<u64>>, usize)> {
    (1usize..8, 1usize..6).prop_flat_map(|(n_queries, k)| {
        let queries = matrix(n_queries..n_queries + 1);
        (queries, vec(vec(0u64..40, 0..=k), n_queries), Just(k))
    })
}

proptest! {
    #[test]
    fn hits_are_those_of_the_definition(
        base in matrix(1..30), (queries, ids, k) in answered(), metric in metric()
    ) {
        let report = judge(&base, &queries, metric, &neighbors(k, &ids));
        for (query_idx, query) in report.queries().iter().enumerate() {
            let ids = &ids[query_idx];
            let expected = naive_hits(&base, queries.row(query_idx), metric, k, ids);
            prop_assert_eq!(query.hits, expected);
            prop_assert_eq!(query.returned, ids.len());
            let gone = ids.iter().filter(|id| **id >= base.n() as u64).count();
            prop_assert_eq!(query.out_of_range, gone);
        }
        prop_assert!(report.per_query().iter().all(|recall| (0.0..=1.0).contains(recall)));
        prop_assert!((0.0..=1.0).contains(&report.mean()));
    }

    #[test]
    fn an_exact_index_has_recall_1(
        base in matrix(1..30), queries in matrix(1..8), k in 1usize..40, metric in metric()
    ) {
        let truth = truth(&base, &queries, metric, k);
        let ids: Vec<Vec<u64>> = (0..truth.len()).map(|q| truth.ids(q).to_vec()).collect();
        let report = judge(&base, &queries, metric, &neighbors(k, &ids));
        prop_assert_eq!(report.mean(), 1.0);
        prop_assert_eq!(report.short_queries() + report.repeated() + report.out_of_range(), 0);
    }

    #[test]
    fn permuted_queries_permute_the_counts(
        base in matrix(1..30), (queries, ids, k) in answered(), metric in metric(), turn in 0usize..8
    ) {
        let n_queries = queries.n();
        let order: Vec<usize> = (0..n_queries).map(|q| (q + turn) % n_queries).rev().collect();
        let moved_ids: Vec<Vec<u64>> = order.iter().map(|&q| ids[q].clone()).collect();
        let moved_queries = queries.select(&order);
        let straight = judge(&base, &queries, metric, &neighbors(k, &ids));
        let moved = judge(&base, &moved_queries, metric, &neighbors(k, &moved_ids));
        for (at, &query_idx) in order.iter().enumerate() {
            prop_assert_eq!(moved.queries()[at], straight.queries()[query_idx]);
        }
    }

    #[test]
    fn threads_do_not_change_the_counts(
        base in matrix(1..30), (queries, ids, k) in answered(), threads in 2usize..12
    ) {
        let found = neighbors(k, &ids);
        let truth = truth(&base, &queries, Metric::L2, k);
        let on = |threads| recall(&truth, base.view(), queries.view(), &found, threads);
        prop_assert_eq!(on(1).unwrap(), on(threads).unwrap());
    }
}

fn line(values: &[f32]) -> Matrix {
    Matrix::from_vec(values.to_vec(), 1).unwrap()
}

#[test]
fn ties_count_repetitions_do_not() {
    let (base, query) = (line(&[1.0, -1.0, 5.0, 1.0]), line(&[0.0]));
    let cases: [(&[u64], f64); 7] = [
        (&[0, 1], 1.0),
        (&[3, 1], 1.0),
        (&[0, 0], 0.5),
        (&[0], 0.5),
        (&[0, 2], 0.5),
        (&[0, 99], 0.5),
        (&[], 0.0),
    ];
    for (ids, expected) in cases {
        let report = judge(&base, &query, Metric::L2, &neighbors(2, &[ids.to_vec()]));
        assert_eq!(report.mean(), expected, "{ids:?}");
    }
}

#[test]
fn a_base_smaller_than_k_divides_by_its_size() {
    let (base, query) = (line(&[1.0, 2.0, 3.0]), line(&[0.0]));
    let report = judge(&base, &query, Metric::L2, &neighbors(10, &[vec![0, 2]]));
    assert_eq!((report.divisor(), report.mean()), (3, 2.0 / 3.0));
    assert_eq!(report.short_queries(), 1);
    let nothing = Matrix::from_vec(vec![], 1).unwrap();
    let report = judge(&nothing, &query, Metric::L2, &neighbors(10, &[vec![]]));
    assert_eq!(report.mean(), 1.0, "there was nothing to miss");
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let (base, queries) = (line(&[1.0, 2.0, 3.0]), line(&[0.0, 4.0]));
    let truth = truth(&base, &queries, Metric::L2, 2);
    let refuse = |base: &Matrix, queries: &Matrix, found: &Neighbors, threads| {
        recall(&truth, base.view(), queries.view(), found, threads).unwrap_err()
    };
    let found = Neighbors::new(2, 2);
    assert_eq!(refuse(&base, &queries, &found, 0), RecallError::ZeroThreads);
    assert_eq!(
        refuse(&base, &queries, &Neighbors::new(2, 3), 1).to_string(),
        "ground truth of k = 2, neighbours of k = 3; use one k"
    );
    assert_eq!(
        refuse(&line(&[1.0]), &queries, &found, 1).to_string(),
        "ground truth of 3 base vectors, a base of 1; compute the truth of this base"
    );
    let count = refuse(&base, &line(&[0.0]), &found, 1);
    assert!(
        matches!(count, RecallError::QueryCount { queries: 1, .. }),
        "{count}"
    );
    let wide = Matrix::from_vec(vec![0.0; 4], 2).unwrap();
    let dims = refuse(&base, &wide, &found, 1);
    assert_eq!(
        dims,
        RecallError::DimMismatch {
            queries: 2,
            base: 1
        }
    );
}
