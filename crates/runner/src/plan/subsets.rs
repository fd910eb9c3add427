//! The same indexes on parts of the base, to see how their speed grows with it.

use annbench_index::{BaseFacts, Registry};
use annbench_store::results::Role;

use super::{Plan, PlannedBuild, PlannedPoint};
use crate::experiment::{Mistake, Written};

/// Adds every index that is compared once more for each part of the base, with its points.
pub(super) fn add(
    plan: &mut Plan,
    written: &Written,
    base: BaseFacts,
    registry: &Registry,
) -> Result<(), Mistake> {
    let refuse = |message: String| written.places.mistake("measure.subsets", message);
    let originals: Vec<usize> = (0..plan.builds.len())
        .filter(|&build| {
            let build = &plan.builds[build];
            !build.is_control && build.repetition == 0
        })
        .collect();
    let shares = written.experiment.measure.subsets.shares();
    for n in sizes(shares, base.n, plan.k).map_err(refuse)? {
        for &original in &originals {
            let smaller = BaseFacts { n, ..base };
            shrink(plan, original, smaller, registry).map_err(refuse)?;
        }
    }
    Ok(())
}

/// Numbers of vectors, ascending.
fn sizes(shares: &[f64], n: usize, k: usize) -> Result<Vec<usize>, String> {
    let size = |&share: &f64| {
        let size = (share * n as f64).round() as usize;
        match share {
            share if !(share > 0.0 && share < 1.0) => Err(format!(
                "{share} is no part of the base; write shares above 0 and under 1"
            )),
            _ if size < k => Err(format!(
                "{share} of the {n} base vectors are {size}, fewer than k = {k}; leave that share out"
            )),
            _ => Ok(size),
        }
    };
    let mut sizes: Vec<usize> = shares.iter().map(size).collect::<Result<_, _>>()?;
    sizes.sort_unstable();
    sizes.dedup();
    sizes.retain(|&size| size < n);
    Ok(sizes)
}

/// Adds one index on fewer vectors, with its points.
fn shrink(
    plan: &mut Plan,
    original: usize,
    base: BaseFacts,
    registry: &Registry,
) -> Result<(), String> {
    let whole = plan.builds[original].clone();
    let refused =
        |error: &dyn std::fmt::Display| format!("{} on {} vectors: {error}", whole.label, base.n);
    let backend = registry
        .get(&whole.backend)
        .map_err(|error| refused(&error))?;
    let resolved = backend
        .resolve(&whole.requested, base)
        .map_err(|error| refused(&error))?;
    let candidates: Vec<(usize, PlannedPoint)> = plan
        .points_of(original)
        .filter(|(_, point)| point.role == Role::Candidate)
        .map(|(number, point)| (number, point.clone()))
        .collect();
    for (candidate, point) in candidates {
        let search = backend
            .resolve_search(&resolved.params, &point.search, base)
            .map_err(|error| refused(&error))?;
        plan.points.push(PlannedPoint {
            build: plan.builds.len(),
            search,
            role: Role::Subset,
            twin: Some(candidate),
        });
    }
    plan.builds.push(PlannedBuild {
        n: base.n,
        effective: resolved.params,
        adjustments: resolved.adjustments,
        ..whole
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_become_numbers_of_vectors() {
        assert_eq!(sizes(&[0.5, 0.125, 0.5], 1000, 10), Ok(vec![125, 500]));
        assert_eq!(sizes(&[], 1000, 10), Ok(vec![]));
    }

    #[test]
    fn shares_that_make_no_sense_are_refused() {
        for (share, expected) in [
            (0.0, "no part of the base"),
            (1.0, "no part of the base"),
            (-0.5, "no part of the base"),
            (f64::NAN, "no part of the base"),
            (0.005, "are 5, fewer than k = 10"),
        ] {
            let message = sizes(&[share], 1000, 10).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
