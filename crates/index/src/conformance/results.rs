//! Checks on what a search returns.

use annbench_vectors::Neighbors;

use super::{Check, K, Outcome, SEED, Suite, data, ensure, search};
use crate::{BuildJob, BuildProgress};

pub(super) const CHECKS: &[Check] = &[
    ("a built index says what it holds", index_says_what_it_holds),
    (
        "progress ends where the base does",
        progress_ends_where_the_base_does,
    ),
    (
        "ids are rows, distinct, nearest first",
        rows_are_well_formed,
    ),
    (
        "scores are those of the vectors",
        scores_are_those_of_the_vectors,
    ),
    ("recall is what was promised", recall_is_what_was_promised),
    (
        "one query at a time finds the same",
        one_at_a_time_finds_the_same,
    ),
    (
        "permuting queries permutes results",
        permuting_queries_permutes_results,
    ),
    ("two threads find the same", two_threads_find_the_same),
    ("builds that should repeat do", builds_that_should_repeat_do),
    ("equal vectors are all found", equal_vectors_are_all_found),
];

fn index_says_what_it_holds(suite: &Suite<'_>) -> Outcome {
    let index = suite.index()?;
    let said = (index.len(), index.dim(), index.metric(), index.is_empty());
    let held = (suite.base.n(), suite.base.dim(), suite.metric, false);
    ensure(said == held, || format!("{said:?}, not {held:?}"))
}

fn progress_ends_where_the_base_does(suite: &Suite<'_>) -> Outcome {
    let mut reports: Vec<BuildProgress> = Vec::new();
    let base = suite.base.view();
    let mut job = BuildJob::with_progress(1, SEED, |progress| reports.push(progress));
    suite
        .backend
        .build(base, suite.metric, &suite.build_params()?, &mut job)?;
    drop(job);
    let forward = reports.iter().all(|report| report.done <= report.total);
    let ended = reports
        .last()
        .is_some_and(|last| (last.done, last.total) == (base.n(), base.n()));
    ensure(forward && ended, || format!("{reports:?}"))
}

fn rows_are_well_formed(suite: &Suite<'_>) -> Outcome {
    let found = search(&*suite.index()?, suite.queries.view(), K)?;
    for query_idx in 0..found.n_queries() {
        let (ids, scores) = (found.ids(query_idx), found.scores(query_idx));
        let distinct: std::collections::HashSet<_> = ids.iter().collect();
        let in_range = ids.iter().all(|id| *id < suite.base.n() as u64);
        let sorted =
            scores.is_sorted_by(|a, b| suite.metric.nearer_first((*a).into(), (*b).into()).is_le());
        ensure(distinct.len() == ids.len() && in_range && sorted, || {
            format!("query {query_idx}: {ids:?} {scores:?}")
        })?;
    }
    Ok(())
}

fn scores_are_those_of_the_vectors(suite: &Suite<'_>) -> Outcome {
    if !suite.scores_are_true() {
        return Ok(());
    }
    let found = search(&*suite.index()?, suite.queries.view(), K)?;
    for (query_idx, query) in suite.queries.rows().enumerate() {
        let pairs = found.ids(query_idx).iter().zip(found.scores(query_idx));
        for (id, score) in pairs {
            let truth = suite.metric.score(suite.base.row(*id as usize), query);
            let near = (f64::from(*score) - truth).abs() <= data::tolerance(truth);
            ensure(near, || {
                format!("query {query_idx}, id {id}: {score}, not {truth}")
            })?;
        }
    }
    Ok(())
}

fn recall_is_what_was_promised(suite: &Suite<'_>) -> Outcome {
    let exact = suite.backend.is_exact(&suite.build_params()?)?;
    let least = if exact { 1.0 } else { suite.case.least_recall };
    let queries = suite.queries.view();
    let found = search(&*suite.index()?, queries, K)?;
    let recall = data::recall(suite.base.view(), queries, &found, suite.metric);
    ensure(recall >= least, || {
        format!("recall@{K} {recall}, not {least}")
    })
}

