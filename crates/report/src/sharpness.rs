//! What a run can tell apart, in plain words.

use annbench_store::results::{Estimate, Load, Noise};

use crate::{
    Run,
    numbers::{nanoseconds, percent, signed_percent},
};

/// A sentence for each main load that was measured.
pub(crate) fn sharpness(run: &Run) -> Vec<String> {
    let loads = run.main_loads().into_iter();
    let measured = loads.filter(|load| run.measured(*load).next().is_some());
    measured
        .map(|load| sentence(load, noise_of(run, load)))
        .collect()
}

fn noise_of(run: &Run, load: Load) -> Option<&Noise> {
    run.record.noise.iter().find(|noise| noise.load == load)
}

fn sentence(load: Load, noise: Option<&Noise>) -> String {
    let cost = noise.and_then(|noise| noise.null_ns).map(overhead);
    let parts = told_apart(noise).into_iter().chain(cost);
    format!("{load}: {}", parts.collect::<Vec<_>>().join("; "))
}

fn told_apart(noise: Option<&Noise>) -> Vec<String> {
    let floor_of = noise.and_then(|noise| noise.floor);
    let resolution_of = noise.and_then(|noise| noise.resolution);
    if [floor_of, resolution_of]
        .iter()
        .flatten()
        .any(|found| *found > TOO_MUCH)
    {
        return vec![TOO_SHORT.to_owned()];
    }
    let found = noise.and_then(|noise| noise.duplicate);
    let parts = [
        Some(found.map_or_else(|| UNKNOWN.to_owned(), duplicate)),
        floor_of.map(floor),
        resolution_of.map(resolution),
    ];
    parts.into_iter().flatten().collect()
}

/// A floor or resolution above which its figure says nothing but that rounds were too few or too unlike.
const TOO_MUCH: f64 = 1.0;

const TOO_SHORT: &str = "too few rounds, or too unlike, to tell how much a point differs from \
     itself: take no difference between points for sure";

const UNKNOWN: &str = "no point was measured beside a duplicate of itself (A/A), so how much a \
     point differs from itself is not known";

fn duplicate(ratio: Estimate) -> String {
    let [value, low, high] =
        [ratio.value, ratio.low, ratio.high].map(|ratio| signed_percent(ratio - 1.0));
    format!(
        "a point differed from its own duplicate by {value} (A/A, 95 % interval {low} to {high})"
    )
}

fn floor(floor: f64) -> String {
    format!("differences under {} are not told apart", percent(floor))
}

fn resolution(resolution: f64) -> String {
    let smallest = percent(resolution);
    format!("the smallest difference this run could find is {smallest}")
}

fn overhead(null_ns: f64) -> String {
    let cost = nanoseconds(null_ns);
    format!("the harness itself takes {cost} a query")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, BATCH, SINGLE};

    fn check(change: fn(&mut Noise), expected: &str) {
        let mut run = fixture::run();
        run.record.noise.iter_mut().for_each(change);
        assert_eq!(sentence(SINGLE, noise_of(&run, SINGLE)), expected);
    }

    #[test]
    fn a_run_too_short_to_tell_anything_apart_says_so() {
        let changes: [fn(&mut Noise); 2] = [
            |noise| noise.floor = Some(731.5),
            |noise| noise.resolution = Some(2e22),
        ];
        for change in changes {
            check(
                change,
                "single: too few rounds, or too unlike, to tell how much a point differs from \
                 itself: take no difference between points for sure; the harness itself takes 41 \
                 ns a query",
            );
        }
    }

    #[test]
    fn a_load_says_what_it_can_tell_apart() {
        check(
            |_| (),
            "single: a point differed from its own duplicate by +0.4 % (A/A, 95 % interval -0.7 % \
             to +1.5 %); differences under 1.5 % are not told apart; the smallest difference this \
             run could find is 2.2 %; the harness itself takes 41 ns a query",
        );
    }

    #[test]
    fn what_is_not_known_is_left_out_and_a_missing_duplicate_is_told() {
        check(
            |noise| (noise.resolution, noise.null_ns) = (None, None),
            "single: a point differed from its own duplicate by +0.4 % (A/A, 95 % interval -0.7 % \
             to +1.5 %); differences under 1.5 % are not told apart",
        );
        check(
            |noise| (noise.duplicate, noise.floor, noise.resolution) = (None, None, None),
            "single: no point was measured beside a duplicate of itself (A/A), so how much a \
             point differs from itself is not known; the harness itself takes 41 ns a query",
        );
        assert!(sentence(BATCH, None).ends_with("is not known"));
    }

    #[test]
    fn there_is_a_sentence_for_each_main_load_that_was_measured() {
        let mut run = fixture::run();
        let starts = |run: &Run| -> Vec<String> {
            let sentences = sharpness(run).into_iter();
            sentences
                .filter_map(|s| Some(s.split_once(':')?.0.to_owned()))
                .collect()
        };
        assert_eq!(starts(&run), ["single", "batch, 2 threads"]);
        run.points.retain(|row| row.load() == BATCH);
        assert_eq!(starts(&run), ["batch, 2 threads"]);
        run.record.noise.clear();
        assert_eq!(
            starts(&run),
            ["batch, 2 threads"],
            "says that nothing is known"
        );
    }
}
