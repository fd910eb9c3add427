//! Checks on unusual sizes, shapes and files.

use std::path::PathBuf;

use annbench_vectors::{Matrix, Neighbors};

use super::{Check, K, Outcome, Suite, ensure, search};
use crate::{Index, SearchError};

pub(super) const CHECKS: &[Check] = &[
    ("k above n gives shorter rows", k_above_n_gives_shorter_rows),
    (
        "an empty base is refused or finds nothing",
        an_empty_base_is_refused_or_finds_nothing,
    ),
    (
        "one vector is refused or found",
        one_vector_is_refused_or_found,
    ),
    ("no queries are no error", no_queries_are_no_error),
    (
        "queries of another dim are refused",
        queries_of_another_dim_are_refused,
    ),
    ("too little room is refused", too_little_room_is_refused),
    (
        "a loaded index finds the same",
        a_loaded_index_finds_the_same,
    ),
    ("a damaged file is refused", a_damaged_file_is_refused),
    (
        "a place that cannot be written is an error",
        a_place_that_cannot_be_written_is_an_error,
    ),
];

fn k_above_n_gives_shorter_rows(suite: &Suite<'_>) -> Outcome {
    let n = suite.base.n();
    let k = n + 3;
    let mut index = suite.index()?;
    suite.configure(&mut *index, k, 1)?;
    let found = search(&*index, suite.queries.view(), k)?;
    let exact = suite.backend.is_exact(&suite.build_params()?)?;
    for query_idx in 0..found.n_queries() {
        let count = found.ids(query_idx).len();
        let in_range = found.ids(query_idx).iter().all(|id| *id < n as u64);
        ensure(in_range && count <= n && (count == n || !exact), || {
            format!("query {query_idx}: {count} of {n}")
        })?;
    }
    Ok(())
}

fn an_empty_base_is_refused_or_finds_nothing(suite: &Suite<'_>) -> Outcome {
    found_in_the_first(suite, 0)
}

fn one_vector_is_refused_or_found(suite: &Suite<'_>) -> Outcome {
    found_in_the_first(suite, 1)
}

/// Builds over the first `n` vectors, `n` being 0 or 1.
fn found_in_the_first(suite: &Suite<'_>, n: usize) -> Outcome {
    let mut index = match suite.build(suite.base.view().slice(0..n), 1) {
        Ok(built) => built.index,
        Err(error) => return ensure(!error.to_string().is_empty(), || "no reason given".into()),
    };
    suite.configure(&mut *index, K, 1)?;
    let found = search(&*index, suite.queries.view(), K)?;
    for query_idx in 0..found.n_queries() {
        let ids = found.ids(query_idx);
        ensure(
            ids.iter().eq((0..n as u64).collect::<Vec<_>>().iter()),
            || format!("query {query_idx}: {ids:?} in a base of {n}"),
        )?;
    }
    ensure(index.len() == n, || format!("len {}", index.len()))
}

fn no_queries_are_no_error(suite: &Suite<'_>) -> Outcome {
    let none = suite.queries.view().slice(0..0);
    search(&*suite.index()?, none, K)?;
    Ok(())
}

fn queries_of_another_dim_are_refused(suite: &Suite<'_>) -> Outcome {
    let (index, dim) = (suite.index()?, suite.base.dim());
    let queries = Matrix::from_vec(vec![0.5; dim + 1], dim + 1)?;
    let refused = index.search(queries.view(), &mut Neighbors::new(1, K).as_mut());
    let expected = Err(SearchError::DimMismatch {
        queries: dim + 1,
        index: dim,
    });
    ensure(refused == expected, || format!("{refused:?}"))
}

fn too_little_room_is_refused(suite: &Suite<'_>) -> Outcome {
    let mut room = Neighbors::new(1, K);
    let refused = suite
        .index()?
        .search(suite.queries.view().slice(0..2), &mut room.as_mut());
    let expected = Err(SearchError::Room {
        queries: 2,
        room: 1,
    });
    ensure(refused == expected, || format!("{refused:?}"))
}

fn file(suite: &Suite<'_>, name: &str) -> PathBuf {
    let process = std::process::id();
    let (backend, metric) = (suite.backend.name(), suite.metric);
    // Cases of one backend may run side by side.
    let case = std::ptr::from_ref(suite.case) as usize;
    suite
        .scratch
        .join(format!("{process}-{case:x}-{backend}-{metric}-{name}"))
}

fn a_loaded_index_finds_the_same(suite: &Suite<'_>) -> Outcome {
    let path = file(suite, "saved");
    let mut index = suite.index()?;
    index.save(&path)?;
    let mut loaded = suite.backend.load(&path, suite.metric)?;
    std::fs::remove_file(&path)?;
    let said = |index: &dyn Index| {
        let estimate = index.bytes_estimate();
        (index.len(), index.dim(), index.metric(), estimate)
    };
    ensure(said(&*index) == said(&*loaded), || {
        format!("{:?}, not {:?}", said(&*loaded), said(&*index))
    })?;
    let built_with = suite.configure(&mut *index, K, 1)?;
    let loaded_with = suite.configure(&mut *loaded, K, 1)?;
    ensure(loaded_with == built_with, || {
        format!("parameters in force {loaded_with}, not {built_with}")
    })?;
    let queries = suite.queries.view();
    let same = search(&*index, queries, K)? == search(&*loaded, queries, K)?;
    ensure(same, || "results differ".into())
}

fn a_damaged_file_is_refused(suite: &Suite<'_>) -> Outcome {
    let path = file(suite, "damaged");
    suite.index()?.save(&path)?;
    let whole = std::fs::read(&path)?;
    let lengths = [0, 1, whole.len() / 3, whole.len() / 2, whole.len() - 1];
    for length in lengths {
        refused(
            suite,
            &path,
            &whole[..length],
            &format!("cut to {length} bytes"),
        )?;
    }
    let noise: Vec<u8> = (0..whole.len()).map(|at| (at * 31 % 251) as u8).collect();
    refused(suite, &path, &noise, "noise")?;
    std::fs::remove_file(&path)?;
    let missing = suite.backend.load(&path, suite.metric);
    ensure(missing.is_err(), || "a missing file was loaded".into())
}

fn refused(suite: &Suite<'_>, path: &PathBuf, bytes: &[u8], what: &str) -> Outcome {
    std::fs::write(path, bytes)?;
    let Err(error) = suite.backend.load(path, suite.metric) else {
        return Err(format!("a file {what} was loaded").into());
    };
    let named = error.to_string().contains(&path.display().to_string());
    ensure(named, || format!("{what}: {error} does not name the file"))
}

fn a_place_that_cannot_be_written_is_an_error(suite: &Suite<'_>) -> Outcome {
    let nowhere = file(suite, "no-such-folder").join("index");
    let saved = suite.index()?.save(&nowhere);
    ensure(saved.is_err(), || "it says it was saved".into())
}
