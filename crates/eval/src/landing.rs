//! Where a search parameter that buys recall with time reaches a recall, in few measurements.
//!
//! Recall as log odds is close to linear in the logarithm of `nprobe` or `ef_search`, and so is the
//! logarithm of qps: over the sweep of WordNet's 19,000 vectors a doubling adds 0.6 to 1.3 to the log
//! odds of recall. So the next value to try is where the line through two measured ones, or through
//! one with the usual slope, meets the target; the bracket that measured values make keeps it honest.

/// An operating point of one index that was measured at a value of the parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Landmark {
    /// The value; positive.
    pub at: f64,
    /// recall@k there.
    pub recall: f64,
    /// Queries a second there.
    pub qps: f64,
}

/// The values a parameter may take; raising it buys recall and costs time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reach {
    /// The smallest; positive.
    pub low: f64,
    /// The largest; `low` at least.
    pub high: f64,
    /// Whether only whole numbers are values.
    pub is_whole: bool,
}

/// What to do next to land on a recall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// Measure here.
    Measure {
        /// The value of the parameter.
        at: f64,
        /// The recall that the line promises there; none where nothing was measured yet.
        expected: Option<f64>,
    },
    /// Nothing smaller is known to reach the target, or worth a measurement.
    Landed(Landmark),
    /// Not even the largest value reaches it.
    OutOfReach,
}

/// Change of recall's log odds by a factor of e in the parameter, where two points do not tell.
const RECALL_SLOPE: f64 = 1.4;

/// Change of ln qps by a factor of e in the parameter, where two points do not tell.
const QPS_SLOPE: f64 = -0.8;

/// How much steeper than usual a curve may be when it is asked whether a target is out of reach.
const GENEROSITY: f64 = 1.5;

/// A share of what the target leaves to 1 by which recall may lie above it when it has landed.
const TOLERANCE: f64 = 0.2;

/// A factor below the largest value from which on that one is measured at once.
const NEAR_END: f64 = 1.5;

/// Measurements after which the bracket is halved instead of asking the line.
const TRUST: usize = 6;

/// What to do next to land on `target`, given what was measured; `start` is a guess for the first
/// measurement, else the geometric middle of the reach is.
pub fn landing(reach: Reach, known: &[Landmark], target: f64, start: Option<f64>) -> Step {
    let Bracket { below, above } = bracket(known, target);
    match (below, above) {
        (None, None) => Step::Measure {
            at: reach.value(start.unwrap_or((reach.low * reach.high).sqrt())),
            expected: None,
        },
        (_, Some(above)) if above.recall - target <= TOLERANCE * (1.0 - target) => {
            Step::Landed(above)
        }
        (None, Some(above)) if above.at <= reach.low => Step::Landed(above),
        (None, Some(above)) => {
            let at = reach.value(guess(known, above, target).min(above.at / 1.1));
            let at = if at < above.at { at } else { reach.low };
            measure(known, above, at)
        }
        (Some(below), None) if below.at >= reach.high => Step::OutOfReach,
        (Some(below), None) => measure(known, below, upwards(reach, known, below, target)),
        (Some(below), Some(above)) => match within(reach, below, above, known, target) {
            Some(at) => measure(known, below, at),
            None => Step::Landed(above),
        },
    }
}

/// The queries a second that an index is expected to reach at `target`: between two points that
/// enclose it by the line through them, else by the usual slopes. `None` where nothing is known, or
/// where the target is out of reach by a generous guess.
pub fn expected_qps(reach: Reach, known: &[Landmark], target: f64) -> Option<f64> {
    let Bracket { below, above } = bracket(known, target);
    match (below, above) {
        (None, None) => None,
        (Some(below), Some(above)) => {
            let share =
                (odds(target) - odds(below.recall)) / (odds(above.recall) - odds(below.recall));
            let share = share.clamp(0.0, 1.0);
            Some((below.qps.ln() * (1.0 - share) + above.qps.ln() * share).exp())
        }
        (None, Some(above)) => {
            let at = guess(known, above, target).clamp(reach.low, above.at);
            Some(above.qps * (at / above.at).powf(QPS_SLOPE))
        }
        (Some(below), None) => {
            let steep = slope(known) * GENEROSITY;
            let best = odds(below.recall) + steep * (reach.high / below.at).ln();
            let at = guess(known, below, target).clamp(below.at, reach.high);
            (best >= odds(target)).then(|| below.qps * (at / below.at).powf(QPS_SLOPE))
        }
    }
}

