//! The int8 pass: what it rules out, what it cannot take, and vectors of other types.

use std::sync::atomic::{AtomicBool, Ordering};

use annbench_exact::{
    BlockSearch, Component, ExactError, ExactNeighbors, Kernel, Options, Searcher, Which,
    search_blocks,
};
use annbench_vectors::{Matrix, Metric};
use half::f16;
use proptest::{collection::vec, prelude::*, sample::select};

/// Pseudo-random components between -1 and 1 that add up to something like a normal
/// distribution, the same for the same seed.
pub(crate) fn normal(n: usize, dim: usize, seed: u32) -> Matrix {
    let mut state = seed;
    let mut uniform = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    let values = (0..n * dim).map(|_| (0..4).map(|_| uniform()).sum::<f32>() / 2.0);
    Matrix::from_vec(values.collect(), dim).unwrap()
}

fn by<T: Component>(
    base: &Matrix<T>,
    queries: &Matrix<T>,
    metric: Metric,
    kernel: Option<Kernel>,
) -> ExactNeighbors {
    let searcher = Searcher::with_kernel(base.view(), metric, kernel, 1).unwrap();
    searcher
        .search(queries.view(), 10, &mut Options::new(1))
        .unwrap()
}

fn available() -> impl Iterator<Item = Kernel> {
    Kernel::ALL
        .into_iter()
        .filter(|kernel| kernel.is_available())
}

fn check_like_f32<T: Component>(base: &Matrix<T>, queries: &Matrix<T>) {
    let in_f32 = |matrix: &Matrix<T>| matrix.view().map(|value| value.to_f32());
    for metric in Metric::ALL {
        let expected = by(&in_f32(base), &in_f32(queries), metric, None);
        assert_eq!(by(base, queries, metric, None), expected, "{metric}");
        for kernel in available() {
            assert_eq!(
                by(base, queries, metric, Some(kernel)),
                expected,
                "{metric} {kernel}"
            );
        }
    }
}

