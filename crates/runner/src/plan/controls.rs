//! What is measured to watch the measuring: an index that does nothing, and one point twice.

use annbench_index::{NullBackend, Params, Registry};
use annbench_store::results::Role;

use super::{Plan, PlannedBuild, PlannedPoint};

/// Adds them behind the points that are compared.
///
/// The null index needs its backend in the registry, as the one of annbench has; without it the
/// overhead of the harness is not measured.
pub(super) fn add(plan: &mut Plan, registry: &Registry) {
    let twin = twin(plan);
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
            is_exact: false,
            is_repeatable: true,
            seed: plan.seed,
            threads: 1,
            is_control: true,
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
