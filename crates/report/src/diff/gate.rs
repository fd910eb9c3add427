//! What is worse in B than in A by more than is allowed.

use std::str::FromStr;

use annbench_eval::{Family, Verdict, verdict};
use annbench_store::results::PointRow;
use serde::Serialize;

use super::{Diff, PointPair, Ratio, interval};
use crate::{
    numbers::{share, signed_percent},
    run::point_name,
};

/// What is worse of a point that has no figures any more.
const FAILED: &str = "status";

/// How much worse B may be. A limit of 0 allows what lies within the noise: a regression counts
/// only where it is beyond doubt, whatever the limit.
///
/// Doubt grows with what is compared: of many points that are as good as before, some look worse by
/// chance. Intervals and floors are widened by [`Family`], so that at most 5 in 100 runs that do not
/// differ fail, however many points they have, as far as rounds and the A/A pair show all the noise.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Gate {
    /// Relative change of qps that is allowed: -0.03 for 3 percent slower.
    pub qps: f64,
    /// Change of recall@k that is allowed: -0.005.
    pub recall: f64,
}

/// A gate that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("--gate {text}: {problem}; write qps=-3%,recall=-0.005")]
pub struct GateError {
    text: String,
    problem: String,
}

/// A point that is worse by more than the gate allows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Regression {
    /// The point and its load.
    pub point: String,
    /// What is worse: `qps` or `recall`; `status` where it failed.
    pub what: &'static str,
    /// By how much: relative for qps, absolute for recall; -1 where it failed and all is lost.
    pub change: f64,
    /// How much was allowed.
    pub allowed: f64,
}

impl FromStr for Gate {
    type Err = GateError;

    fn from_str(text: &str) -> Result<Self, GateError> {
        let mut gate = Self::default();
        for limit in text.split(',').filter(|limit| !limit.trim().is_empty()) {
            gate.set(limit.trim()).map_err(|problem| GateError {
                text: text.to_owned(),
                problem,
            })?;
        }
        Ok(gate)
    }
}

impl Gate {
    fn set(&mut self, limit: &str) -> Result<(), String> {
        let Some((key, value)) = limit.split_once('=') else {
            return Err(format!("`{limit}` names no limit"));
        };
        let limit = match key.trim() {
            "qps" => &mut self.qps,
            "recall" => &mut self.recall,
            other => return Err(format!("`{other}` cannot be gated, qps and recall can")),
        };
        *limit = change(value.trim())?;
        Ok(())
    }

    /// What failed in B, and what is worse by more than is allowed, and beyond doubt.
    pub fn regressions(&self, diff: &Diff<'_>) -> Vec<Regression> {
        let family = Family::new(diff.comparisons());
        let worse = diff
            .pairs
            .iter()
            .flat_map(|pair| [self.qps(pair, family), self.recall(pair, family)])
            .flatten();
        diff.failed_in_b.iter().map(failure).chain(worse).collect()
    }

    /// Why the gate cannot judge: there is nothing in common, or a limit is for times that are not
    /// compared. None where it can.
    pub fn blind(&self, diff: &Diff<'_>) -> Option<String> {
        if diff.comparisons() == 0 && diff.failed_in_b.is_empty() {
            return Some("the runs have nothing in common that it could judge".to_owned());
        }
        let why = diff.times_refused.as_ref().filter(|_| self.qps < 0.0)?;
        Some(format!(
            "qps cannot be judged, {why}; run both on one machine, or leave qps out"
        ))
    }

    /// At how many speeds noise is so large that half the speed would pass.
    pub(super) fn numb(&self, diff: &Diff<'_>) -> usize {
        let family = Family::new(diff.comparisons());
        let ratios = diff.pairs.iter().filter_map(|pair| pair.qps_ratio);
        let floors = ratios
            .filter(Ratio::is_sound)
            .map(|ratio| family.floor(ratio.floor.unwrap_or(0.0), ratio.samples));
        floors.filter(|floor| *floor >= 1.0).count()
    }

