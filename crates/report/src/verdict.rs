//! What a run answers, in sentences.

use std::fmt;

use annbench_store::results::{Load, PointRow};

use crate::{
    Constraint, Constraints, Recommendation, Run, baseline,
    numbers::{Quantity, alone, share, share_arm},
    recommend,
    run::{load_name, point_name},
};

/// Recalls that a verdict is given for: those that published comparisons of indexes quote.
const TARGETS: [f64; 3] = [0.90, 0.95, 0.99];

/// The answer to "what is fastest at this recall?", displayed as a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict<'a> {
    /// The recall@k asked for.
    pub recall: f64,
    /// How queries are offered.
    pub load: Load,
    /// The answer; none if no point meets the recall.
    pub recommendation: Option<Recommendation<'a>>,
    /// The point of the highest recall, whether it meets the one asked for or not.
    pub nearest: Option<&'a PointRow>,
    /// The fastest exact point.
    pub baseline: Option<&'a PointRow>,
}

/// A verdict for each main load and each of the usual recalls.
pub(crate) fn verdicts(run: &Run) -> Vec<Verdict<'_>> {
    let of_load = |load| TARGETS.map(|recall| verdict(run, recall, load));
    run.main_loads().into_iter().flat_map(of_load).collect()
}

/// The same without those that another one implies: the same point is the answer, or none is, at a
/// higher recall already or at a lower.
pub(crate) fn strictest(run: &Run) -> Vec<Verdict<'_>> {
    let all = verdicts(run);
    let is_implied = |verdict: &Verdict<'_>| {
        let implies = |other: &&Verdict<'_>| match verdict.best() {
            Some(_) => other.recall > verdict.recall,
            None => other.recall < verdict.recall,
        };
        let same =
            |other: &&Verdict<'_>| other.load == verdict.load && other.best() == verdict.best();
        all.iter().filter(implies).any(|other| same(&other))
    };
    let kept = all.iter().filter(|verdict| !is_implied(verdict));
    kept.cloned().collect()
}

/// `exact baseline: flat, 1,020 qps single, 1,690 qps batch`; none without an exact index.
pub(crate) fn baseline_sentence(run: &Run) -> Option<String> {
    let points: Vec<&PointRow> = run
        .main_loads()
        .into_iter()
        .filter_map(|load| baseline(run, load))
        .collect();
    let name = point_name(points.first()?);
    let speeds = points
        .iter()
        .map(|p| format!("{} {}", speed(p), load_name(p.load())));
    let speeds = speeds.collect::<Vec<_>>().join(", ");
    Some(format!("exact baseline: {name}, {speeds}"))
}

fn verdict(run: &Run, recall: f64, load: Load) -> Verdict<'_> {
    let height = |point: &PointRow| point.recall.map_or(f64::NEG_INFINITY, |r| r.value);
    let points = run.measured(load);
    Verdict {
        recall,
        load,
        recommendation: recommend(run, &Constraints::recall(recall), load),
        nearest: points.max_by(|a, b| height(a).total_cmp(&height(b))),
        baseline: baseline(run, load),
    }
}

