//! Against a search that scores every pair, on vectors chosen to break the bounds.

use annbench_exact::{ExactError, ExactNeighbors, Kernel, Options, Searcher, search};
use annbench_vectors::{Matrix, MatrixView, Metric};
use proptest::{collection::vec, prelude::*, sample::select};

/// What the documentation promises, word for word.
fn naive(base: MatrixView<'_>, query: &[f32], metric: Metric, k: usize) -> (Vec<(u64, f64)>, u64) {
    let score = |(row, vector): (usize, &[f32])| (row as u64, metric.score(query, vector));
    let mut all: Vec<(u64, f64)> = base.rows().enumerate().map(score).collect();
    all.sort_by(|a, b| metric.nearer_first(a.1, b.1).then(a.0.cmp(&b.0)));
    let kth = all[k.min(all.len()) - 1].1;
    let is_tied = |score: f64| score == kth || (score.is_nan() && kth.is_nan());
    let ties = all.iter().filter(|(_, score)| is_tied(*score)).count();
    all.truncate(k);
    (all, ties as u64)
}

/// Every way to search: without the int8 pass, and with each kernel of this CPU.
fn kernels() -> impl Iterator<Item = Option<Kernel>> {
    let available = Kernel::ALL
        .into_iter()
        .filter(|kernel| kernel.is_available());
    available.map(Some).chain([None])
}

fn check(base: &Matrix, queries: &Matrix, metric: Metric, k: usize) -> ExactNeighbors {
    for kernel in kernels() {
        let searcher = Searcher::with_kernel(base.view(), metric, kernel, 1).unwrap();
        let found = searcher
            .search(queries.view(), k, &mut Options::new(1))
            .unwrap();
        assert_eq!(found.report().kernel, kernel);
        check_found(base, queries, metric, &found);
    }
    let found = search(base.view(), queries.view(), metric, k, &mut Options::new(1)).unwrap();
    check_found(base, queries, metric, &found);
    found
}

fn check_found(base: &Matrix, queries: &Matrix, metric: Metric, found: &ExactNeighbors) {
    let way = (metric, found.report().kernel);
    for query_idx in 0..queries.n() {
        let (expected, ties) = naive(base.view(), queries.row(query_idx), metric, found.k());
        let ids: Vec<u64> = expected.iter().map(|(row, _)| *row).collect();
        assert_eq!(found.ids(query_idx), ids, "{way:?}, query {query_idx}");
        for (score, (_, expected)) in found.scores(query_idx).iter().zip(&expected) {
            assert!(
                score == expected || (score.is_nan() && expected.is_nan()),
                "{way:?}: {score} is not {expected}"
            );
        }
        assert_eq!(found.ties_at_k(query_idx), ties, "{way:?}");
    }
}

fn check_all_metrics(base: &Matrix, queries: &Matrix, k: usize) {
    for metric in Metric::ALL {
        check(base, queries, metric, k);
    }
}

/// One component: of ordinary size, tiny, huge, subnormal, zero, or a step away from 1.
fn component() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -1.0f32..1.0,
        1 => select(vec![0.0, -0.0, 1.0, -1.0, 1.0 + f32::EPSILON, 1.0 - f32::EPSILON / 2.0]),
        1 => select(vec![f32::MAX, f32::MIN, 1e30, -1e30, 1e19, -1e19]),
        1 => select(vec![1e-45, -1e-45, 1e-40, f32::MIN_POSITIVE, 1e-20, -1e-23]),
    ]
}

/// Vectors of every kind beside each other: `n` of them, built from a few by scaling, copying and
/// changing one component by the last digit.
fn vectors(n: std::ops::Range<usize>, dim: usize) -> impl Strategy<Value = Matrix> {
    let kinds = (
        0usize..8,
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
    );
    let roots = vec(vec(component(), dim), 1..6);
    (roots, vec(kinds, n)).prop_map(move |(roots, kinds)| {
        let mut values = Vec::with_capacity(kinds.len() * dim);
        for (kind, root, at) in kinds {
            let mut vector = roots[root.index(roots.len())].clone();
            vary(&mut vector, kind, at.index(dim));
            values.extend(vector);
        }
        Matrix::from_vec(values, dim).unwrap()
    })
}

fn vary(vector: &mut [f32], kind: usize, at: usize) {
    match kind {
        0 => vector.fill(0.0),
        1 => vector[at] = f32::from_bits(vector[at].to_bits() ^ 1),
        2 => vector.iter_mut().for_each(|value| *value *= 1e-30),
        3 => vector.iter_mut().for_each(|value| *value *= -1.0),
        4 => vector[at] = 1e18,
        5 => vector.fill(vector[at]),
        _ => {}
    }
    vector
        .iter_mut()
        .for_each(|value| *value = value.clamp(f32::MIN, f32::MAX));
}