fn one_at_a_time_finds_the_same(suite: &Suite<'_>) -> Outcome {
    let index = suite.index()?;
    let together = search(&*index, suite.queries.view(), K)?;
    let mut apart = Neighbors::new(suite.queries.n(), K);
    for query_idx in 0..suite.queries.n() {
        let query = suite.queries.view().slice(query_idx..query_idx + 1);
        index.search(query, &mut apart.row_mut(query_idx))?;
    }
    same(&together, &apart, |query_idx| query_idx)
}

fn permuting_queries_permutes_results(suite: &Suite<'_>) -> Outcome {
    let index = suite.index()?;
    let n_queries = suite.queries.n();
    let place = |query_idx: usize| (query_idx * 7 + 3) % n_queries;
    let order: Vec<usize> = (0..n_queries).map(place).collect();
    let plain = search(&*index, suite.queries.view(), K)?;
    let permuted = search(&*index, suite.queries.select(&order).view(), K)?;
    same(&permuted, &plain, place)
}

fn two_threads_find_the_same(suite: &Suite<'_>) -> Outcome {
    let mut index = suite.index()?;
    let one = search(&*index, suite.queries.view(), K)?;
    suite.configure(&mut *index, K, 2)?;
    let two = search(&*index, suite.queries.view(), K)?;
    same(&one, &two, |query_idx| query_idx)
}

fn builds_that_should_repeat_do(suite: &Suite<'_>) -> Outcome {
    for threads in [1, 2] {
        if !suite
            .backend
            .is_repeatable(&suite.build_params()?, threads)?
        {
            continue;
        }
        let results = |()| {
            let mut index = suite.build(suite.base.view(), threads)?.index;
            suite.configure(&mut *index, K, 1)?;
            search(&*index, suite.queries.view(), K)
        };
        let (first, second) = (results(())?, results(())?);
        ensure(first == second, || {
            format!("two builds with {threads} threads and one seed differ")
        })?;
    }
    Ok(())
}

fn equal_vectors_are_all_found(suite: &Suite<'_>) -> Outcome {
    let base = data::doubled(suite.base.view());
    let mut index = suite.build(base.view(), 1)?.index;
    suite.configure(&mut *index, K, 1)?;
    let found = search(&*index, suite.queries.view(), K)?;
    ensure_distinct(&found)?;
    if !suite.backend.is_exact(&suite.build_params()?)? {
        return Ok(());
    }
    let recall = data::recall(base.view(), suite.queries.view(), &found, suite.metric);
    ensure(recall == 1.0, || format!("recall@{K} {recall}"))?;
    all_alike(suite)
}

/// A base of one vector many times over, which graphs and k-means find hard.
fn all_alike(suite: &Suite<'_>) -> Outcome {
    let base = suite.base.select(&vec![0; suite.base.n()]);
    let mut index = suite.build(base.view(), 1)?.index;
    suite.configure(&mut *index, K, 1)?;
    ensure_distinct(&search(&*index, suite.queries.view(), K)?)
}

fn ensure_distinct(found: &Neighbors) -> Outcome {
    for query_idx in 0..found.n_queries() {
        let ids = found.ids(query_idx);
        let distinct: std::collections::HashSet<_> = ids.iter().collect();
        ensure(distinct.len() == ids.len(), || {
            format!("query {query_idx}: {ids:?}")
        })?;
    }
    Ok(())
}

/// Whether row `i` of `a` is row `place(i)` of `b`: the same scores up to rounding, and the same
/// ids but for those that rounding may have moved past each other.
fn same(a: &Neighbors, b: &Neighbors, place: impl Fn(usize) -> usize) -> Outcome {
    for query_idx in 0..a.n_queries() {
        let other = place(query_idx);
        let close = a.scores(query_idx).len() == b.scores(other).len()
            && a.scores(query_idx)
                .iter()
                .zip(b.scores(other))
                .all(|(a, b)| f64::from((a - b).abs()) <= data::tolerance(f64::from(*a)));
        let alike = a.ids(query_idx) == b.ids(other) || {
            let kept = |id: &&u64| b.ids(other).contains(id);
            a.ids(query_idx).iter().filter(kept).count() + 1 >= a.ids(query_idx).len()
        };
        ensure(close && alike, || {
            format!(
                "query {query_idx}: {:?} {:?} against {:?} {:?}",
                a.ids(query_idx),
                a.scores(query_idx),
                b.ids(other),
                b.scores(other)
            )
        })?;
    }
    Ok(())
}