    fn qps(&self, pair: &PointPair<'_>, family: Family) -> Option<Regression> {
        let found = pair.qps_ratio.filter(Ratio::is_sound)?;
        let ratio = family.ratio(&interval(found.ratio), found.samples);
        let floor = family.floor(found.floor.unwrap_or(0.0), found.samples);
        let is_slower = verdict(&ratio, floor) == Verdict::Slower;
        let worse = || regression(pair, "qps", ratio.value - 1.0, self.qps);
        is_slower.then(worse).flatten()
    }

    fn recall(&self, pair: &PointPair<'_>, family: Family) -> Option<Regression> {
        let found = interval(pair.recall_difference?);
        let difference = family.difference(&found, pair.a.n_queries);
        let worse = || regression(pair, "recall", difference.value, self.recall);
        (difference.high < 0.0).then(worse).flatten()
    }
}

fn failure(row: &&PointRow) -> Regression {
    Regression {
        point: format!("{} ({})", point_name(row), row.load()),
        what: FAILED,
        change: -1.0,
        allowed: 0.0,
    }
}

fn regression(
    pair: &PointPair<'_>,
    what: &'static str,
    change: f64,
    allowed: f64,
) -> Option<Regression> {
    (change < allowed).then(|| Regression {
        point: format!("{} ({})", pair.name, pair.load),
        what,
        change,
        allowed,
    })
}

impl Regression {
    /// `qps -9.1 %, allowed -3.0 %: hnsw m=32 ef_search=64 (single)`
    pub(super) fn in_words(&self) -> String {
        if self.what == FAILED {
            return format!("failed in B: {}", self.point);
        }
        let write = |change| allowance(self.what, change);
        format!(
            "{} {}, allowed {}: {}",
            self.what,
            write(self.change),
            write(self.allowed),
            self.point
        )
    }
}

/// A change of a figure for the worse, or how much of it is allowed.
pub(super) fn allowance(what: &str, change: f64) -> String {
    match (what, change) {
        (_, 0.0) => "none".to_owned(),
        ("qps", change) => signed_percent(change),
        (_, change) => format!("-{}", share(change.abs())),
    }
}