/// The value of the parameter at which `target` is expected; `None` where nothing is known.
pub fn expected_at(reach: Reach, known: &[Landmark], target: f64) -> Option<f64> {
    projected_at(known, target).map(|at| reach.value(at))
}

/// The same, be it within reach or not: a start for an index whose reach is another.
pub fn projected_at(known: &[Landmark], target: f64) -> Option<f64> {
    let Bracket { below, above } = bracket(known, target);
    Some(match (below, above) {
        (Some(below), Some(above)) => {
            guess(&[below, above], below, target).clamp(below.at, above.at)
        }
        (one, other) => guess(known, one.or(other)?, target),
    })
}

/// What is known nearest to a target on either side.
struct Bracket {
    below: Option<Landmark>,
    above: Option<Landmark>,
}

fn bracket(known: &[Landmark], target: f64) -> Bracket {
    let reaching = known.iter().copied().filter(|point| point.recall >= target);
    let above = reaching.min_by(|a, b| a.at.total_cmp(&b.at));
    // Recall rises but for noise: what is short of the target beyond a value that reaches it is
    // that.
    let short = known
        .iter()
        .copied()
        .filter(|point| point.recall < target && above.is_none_or(|above| point.at < above.at));
    Bracket {
        below: short.max_by(|a, b| a.at.total_cmp(&b.at)),
        above,
    }
}

fn measure(known: &[Landmark], from: Landmark, at: f64) -> Step {
    let odds = odds(from.recall) + slope(known) * (at / from.at).ln();
    Step::Measure {
        at,
        expected: Some(1.0 / (1.0 + (-odds).exp())),
    }
}

/// Where the line through `from` meets the target.
fn guess(known: &[Landmark], from: Landmark, target: f64) -> f64 {
    from.at * ((odds(target) - odds(from.recall)) / slope(known)).exp()
}

/// A second value that falls short, too, is the last before the largest; near that one there is none,
/// since the largest also tells whether the target can be reached at all.
fn upwards(reach: Reach, known: &[Landmark], below: Landmark, target: f64) -> f64 {
    let at = reach.value(guess(known, below, target));
    match known.len() {
        1 if at > below.at && NEAR_END * at < reach.high => at,
        _ => reach.high,
    }
}

/// A value strictly between two; none where there is none, or none worth a measurement.
fn within(
    reach: Reach,
    below: Landmark,
    above: Landmark,
    known: &[Landmark],
    target: f64,
) -> Option<f64> {
    let is_near = above.at / below.at < 1.02;
    if is_near || (reach.is_whole && above.at - below.at <= 1.0) {
        return None;
    }
    let line = match known.len() {
        ..TRUST => guess(&[below, above], below, target),
        _ => (below.at * above.at).sqrt(),
    };
    match reach.is_whole {
        true => Some(line.round().clamp(below.at + 1.0, above.at - 1.0)),
        false => Some(line.clamp(below.at * 1.01, above.at / 1.01)),
    }
}

/// Of the line through the two points furthest apart; the usual one where that says nothing.
fn slope(known: &[Landmark]) -> f64 {
    let by_at = |a: &&Landmark, b: &&Landmark| a.at.total_cmp(&b.at);
    let (first, last) = (known.iter().min_by(by_at), known.iter().max_by(by_at));
    let found = first
        .zip(last)
        .map(|(first, last)| (odds(last.recall) - odds(first.recall)) / (last.at / first.at).ln());
    let is_sensible = |slope: &f64| slope.is_finite() && *slope > 0.05;
    found.filter(is_sensible).unwrap_or(RECALL_SLOPE)
}

/// Log odds, kept finite at 0 and 1.
fn odds(recall: f64) -> f64 {
    let inside = recall.clamp(5e-4, 1.0 - 5e-4);
    (inside / (1.0 - inside)).ln()
}

