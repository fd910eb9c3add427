//! Where points stand among those of their load: on the Pareto front, tied with it, or beaten.

use std::collections::{BTreeSet, HashMap};

use annbench_store::results::{Load, Mode, PointRow, Tier};

use crate::Run;

/// The points under `load` that are on the Pareto front of recall and qps, in the order of the
/// run.
///
/// These are the points that the run recorded as such; where it recorded no tiers, those that no
/// other point beats by the estimates.
pub fn pareto_points(run: &Run, load: Load) -> Vec<&PointRow> {
    in_tier(run, load, Tier::Front)
}

/// The points under `load` of one tier, in the order of the run.
pub(crate) fn in_tier(run: &Run, load: Load, tier: Tier) -> Vec<&PointRow> {
    let all = tiers(run, load).into_iter();
    let wanted = all.filter(|(_, found)| *found == tier);
    wanted.map(|(point, _)| point).collect()
}

/// The tiers of all loads, to be asked about single points.
pub(crate) struct Tiers(HashMap<(usize, Load), Tier>);

impl Tiers {
    pub(crate) fn of(run: &Run) -> Self {
        let all = run.loads().into_iter().flat_map(|load| tiers(run, load));
        Self(
            all.map(|(point, tier)| ((point.point, point.load()), tier))
                .collect(),
        )
    }

    /// Where a point stands; none if that is not known.
    pub(crate) fn of_point(&self, point: &PointRow) -> Option<Tier> {
        self.0.get(&(point.point, point.load())).copied()
    }

    /// The numbers of the points that are on a front; at a given rate of arrivals all that keep
    /// up are equally fast, so those fronts do not count.
    pub(crate) fn on_fronts(&self) -> BTreeSet<usize> {
        let told = self.0.iter();
        let front =
            told.filter(|((_, load), tier)| load.mode != Mode::OpenLoop && **tier == Tier::Front);
        front.map(|((point, _), _)| *point).collect()
    }
}

/// The points whose tier is known, as recorded or else by the estimates.
fn tiers(run: &Run, load: Load) -> Vec<(&PointRow, Tier)> {
    let recorded = run.measured(load).filter_map(|row| Some((row, row.tier?)));
    let recorded: Vec<(&PointRow, Tier)> = recorded.collect();
    match recorded.is_empty() {
        true => front_of_estimates(run, load),
        false => recorded,
    }
}

/// Of the others nothing is known: whether they are tied takes more than estimates.
fn front_of_estimates(run: &Run, load: Load) -> Vec<(&PointRow, Tier)> {
    let (points, values): (Vec<&PointRow>, Vec<(f64, f64)>) = run
        .measured(load)
        .filter_map(|point| Some((point, (point.recall?.value, point.qps?.value))))
        .unzip();
    let front = annbench_eval::front(&values).into_iter();
    front.map(|at| (points[at], Tier::Front)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, BATCH, SINGLE};

    fn numbers(points: Vec<&PointRow>) -> Vec<usize> {
        points.iter().map(|point| point.point).collect()
    }

    fn without_tiers() -> Run {
        let mut run = fixture::run();
        run.points.iter_mut().for_each(|row| row.tier = None);
        run
    }

    #[test]
    fn the_front_is_what_the_run_recorded_and_each_load_has_its_own() {
        let mut run = fixture::run();
        assert_eq!(numbers(pareto_points(&run, SINGLE)), [0, 1, 4, 5, 6]);
        assert_eq!(numbers(in_tier(&run, BATCH, Tier::Tied)), [2]);
        let slow = run.points.iter_mut().find(|row| row.point == 3);
        slow.unwrap().tier = Some(Tier::Front);
        assert_eq!(numbers(pareto_points(&run, SINGLE)), [0, 1, 3, 4, 5, 6]);
        assert_eq!(numbers(pareto_points(&run, BATCH)), [0, 1, 4, 5, 6]);
    }

    #[test]
    fn where_no_tier_was_recorded_the_estimates_make_the_front() {
        let mut run = without_tiers();
        assert_eq!(numbers(pareto_points(&run, SINGLE)), [0, 1, 4, 5, 6]);
        assert!(in_tier(&run, BATCH, Tier::Tied).is_empty());
        let batch = numbers(pareto_points(&run, BATCH));
        run.points.retain(|point| point.mode == Mode::Batch);
        assert_eq!(numbers(pareto_points(&run, BATCH)), batch);
        assert!(numbers(pareto_points(&run, SINGLE)).is_empty());
    }

    #[test]
    fn the_front_of_a_given_rate_counts_for_nothing() {
        let mut run = fixture::run();
        let on_fronts: Vec<usize> = Tiers::of(&run).on_fronts().into_iter().collect();
        assert_eq!(on_fronts, [0, 1, 4, 5, 6]);
        run.points.retain(|row| row.mode == Mode::OpenLoop);
        assert_eq!(pareto_points(&run, run.loads()[0]).len(), 1);
        assert!(Tiers::of(&run).on_fronts().is_empty());
    }

    #[test]
    fn a_failed_point_is_on_no_front() {
        for run in [fixture::run(), without_tiers()] {
            let failed = run.points.iter().find(|point| !point.status.is_ok());
            assert_eq!(Tiers::of(&run).of_point(failed.unwrap()), None);
        }
    }
}