impl<'a> Verdict<'a> {
    /// The answer's point.
    pub fn best(&self) -> Option<&'a PointRow> {
        Some(self.recommendation.as_ref()?.best)
    }

    /// How many times as fast as the fastest exact point the answer is; none for that point
    /// itself.
    pub fn speedup(&self) -> Option<f64> {
        let best = self.best()?;
        let exact = self.baseline.filter(|exact| *exact != best)?;
        Some(best.qps?.value / exact.qps?.value)
    }

    fn write_best(&self, f: &mut fmt::Formatter<'_>, found: &Recommendation<'_>) -> fmt::Result {
        let (best, load) = (found.best, load_name(self.load));
        write!(f, "{}, {} {load} (", point_name(best), speed(best))?;
        write!(f, "{}", recall_text(best))?;
        if let Some(times) = self.speedup().filter(|times| times.is_finite()) {
            write!(f, ", {times:.1} x exact search")?;
        }
        write!(f, ")")?;
        if !found.rivals.is_empty() {
            let rivals: Vec<String> = found.rivals.iter().map(|p| point_name(p)).collect();
            write!(f, "; cannot be told apart from {}", rivals.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let k = self.nearest.map_or(0, |point| point.k);
        let wanted = format!("recall@{k} >= {}", target_text(self.recall));
        match (&self.recommendation, self.nearest) {
            (Some(found), _) => {
                write!(f, "fastest at {wanted}: ")?;
                self.write_best(f, found)
            }
            (None, Some(nearest)) => write!(
                f,
                "nothing is sure of {wanted} in mode {}; the nearest is {} ({})",
                load_name(self.load),
                point_name(nearest),
                recall_text(nearest)
            ),
            (None, None) => write!(f, "nothing was measured in mode {}", load_name(self.load)),
        }
    }
}

/// Two decimals, or as many as it takes.
pub(crate) fn target_text(recall: f64) -> String {
    let (short, exact) = (format!("{recall:.2}"), recall.to_string());
    if short.len() < exact.len() {
        exact
    } else {
        short
    }
}

pub(crate) fn speed(point: &PointRow) -> String {
    let qps = point.qps.map_or(f64::NAN, |qps| qps.value);
    format!("{} qps", alone(Quantity::PerSecond, qps))
}

/// `recall 0.958 ±0.006, 11,354 qps (10,120 to 12,430), p99 187 µs, 35 MB resident, built in 3.8 s`
pub(crate) fn figures(run: &Run, point: &PointRow) -> String {
    let per_second = |qps| alone(Quantity::PerSecond, qps);
    let mut parts = vec![recall_text(point)];
    parts.extend(point.qps.map(|qps| {
        let (low, high) = (per_second(qps.low), per_second(qps.high));
        format!("{} qps ({low} to {high})", per_second(qps.value))
    }));
    let known = |kind: Constraint| Some(kind.write(kind.of(run, point)?));
    parts.extend(known(Constraint::P99Us).map(|p99| format!("p99 {p99}")));
    parts.extend(known(Constraint::MemoryBytes).map(|memory| format!("{memory} resident")));
    parts.extend(known(Constraint::BuildS).map(|build| format!("built in {build}")));
    parts.join(", ")
}

pub(crate) fn recall_text(point: &PointRow) -> String {
    match point.recall {
        None => "recall unknown".to_owned(),
        Some(r) => format!(
            "recall {} {}",
            share(r.value),
            share_arm(r.value, r.low, r.high)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, BATCH, SINGLE};

    #[test]
    fn a_verdict_reads_as_a_sentence() {
        let run = fixture::run();
        assert_eq!(
            verdict(&run, 0.95, SINGLE).to_string(),
            "fastest at recall@10 >= 0.95: hnsw m=32 ef_search=64, 5,154 qps single \
             (recall 0.990 ±0.003, 34.4 x exact search)"
        );
        assert_eq!(
            verdict(&run, 0.80, BATCH).to_string(),
            "fastest at recall@10 >= 0.80: hnsw m=32 ef_search=16, 21,000 qps batch \
             (recall 0.912 ±0.008, 10.5 x exact search); cannot be told apart from \
             ivf_flat nlist=256 nprobe=8"
        );
    }

    #[test]
    fn one_answer_to_several_recalls_is_given_once_at_the_highest() {
        let mut run = fixture::run();
        let recalls = |run: &Run| -> Vec<f64> {
            let told = strictest(run).into_iter();
            let single = told.filter(|verdict| verdict.load == SINGLE);
            single.map(|verdict| verdict.recall).collect()
        };
        assert_eq!(recalls(&run), TARGETS, "three answers");
        run.points.retain(|point| point.build == 0);
        assert_eq!(recalls(&run), [0.99], "flat, whatever is asked");
    }

    #[test]
    fn exact_search_is_not_compared_with_itself() {
        assert_eq!(
            verdict(&fixture::run(), 0.9999, SINGLE).to_string(),
            "fastest at recall@10 >= 0.9999: flat, 150 qps single (recall 1.000 ±0.004)"
        );
    }

    #[test]
    fn where_nothing_meets_the_recall_the_nearest_is_named() {
        let mut run = fixture::run();
        run.builds[0].is_exact = false;
        run.points.retain(|point| point.build == 1);
        assert_eq!(
            verdict(&run, 0.99, SINGLE).to_string(),
            "nothing is sure of recall@10 >= 0.99 in mode single; the nearest is \
             ivf_flat nlist=256 nprobe=32 (recall 0.953 ±0.006)"
        );
    }

    #[test]
    fn the_baseline_names_the_speed_under_each_main_load() {
        let expected = "exact baseline: flat, 150 qps single, 2,000 qps batch";
        assert_eq!(baseline_sentence(&fixture::run()).unwrap(), expected);
    }
}