fn problem() -> impl Strategy<Value = (Matrix, Matrix, usize)> {
    (1usize..40).prop_flat_map(|dim| (vectors(1..200, dim), vectors(1..10, dim), 1usize..30))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_neighbour_score_and_tie_is_that_of_scoring_all((base, queries, k) in problem()) {
        check_all_metrics(&base, &queries, k);
    }

    /// Many rows a step in the last digit apart: f32 cannot tell them apart, f64 can.
    #[test]
    fn near_ties_are_told_apart(root in vec(0.5f32..1.0, 48), steps in vec(0u32..3, 48 * 300)) {
        let step = |(at, steps): (usize, &u32)| f32::from_bits(root[at % 48].to_bits() + steps);
        let values = steps.iter().enumerate().map(step).collect();
        let base = Matrix::from_vec(values, 48).unwrap();
        let query = Matrix::from_vec(root.clone(), 48).unwrap();
        check_all_metrics(&base, &query, 5);
    }
}

/// Pseudo-random components from a fixed recipe, so that a case is the same everywhere.
fn scattered(n: usize, dim: usize) -> Matrix {
    let value = |at: usize| (at as u32).wrapping_mul(2_654_435_761) as f32 / u32::MAX as f32 - 0.5;
    Matrix::from_vec((0..n * dim).map(value).collect(), dim).unwrap()
}

#[test]
fn all_equal_vectors_tie_and_come_by_row() {
    let base = Matrix::from_vec([0.1, 0.7, -0.3].repeat(5_000), 3).unwrap();
    check_all_metrics(&base, &scattered(3, 3), 10);
}

#[test]
fn k_up_to_n_and_beyond_returns_all() {
    let (base, queries) = (scattered(300, 7), scattered(2, 7));
    for k in [1, 299, 300, 301, 10_000] {
        let found = check(&base, &queries, Metric::L2, k);
        assert_eq!((found.k(), found.found()), (k, k.min(300)));
    }
}

#[test]
fn an_empty_base_or_no_queries_give_empty_answers() {
    let (some, none) = (scattered(3, 4), scattered(0, 4));
    let mut options = Options::new(3);
    let found = search(none.view(), some.view(), Metric::L2, 5, &mut options).unwrap();
    assert_eq!((found.n_queries(), found.found()), (3, 0));
    assert_eq!((found.ids(2), found.ties_at_k(2)), (&[][..], 0));
    let found = search(some.view(), none.view(), Metric::L2, 5, &mut options).unwrap();
    assert_eq!(found.n_queries(), 0);
}

#[test]
fn threads_do_not_change_the_result() {
    let base = scattered(9_000, 20);
    for n_queries in [1, 3, 150] {
        let queries = scattered(n_queries, 20);
        let searcher = Searcher::new(base.view(), Metric::Cosine, 2).unwrap();
        let on = |threads| searcher.search(queries.view(), 12, &mut Options::new(threads));
        let one = on(1).unwrap();
        for threads in [2, 3, 16] {
            assert_eq!(
                one,
                on(threads).unwrap(),
                "{n_queries} queries on {threads}"
            );
        }
        check(&base, &queries, Metric::Cosine, 12);
    }
}

#[test]
fn ties_across_parts_of_the_base_are_counted_once() {
    let base = Matrix::from_vec([1.0, 0.0].repeat(40_000), 2).unwrap();
    let query = Matrix::from_vec(vec![1.0, 1.0], 2).unwrap();
    let mut options = Options::new(4);
    let found = search(
        base.view(),
        query.view(),
        Metric::InnerProduct,
        3,
        &mut options,
    )
    .unwrap();
    assert_eq!((found.ids(0), found.ties_at_k(0)), (&[0, 1, 2][..], 40_000));
}

#[test]
fn progress_ends_at_the_total() {
    let (base, queries) = (scattered(20_000, 4), scattered(70, 4));
    for threads in [1, 3] {
        let mut seen = Vec::new();
        let mut options = Options::new(threads).with_progress(|progress| seen.push(progress));
        search(base.view(), queries.view(), Metric::L2, 1, &mut options).unwrap();
        drop(options);
        assert!(seen.is_sorted_by_key(|progress| progress.done), "{seen:?}");
        let last = seen[seen.len() - 1];
        assert_eq!((last.done, last.total), (1_400_000, 1_400_000));
    }
}

#[test]
fn a_raised_flag_stops_the_search() {
    let flag = std::sync::atomic::AtomicBool::new(false);
    let (base, queries) = (scattered(50_000, 8), scattered(200, 8));
    for threads in [1, 2] {
        flag.store(false, std::sync::atomic::Ordering::Relaxed);
        let mut options = Options::new(threads)
            .with_progress(|_| flag.store(true, std::sync::atomic::Ordering::Relaxed))
            .with_cancel(&flag);
        let stopped = search(base.view(), queries.view(), Metric::L2, 1, &mut options);
        assert_eq!(stopped, Err(ExactError::Cancelled));
    }
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let (base, queries) = (scattered(5, 4), scattered(2, 4));
    let refuse = |queries: &Matrix, k, threads| {
        let mut options = Options::new(threads);
        let refused = search(base.view(), queries.view(), Metric::L2, k, &mut options);
        refused.unwrap_err().to_string()
    };
    let cases = [
        (
            refuse(&queries, 0, 1),
            "k = 0 asks for no neighbours; use k = 1 or more",
        ),
        (
            refuse(&queries, 1, 0),
            "threads = 0 leaves nobody to search; use threads = 1 or more",
        ),
        (
            refuse(&scattered(2, 3), 1, 1),
            "queries have dim = 3, the base has dim = 4; embed both with one model",
        ),
    ];
    for (message, expected) in cases {
        assert_eq!(message, expected);
    }
}