#[test]
fn few_pairs_are_looked_at_twice() {
    let (base, queries) = (normal(20_000, 96, 1), normal(30, 96, 2));
    for metric in Metric::ALL {
        let expected = by(&base, &queries, metric, None);
        for kernel in available() {
            let found = by(&base, &queries, metric, Some(kernel));
            assert_eq!(found, expected, "{metric} {kernel}");
            let report = found.report();
            assert_eq!((report.int8_pairs, report.f32_pairs), (600_000, 0));
            assert!(!report.fell_back());
            assert!(report.refined < 30 * 500, "{metric} {kernel}: {report:?}");
            assert!(report.scored < 30 * 20, "{metric} {kernel}: {report:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Kernels take queries by threes, by thirty-twos and alone, and blocks by one and by two.
    #[test]
    fn no_number_of_queries_or_components_is_odd(
        n_queries in 1usize..80,
        n in 700usize..1_100,
        dim in 1usize..150,
        threads in 1usize..4,
        metric in select(Metric::ALL.to_vec()),
    ) {
        let (base, queries) = (normal(n, dim, 18), normal(n_queries, dim, 19));
        let expected = by(&base, &queries, metric, None);
        for kernel in available() {
            let searcher = Searcher::with_kernel(base.view(), metric, Some(kernel), threads).unwrap();
            let found = searcher.search(queries.view(), 10, &mut Options::new(threads)).unwrap();
            prop_assert_eq!(&found, &expected, "{}", kernel);
        }
    }
}

#[test]
fn where_nothing_is_ruled_out_the_f32_pass_takes_over() {
    // Rows differ in what eight bits cannot say.
    let noise = normal(30_000, 16, 3);
    let base = noise.view().map(|value| value * 1e-5);
    let mut base = base;
    for row in base.rows_mut() {
        row[0] = if row[1] > 0.0 { 1.0 } else { -1.0 };
    }
    let queries = normal(12, 16, 4);
    for kernel in available() {
        let found = by(&base, &queries, Metric::InnerProduct, Some(kernel));
        assert!(found.report().fell_back(), "{:?}", found.report());
        assert_eq!(found, by(&base, &queries, Metric::InnerProduct, None));
    }
}

/// The zero query finds scores that are NaN under cosine, which equal nothing.
fn check_same(found: &ExactNeighbors, expected: &ExactNeighbors, metric: Metric) {
    for query_idx in 0..expected.n_queries() {
        let bits = |of: &ExactNeighbors| -> Vec<(u64, u64)> {
            let scores = of.scores(query_idx).iter().map(|score| score.to_bits());
            of.ids(query_idx).iter().copied().zip(scores).collect()
        };
        assert_eq!(bits(found), bits(expected), "{metric} query {query_idx}");
        assert_eq!(found.ties_at_k(query_idx), expected.ties_at_k(query_idx));
    }
}

#[test]
fn queries_that_int8_cannot_stand_for_are_answered_beside_others() {
    let base = normal(3_000, 20, 5);
    let mut queries = normal(9, 20, 6);
    queries.as_mut_slice()[20..40].fill(0.0);
    queries.as_mut_slice()[80..100].fill(1e30);
    queries.as_mut_slice()[120..140].fill(1e-42);
    for metric in Metric::ALL {
        let expected = by(&base, &queries, metric, None);
        for kernel in available() {
            check_same(
                &by(&base, &queries, metric, Some(kernel)),
                &expected,
                metric,
            );
        }
    }
}

#[test]
fn the_copy_takes_a_tenth_more_than_a_byte_a_component() {
    let base = normal(5_000, 384, 7);
    let plain = Searcher::with_kernel(base.view(), Metric::L2, None, 1).unwrap();
    for kernel in available() {
        let packed = Searcher::with_kernel(base.view(), Metric::L2, Some(kernel), 1).unwrap();
        let bytes = packed.bytes() - plain.bytes();
        assert!(bytes <= 5_000 * 384 * 11 / 10, "{bytes}");
    }
}

#[test]
fn sums_of_the_largest_codes_do_not_overflow() {
    // Every component has the size of the largest, and rows near a query have its signs.
    let signs = |matrix: Matrix| matrix.view().map(|value| value.signum());
    let (mut base, queries) = (signs(normal(3_000, 80, 20)), signs(normal(12, 80, 21)));
    for (row, query) in base.rows_mut().zip(queries.view().rows()) {
        row[5..].copy_from_slice(&query[5..]);
    }
    check_like_f32(&base, &queries);
    let byte = |matrix: &Matrix| matrix.view().map(|value| (value * 127.0 + 128.0) as u8);
    check_like_f32(&byte(&base), &byte(&queries));
}

#[test]
fn a_raised_flag_stops_the_packing() {
    let available = Kernel::best();
    for threads in [1, 3] {
        let flag = AtomicBool::new(false);
        let mut rows = 0;
        let mut options = Options::new(threads)
            .with_progress(|progress| {
                rows = progress.done;
                flag.store(true, Ordering::Relaxed);
            })
            .with_cancel(&flag);
        let stopped = Searcher::owning(normal(40_000, 4, 22), Metric::L2, &mut options).map(drop);
        drop(options);
        // Without a fast kernel nothing is packed.
        let expected = available.map_or(Ok(()), |_| Err(ExactError::Cancelled));
        assert_eq!(stopped, expected);
        assert!(rows < 40_000, "{rows} on {threads}");
    }
}

#[test]
fn a_kernel_that_is_missing_is_refused() {
    let base = normal(3, 4, 8);
    for kernel in Kernel::ALL
        .into_iter()
        .filter(|kernel| !kernel.is_available())
    {
        let refused = Searcher::with_kernel(base.view(), Metric::L2, Some(kernel), 1);
        assert_eq!(refused.unwrap_err(), ExactError::NoKernel { kernel });
    }
}

#[test]
fn smaller_types_are_searched_like_their_values() {
    let (base, queries) = (normal(3_000, 33, 9), normal(7, 33, 10));
    let half = |matrix: &Matrix| matrix.view().map(|value| f16::from_f32(*value));
    check_like_f32(&half(&base), &half(&queries));
    let byte = |matrix: &Matrix| matrix.view().map(|value| (value * 127.0 + 128.0) as u8);
    check_like_f32(&byte(&base), &byte(&queries));
    let signed = |matrix: &Matrix| matrix.view().map(|value| (value * 127.0) as i8);
    check_like_f32(&signed(&base), &signed(&queries));
}

fn check_blocks(base: &Matrix, queries: &Matrix, metric: Metric, k: usize, rows: usize) {
    let mut whole = BlockSearch::new(queries.view(), metric, k).unwrap();
    whole.push(base.view(), &mut Options::new(1)).unwrap();
    let all = Searcher::new(base.view(), metric, 1).unwrap();
    let expected = all.search(queries.view(), k, &mut Options::new(1)).unwrap();
    assert_eq!(whole.finish(), expected);
    let starts = (0..base.n()).step_by(rows);
    let block = |start: usize| base.view().slice(start..base.n().min(start + rows));
    let blocks = starts.map(|start| Ok::<_, ExactError>(block(start).map(|value| *value)));
    let mut options = Options::new(2);
    let found = search_blocks(blocks, queries.view(), metric, k, &mut options).unwrap();
    assert_eq!(found, expected, "{metric}, blocks of {rows}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn blocks_give_what_the_whole_base_gives(
        picks in vec(0usize..40, 1..400),
        rows in 1usize..200,
        k in 1usize..50,
        metric in select(Metric::ALL.to_vec()),
    ) {
        // Few distinct rows, so that ties cross blocks.
        let base = normal(40, 6, 11).select(&picks);
        check_blocks(&base, &normal(9, 6, 12), metric, k, rows);
    }
}

#[test]
fn a_block_above_the_memory_cap_is_searched_in_parts() {
    let (base, queries) = (normal(9_000, 24, 13), normal(20, 24, 14));
    let mut parts = 0;
    let mut options = Options::new(1).with_progress(|progress| {
        parts += usize::from(progress.done == progress.total);
    });
    let search = BlockSearch::new(queries.view(), Metric::L2, 10).unwrap();
    let mut search = search.with_memory_cap(3_000 * (24 + 32));
    search.push(base.view(), &mut options).unwrap();
    drop(options);
    assert_eq!(
        (parts, search.finish()),
        (3, by(&base, &queries, Metric::L2, None))
    );
}

#[test]
fn a_bad_row_is_counted_from_the_first_block() {
    let queries = normal(1, 2, 15);
    let mut search = BlockSearch::new(queries.view(), Metric::L2, 1).unwrap();
    search
        .push(normal(7, 2, 16).view(), &mut Options::new(1))
        .unwrap();
    let bad = Matrix::from_vec(vec![0.0, 0.0, 1.0, f32::NAN], 2).unwrap();
    let error = search.push(bad.view(), &mut Options::new(1)).unwrap_err();
    assert!(
        error.to_string().starts_with("row 8 of the base"),
        "{error}"
    );
}

#[test]
fn a_search_of_no_blocks_finds_nothing() {
    let queries = normal(2, 3, 17);
    let found = BlockSearch::new(queries.view(), Metric::L2, 4)
        .unwrap()
        .finish();
    assert_eq!(
        (found.n_queries(), found.found(), found.ties_at_k(1)),
        (2, 0, 0)
    );
}

#[test]
fn a_row_that_is_not_finite_is_named_whatever_packs_it() {
    for bad in [f32::NAN, f32::INFINITY] {
        let mut base = normal(100, 9, 23);
        base.as_mut_slice()[40 * 9 + 3] = bad;
        base.as_mut_slice()[70 * 9] = bad;
        let ways = Metric::ALL
            .iter()
            .flat_map(|metric| available().map(move |k| (*metric, k)));
        for (metric, kernel) in ways {
            let refused = Searcher::with_kernel(base.view(), metric, Some(kernel), 2).unwrap_err();
            let expected = ExactError::NotFinite {
                which: Which::Base,
                row: 40,
            };
            assert_eq!(refused, expected, "{metric} {kernel}");
        }
    }
}