/// A change that is allowed: `-3%`, `-0.005`; none that would be an improvement.
fn change(text: &str) -> Result<f64, String> {
    let (number, scale) = match text.strip_suffix('%') {
        Some(percent) => (percent, 0.01),
        None => (text, 1.0),
    };
    match number.trim().parse::<f64>() {
        Ok(number) if (-1.0..=0.0).contains(&(number * scale)) => Ok(number * scale),
        Ok(_) => Err(format!(
            "`{text}` is no loss: what may be lost is from 0 to -100%"
        )),
        Err(_) => Err(format!("`{text}` is no number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Run,
        diff::tests::{broken, run, worse},
    };

    #[test]
    fn limits_are_read_as_shares_or_percent() {
        let gate: Gate = "qps=-3%, recall=-0.005".parse().unwrap();
        assert!((gate.qps + 0.03).abs() < 1e-12 && gate.recall == -0.005);
        assert_eq!("".parse(), Ok(Gate::default()));
        for (text, expected) in [
            ("qps", "`qps` names no limit"),
            ("qps=3%", "`3%` is no loss"),
            ("p50=1", "`p50` cannot be gated"),
            ("recall=much", "`much` is no number"),
        ] {
            let error = text.parse::<Gate>().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    fn regressions(gate: &str) -> Vec<&'static str> {
        let (a, b) = (run(), worse());
        let diff = Diff::new(&a, &b, false);
        let gate: Gate = gate.parse().unwrap();
        gate.regressions(&diff)
            .iter()
            .map(|found| found.what)
            .collect()
    }

    #[test]
    fn a_gate_that_noise_has_numbed_says_so() {
        let (mut a, b) = (run(), run());
        let text = |a: &Run| {
            let diff = Diff::new(a, &b, false);
            Gate::default().text(&diff, &[])
        };
        assert!(!text(&a).contains("halving"), "{}", text(&a));
        for noise in &mut a.record.noise {
            noise.floor = Some(1.5);
        }
        assert!(
            text(&a).contains(" speeds noise hides a halving: measure longer"),
            "{}",
            text(&a)
        );
    }

    #[test]
    fn a_limit_for_times_that_are_not_compared_is_not_passed_over() {
        let (a, mut b) = (run(), run());
        b.record.machine.cpu = "another".into();
        let diff = Diff::new(&a, &b, false);
        let gate = |text: &str| -> Gate { text.parse().unwrap() };
        let why = gate("qps=-3%").blind(&diff).unwrap();
        assert!(
            why.starts_with("qps cannot be judged, the CPUs differ;"),
            "{why}"
        );
        assert_eq!(gate("recall=-0.01").blind(&diff), None);
        let text = Gate::default().text(&diff, &[]);
        assert!(text.ends_with("; no speed was judged\n"), "{text}");
        assert_eq!(gate("qps=-3%").blind(&Diff::new(&a, &b, true)), None);
    }

    #[test]
    fn rounds_that_are_over_in_a_moment_are_not_judged() {
        let (mut a, mut b) = (run(), worse());
        let rows = a.points.iter_mut().chain(&mut b.points);
        rows.flat_map(|row| &mut row.rounds_s)
            .for_each(|round_s| *round_s /= 1e5);
        let diff = Diff::new(&a, &b, false);
        let found = Gate::default().regressions(&diff);
        let told: Vec<&str> = found.iter().map(|found| found.what).collect();
        assert_eq!((told, diff.comparisons()), (vec!["recall"], 1));
        let text = Gate::default().text(&diff, &found);
        assert!(
            text.contains(" speeds were timed over less than 1 ms"),
            "{text}"
        );
    }

    #[test]
    fn what_fails_in_b_fails_the_gate_whatever_is_allowed() {
        let (a, b) = (run(), broken());
        let gate: Gate = "qps=-100%,recall=-1".parse().unwrap();
        let diff = Diff::new(&a, &b, false);
        assert_eq!(gate.blind(&diff), None);
        let found = gate.regressions(&diff);
        let told: Vec<String> = found.iter().map(Regression::in_words).collect();
        let point = "failed in B: hnsw m=32 ef_search=256";
        let expected = [
            format!("{point} (single)"),
            format!("{point} (batch, 2 threads)"),
        ];
        assert_eq!(told, expected);
        assert!(gate.regressions(&Diff::new(&b, &a, false)).is_empty());
    }

    #[test]
    fn only_what_is_worse_than_allowed_and_beyond_noise_fails() {
        assert_eq!(regressions(""), ["qps", "recall"]);
        assert_eq!(regressions("qps=-20%"), ["recall"]);
        assert_eq!(regressions("qps=-20%,recall=-0.02"), [""; 0]);
        let (a, b) = (worse(), run());
        let better = Diff::new(&a, &b, false);
        assert!(Gate::default().regressions(&better).is_empty());
    }

    #[test]
    fn a_loss_within_the_noise_passes_however_strict_the_gate() {
        let (mut a, b) = (run(), worse());
        a.record.noise[0].floor = Some(0.25);
        let diff = Diff::new(&a, &b, false);
        let found = Gate::default().regressions(&diff);
        assert!(found.iter().all(|found| found.what != "qps"), "{found:?}");
    }

    #[test]
    fn where_nothing_is_compared_the_gate_is_blind() {
        let (a, mut b) = (run(), run());
        assert_eq!(Gate::default().blind(&Diff::new(&a, &b, false)), None);
        b.record.dataset.base_sha256.clear();
        assert!(Gate::default().blind(&Diff::new(&a, &b, false)).is_some());
    }
}
