//! What is measured beside the points that were asked for: exact search where none of them is exact,
//! the same on indexes built again, an index that does nothing, and one point twice.

use annbench_index::{BaseFacts, NullBackend, ParamError, Params, Registry};
use annbench_store::results::Role;

use super::{Plan, PlannedBuild, PlannedPoint};

/// The backend of annbench's own exact search.
const BASELINE: &str = "exact";

/// What tables call it where it was added.
pub(super) const BASELINE_LABEL: &str = "exact (baseline)";

/// Adds exact search to the points that are compared, where none of them is exact.
///
/// It needs its backend in the registry, as the one of annbench has; without it there is no baseline.
pub(super) fn add_baseline(
    plan: &mut Plan,
    base: BaseFacts,
    registry: &Registry,
) -> Result<(), ParamError> {
    let (Some(first), Ok(backend)) = (plan.builds.first(), registry.get(BASELINE)) else {
        return Ok(());
    };
    if plan.builds.iter().any(|build| build.is_exact) {
        return Ok(());
    }
    let resolved = backend.resolve(&Params::new(), base)?;
    let search = backend.resolve_search(&resolved.params, &Params::new(), base)?;
    let baseline = PlannedBuild {
        label: BASELINE_LABEL.into(),
        backend: BASELINE.into(),
        requested: Params::new(),
        effective: resolved.params,
        adjustments: resolved.adjustments,
        is_exact: true,
        is_repeatable: true,
        ..first.clone()
    };
    plan.points.push(PlannedPoint {
        build: plan.builds.len(),
        search,
        role: Role::Candidate,
        twin: None,
    });
    plan.builds.push(baseline);
    Ok(())
}

/// Adds the rest behind the points that are compared; every index that is not exact is
/// built `builds` times in all.
///
/// The null index needs its backend in the registry, as the one of annbench has; without it the
/// overhead of the harness is not measured.
pub(super) fn add(plan: &mut Plan, builds: usize, registry: &Registry) {
    let twin = twin(plan);
    for repetition in 1..builds {
        rebuild(plan, repetition);
    }
    plan.points.push(PlannedPoint {
        role: Role::Duplicate,
        twin: Some(twin),
        ..plan.points[twin].clone()
    });
    let null = annbench_index::Backend::name(&NullBackend);
    if registry.get(null).is_ok() {
        plan.points.push(PlannedPoint {
            build: plan.builds.len(),
            search: Params::new(),
            role: Role::Null,
            twin: None,
        });
        plan.builds.push(PlannedBuild {
            label: "null index".into(),
            backend: null.into(),
            requested: Params::new(),
            effective: Params::new(),
            adjustments: Vec::new(),
            n: plan.builds[0].n,
            is_exact: false,
            is_repeatable: true,
            repetition: 0,
            seed: plan.seed,
            threads: 1,
            is_control: true,
        });
    }
}

/// Adds each index that is not exact once more, with its points.
fn rebuild(plan: &mut Plan, repetition: usize) {
    // An exact index is the same index whatever the order.
    let first = |build: &PlannedBuild| build.repetition == 0 && !build.is_exact;
    let originals = plan.builds.iter().enumerate();
    let originals: Vec<usize> = originals
        .filter_map(|(number, build)| first(build).then_some(number))
        .collect();
    for original in originals {
        let build = plan.builds.len();
        let of_original = plan.points_of(original);
        let of_original = of_original.filter(|(_, point)| point.role == Role::Candidate);
        let again: Vec<PlannedPoint> = of_original
            .map(|(candidate, point)| PlannedPoint {
                build,
                role: Role::Rebuilt,
                twin: Some(candidate),
                ..point.clone()
            })
            .collect();
        plan.points.extend(again);
        plan.builds.push(PlannedBuild {
            repetition,
            seed: plan.seed.wrapping_add(repetition as u64),
            ..plan.builds[original].clone()
        });
    }
}

/// The point to measure twice: the middle one of those that are not exact, as exact search takes so
/// long that its noise says little of the others'.
fn twin(plan: &Plan) -> usize {
    let numbers = 0..plan.points.len();
    let approximate: Vec<usize> = numbers
        .filter(|&point| !plan.builds[plan.points[point].build].is_exact)
        .collect();
    approximate.get(approximate.len() / 2).copied().unwrap_or(0)
}
