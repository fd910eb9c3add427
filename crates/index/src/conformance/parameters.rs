//! Checks on parameters.

use serde_json::{Value, json};

use super::{Check, K, Outcome, Suite, ensure, search};
use crate::{ParamDoc, ParamError, Params, SearchSetup};

pub(super) const CHECKS: &[Check] = &[
    (
        "every parameter is documented",
        every_parameter_is_documented,
    ),
    (
        "wrong build parameters are refused",
        wrong_build_parameters_are_refused,
    ),
    (
        "wrong search parameters are refused",
        wrong_search_parameters_are_refused,
    ),
    (
        "parameters in force are stable",
        parameters_in_force_are_stable,
    ),
    (
        "configuring again leaves nothing behind",
        configuring_again_leaves_nothing_behind,
    ),
];

fn every_parameter_is_documented(suite: &Suite<'_>) -> Outcome {
    let docs = [suite.backend.build_docs(), suite.backend.search_docs()].concat();
    for doc in docs {
        ensure(
            !doc.description.is_empty() && !doc.description.contains('\n'),
            || format!("`{}`: {:?}", doc.key, doc.description),
        )?;
    }
    Ok(())
}

fn wrong_build_parameters_are_refused(suite: &Suite<'_>) -> Outcome {
    let facts = suite.facts(suite.base.view());
    let given = &suite.case.build;
    refuses_what_is_wrong(&suite.backend.build_docs(), given, |params| {
        suite.backend.resolve(params, facts).map(|_| ())
    })
}

fn wrong_search_parameters_are_refused(suite: &Suite<'_>) -> Outcome {
    let facts = suite.facts(suite.base.view());
    let build = suite.build_params()?;
    let given = &suite.case.search;
    refuses_what_is_wrong(&suite.backend.search_docs(), given, |params| {
        suite
            .backend
            .resolve_search(&build, params, facts)
            .map(|_| ())
    })
}

fn refuses_what_is_wrong(
    docs: &[ParamDoc],
    given: &Params,
    resolve: impl Fn(&Params) -> Result<(), ParamError>,
) -> Outcome {
    resolve(given)?;
    let unknown = resolve(&given.clone().with("nosuchkey", 1));
    ensure(matches!(unknown, Err(ParamError::Unknown { .. })), || {
        format!("an unknown key: {unknown:?}")
    })?;
    for doc in docs {
        refuses_what_is_wrong_with(doc, given, &resolve)?;
    }
    Ok(())
}

fn refuses_what_is_wrong_with(
    doc: &ParamDoc,
    given: &Params,
    resolve: impl Fn(&Params) -> Result<(), ParamError>,
) -> Outcome {
    let key = doc.key.as_str();
    let misspelt = resolve(&given.clone().with(format!("{key}x"), 1));
    let suggestion = format!("did you mean `{key}`?");
    let nearest_is_named = matches!(
        &misspelt,
        Err(error @ ParamError::Unknown { .. }) if error.to_string().contains(&suggestion)
    );
    ensure(nearest_is_named, || format!("`{key}x`: {misspelt:?}"))?;
    let typed = resolve(&given.clone().with(key, json!([1])));
    ensure(matches!(typed, Err(ParamError::WrongType { .. })), || {
        format!("{key} = [1]: {typed:?}")
    })?;
    if let Some(below) = below_range(doc) {
        let outside = resolve(&given.clone().with(key, below));
        ensure(
            matches!(outside, Err(ParamError::OutOfRange { .. })),
            || format!("{key} = {below}: {outside:?}"),
        )?;
    }
    if doc.required {
        let without = given.iter().filter(|(other, _)| *other != key);
        let without = without
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect();
        let missing = resolve(&without);
        ensure(matches!(missing, Err(ParamError::Missing { .. })), || {
            format!("without {key}: {missing:?}")
        })?;
    }
    Ok(())
}

/// A whole number just below the parameter's range.
fn below_range(doc: &ParamDoc) -> Option<i64> {
    let least = doc.range.as_ref()?.split_whitespace().next()?;
    Some(least.parse::<i64>().ok()? - 1)
}

fn parameters_in_force_are_stable(suite: &Suite<'_>) -> Outcome {
    let mut index = suite.index()?;
    let effective = suite.configure(&mut *index, K, 1)?;
    let keys = suite.backend.search_docs();
    let known = |key: &str| keys.iter().any(|doc| doc.key == key);
    ensure(effective.iter().all(|(key, _)| known(key)), || {
        format!("{effective} has a key that is no parameter")
    })?;
    let mut asked = suite.case.search.iter();
    let reported = asked.all(|(key, _)| effective.get(key).is_some());
    ensure(reported, || {
        format!("{effective} leaves out what was asked for")
    })?;
    let setup = SearchSetup { k: K, threads: 1 };
    let again = index.configure(&effective, setup)?;
    ensure(again == effective, || {
        format!("{effective}, set again, becomes {again}")
    })
}

fn configuring_again_leaves_nothing_behind(suite: &Suite<'_>) -> Outcome {
    let mut index = suite.index()?;
    let queries = suite.queries.view();
    let first = search(&*index, queries, K)?;
    let setup = SearchSetup {
        k: 2 * K,
        threads: 2,
    };
    index.configure(&other(suite), setup)?;
    search(&*index, queries, 2 * K)?;
    suite.configure(&mut *index, K, 1)?;
    let last = search(&*index, queries, K)?;
    ensure(first == last, || "results differ from the first".into())
}

/// The case's search parameters with every whole number raised by one.
fn other(suite: &Suite<'_>) -> Params {
    let raised = |value: &Value| match value.as_u64() {
        Some(number) => (number + 1).into(),
        None => value.clone(),
    };
    let given = suite.case.search.iter();
    given
        .map(|(key, value)| (key.to_owned(), raised(value)))
        .collect()
}