impl Reach {
    /// The nearest value there is.
    fn value(self, at: f64) -> f64 {
        let at = if self.is_whole { at.round() } else { at };
        at.clamp(self.low, self.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WHOLE: Reach = Reach {
        low: 1.0,
        high: 512.0,
        is_whole: true,
    };

    /// Recall and qps of an index whose recall approaches `ceiling`.
    fn curve(at: f64, scale: f64, power: f64, ceiling: f64) -> Landmark {
        Landmark {
            at,
            recall: ceiling * (1.0 - (-(at / scale).powf(power)).exp()),
            qps: 50_000.0 / (1.0 + at),
        }
    }

    /// Lands, and says in how many measurements.
    fn land(reach: Reach, target: f64, measure: impl Fn(f64) -> Landmark) -> (Step, usize) {
        let mut known = Vec::new();
        for _ in 0..40 {
            match landing(reach, &known, target, None) {
                Step::Measure { at, .. } => known.push(measure(at)),
                end => return (end, known.len()),
            }
        }
        panic!("did not end: {known:?}");
    }

    #[test]
    fn an_ordinary_curve_takes_a_handful_of_measurements() {
        for target in [0.9, 0.95, 0.99] {
            let (end, measured) = land(WHOLE, target, |at| curve(at, 8.0, 0.7, 1.0));
            let Step::Landed(found) = end else {
                panic!("{end:?}")
            };
            let exact = (1..).find(|&at| curve(f64::from(at), 8.0, 0.7, 1.0).recall >= target);
            let (exact, found) = (f64::from(exact.unwrap()), found.at);
            assert!(
                found >= exact && found <= exact * 1.2 + 1.0,
                "{found}, {exact}"
            );
            assert!(measured <= 6, "{measured} measurements for {target}");
        }
    }

    #[test]
    fn what_is_out_of_reach_is_known_from_the_extreme() {
        let (end, measured) = land(WHOLE, 0.95, |at| curve(at, 8.0, 0.7, 0.8));
        assert_eq!(end, Step::OutOfReach);
        assert!(measured <= 3, "{measured}");
    }

    #[test]
    fn an_index_without_a_choice_is_measured_once() {
        let reach = Reach {
            low: 1.0,
            high: 1.0,
            is_whole: true,
        };
        let exact = |at| Landmark {
            at,
            recall: 1.0,
            qps: 1.0,
        };
        assert!(matches!(land(reach, 0.95, exact), (Step::Landed(_), 1)));
        let poor = |at| Landmark {
            at,
            recall: 0.7,
            qps: 1.0,
        };
        assert_eq!(land(reach, 0.95, poor), (Step::OutOfReach, 1));
    }

    #[test]
    fn expectations_lie_between_what_was_measured() {
        let known = [curve(4.0, 8.0, 0.7, 1.0), curve(64.0, 8.0, 0.7, 1.0)];
        let expected = expected_qps(WHOLE, &known, 0.9).unwrap();
        assert!(
            known[1].qps < expected && expected < known[0].qps,
            "{expected}"
        );
        assert_eq!(expected_qps(WHOLE, &[], 0.9), None);
        let at = expected_at(WHOLE, &known, 0.9).unwrap();
        assert!(4.0 < at && at < 64.0, "{at}");
        let flat = [curve(256.0, 8.0, 0.7, 0.5), curve(500.0, 8.0, 0.7, 0.5)];
        assert_eq!(expected_qps(WHOLE, &flat, 0.99), None, "out of reach");
    }

    /// Figures of HNSW with 8-bit codes, and of OPQ with few candidates to re-score.
    fn found(at: f64, recall: f64) -> Landmark {
        let qps = 10_000.0;
        Landmark { at, recall, qps }
    }

    #[test]
    fn a_start_for_others_lies_within_no_reach() {
        let (reach, known) = (Reach { low: 32.0, ..WHOLE }, [found(64.0, 0.9926)]);
        assert_eq!(expected_at(reach, &known, 0.95), Some(32.0));
        let start = projected_at(&known, 0.95).unwrap();
        assert!(12.0 < start && start < 20.0, "{start}");
        assert_eq!(projected_at(&[], 0.95), None);
    }

    #[test]
    fn near_its_end_a_reach_is_tried_at_its_end() {
        for (high, expected) in [(32.0, 32.0), (512.0, 22.0)] {
            let reach = Reach { high, ..WHOLE };
            let step = landing(reach, &[found(16.0, 0.923)], 0.95, None);
            let Step::Measure { at, .. } = step else {
                panic!("{step:?}")
            };
            assert_eq!(at, expected);
        }
    }

    proptest! {
        #[test]
        fn landing_ends_on_a_value_that_reaches_the_target_or_at_the_extreme(
            scale in 0.2f64..200.0,
            power in 0.3f64..2.0,
            ceiling in 0.3f64..1.0,
            target in 0.5f64..0.999,
            is_whole in any::<bool>(),
        ) {
            let reach = Reach { is_whole, ..WHOLE };
            let (end, _) = land(reach, target, |at| curve(at, scale, power, ceiling));
            let best = curve(reach.high, scale, power, ceiling).recall;
            match end {
                Step::Landed(found) => prop_assert!(found.recall >= target),
                Step::OutOfReach => prop_assert!(best < target),
                Step::Measure { .. } => prop_assert!(false),
            }
        }
    }
}
