//! Against the truth that NumPy computed in float64.

use std::collections::HashSet;

use annbench_exact::{Kernel, Options, search};
use annbench_vectors::{Matrix, Metric};
use half::f16;

use crate::shared;

/// NumPy sums in another order: its scores differ in the last digits, and where two scores are
/// that close its order may differ too.
const TOLERANCE: f64 = 1e-12;

struct Truth {
    rows: Vec<u64>,
    scores: Vec<f64>,
    k: usize,
}

fn check(base: &Matrix, queries: &Matrix, metric: Metric, truth: &Truth) {
    let k = truth.k;
    let found = search(base.view(), queries.view(), metric, k, &mut Options::new(2)).unwrap();
    let report = found.report();
    let is_large = base.n() >= 100_000;
    assert!(!is_large || report.kernel == Kernel::best(), "{report:?}");
    assert!(!report.fell_back(), "{report:?}");
    for query_idx in 0..queries.n() {
        let expected_rows = &truth.rows[query_idx * k..(query_idx + 1) * k];
        let expected_scores = &truth.scores[query_idx * k..(query_idx + 1) * k];
        let (rows, scores) = (found.ids(query_idx), found.scores(query_idx));
        for at in 0..k {
            let (score, expected) = (scores[at], expected_scores[at]);
            let tolerance = TOLERANCE * expected.abs().max(1.0);
            assert!(
                (score - expected).abs() <= tolerance,
                "{metric} query {query_idx} place {at}: {score} is not {expected}"
            );
        }
        check_rows(rows, expected_rows, scores);
    }
}

/// The same rows in the same order, except among scores that are equal to the last digits.
fn check_rows(rows: &[u64], expected: &[u64], scores: &[f64]) {
    let last = scores[scores.len() - 1];
    let is_tied = |a: f64, b: f64| (a - b).abs() <= 2.0 * TOLERANCE * a.abs().max(1.0);
    for (at, (row, expected_row)) in rows.iter().zip(expected).enumerate() {
        if row == expected_row {
            continue;
        }
        let place = rows.iter().position(|row| row == expected_row);
        let score = place.map_or(last, |place| scores[place]);
        assert!(
            is_tied(score, scores[at]),
            "place {at}: row {row}, not {expected_row}"
        );
    }
    let distinct: HashSet<_> = rows.iter().collect();
    assert_eq!(distinct.len(), rows.len(), "a row is returned twice");
}

#[test]
fn numpy_agrees_on_the_fixtures() {
    let Some(folder) = shared::find("fixtures") else {
        return;
    };
    let base = shared::matrix(&folder.join("vectors_f32.npy"));
    let queries = shared::matrix(&folder.join("queries_f32.npy"));
    for (metric, name) in [
        (Metric::L2, "l2sq"),
        (Metric::InnerProduct, "ip"),
        (Metric::Cosine, "cosine"),
    ] {
        let (rows, k) = shared::npy::<i64>(&folder.join(format!("truth_{name}_rows.npy")));
        let (scores, _) = shared::npy::<f64>(&folder.join(format!("truth_{name}_scores.npy")));
        let rows = rows.into_iter().map(|row| row as u64).collect();
        check(&base, &queries, metric, &Truth { rows, scores, k });
    }
}

#[test]
fn ties_of_the_fixtures_are_all_counted() {
    let Some(folder) = shared::find("fixtures") else {
        return;
    };
    let base = shared::matrix(&folder.join("vectors_f32.npy"));
    let queries = base.view().slice(0..50);
    let found = search(base.view(), queries, Metric::L2, 1, &mut Options::new(1)).unwrap();
    for query_idx in 0..50 {
        assert_eq!(found.ids(query_idx), [query_idx as u64]);
        assert_eq!(found.ties_at_k(query_idx), 2, "rows 900..949 equal 0..49");
    }
}

#[test]
fn numpy_agrees_on_the_wordnet_embeddings() {
    let Some(folder) = shared::find("data/wordnet-minilm") else {
        return;
    };
    let (halves, dim) = shared::npy::<f16>(&folder.join("vectors_f16.npy"));
    let values = halves.into_iter().map(f16::to_f32).collect();
    let all = Matrix::from_vec(values, dim).unwrap();
    let (query_rows, _) = shared::npy::<i64>(&folder.join("query_rows.npy"));
    let query_rows: Vec<usize> = query_rows.into_iter().map(|row| row as usize).collect();
    let is_query: HashSet<usize> = query_rows.iter().copied().collect();
    let base_rows: Vec<usize> = (0..all.n()).filter(|row| !is_query.contains(row)).collect();

    let truth_file = folder.join("truth_cosine_top100.npz");
    let (rows, k) = shared::npz::<i32>(&truth_file, "base_rows");
    let (scores, _) = shared::npz::<f64>(&truth_file, "scores");
    // The file numbers rows in the whole file, the search in the base.
    let in_base = |row: &i32| base_rows.binary_search(&(*row as usize)).unwrap() as u64;
    let rows = rows.iter().map(in_base).collect();
    check(
        &all.select(&base_rows),
        &all.select(&query_rows),
        Metric::Cosine,
        &Truth { rows, scores, k },
    );
}
