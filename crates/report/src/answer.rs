//! The decision in one paragraph, for whoever reads no further.

use annbench_store::results::{Load, Mode, PointRow, Settled};

use crate::{
    Recommendation, Run, Verdict,
    numbers::count,
    repay::enough,
    run::point_name,
    verdict::{baseline_sentence, figures, speed, target_text},
};

/// The recall that people ask for first.
const RECALL: f64 = 0.95;

/// Names told of points that cannot be told apart from the answer.
const MOST_RIVALS: usize = 3;

/// An arm of recall's interval beyond which no target can be met for sure: between the usual targets
/// of 0.90, 0.95 and 0.99 lie 0.04 and 0.05.
const WIDE_ARM: f64 = 0.05;

/// What a run answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    /// What to take at the usual recall under each main load, when exact search will do, and what
    /// speaks against all of it.
    pub(crate) decision: String,
    /// The exact baseline and all other verdicts, a sentence each.
    pub(crate) rest: Vec<String>,
}

impl Answer {
    /// The answer of a run, by its verdicts.
    pub(crate) fn of(run: &Run, verdicts: &[Verdict<'_>]) -> Self {
        let loads = run.main_loads();
        let main = loads.iter().filter_map(|load| main(verdicts, *load));
        let main: Vec<&Verdict<'_>> = main.collect();
        let untold = verdicts.iter().filter(|verdict| !main.contains(verdict));
        let enough = loads.iter().skip(1).filter_map(|load| enough(run, *load));
        let baseline = baseline_sentence(run).into_iter();
        Self {
            decision: decision(run, &main),
            rest: baseline
                .chain(enough)
                .chain(untold.map(Verdict::to_string))
                .collect(),
        }
    }
}

/// The verdict at the usual recall, or above where the answer is the same.
fn main<'v, 'a>(verdicts: &'v [Verdict<'a>], load: Load) -> Option<&'v Verdict<'a>> {
    let of_load = || verdicts.iter().filter(|verdict| verdict.load == load);
    let at_usual = of_load().find(|verdict| verdict.recall >= RECALL);
    at_usual.or_else(|| of_load().next())
}

fn decision(run: &Run, main: &[&Verdict<'_>]) -> String {
    let Some((first, others)) = main.split_first() else {
        return "No operating point was measured.".to_owned();
    };
    let mut sentences = vec![choice(run, first)];
    sentences.extend(rivals(first));
    sentences.extend(others.iter().map(|other| beside(first, other)));
    let is_exact = first.best() == first.baseline && first.baseline.is_some();
    let enough = enough(run, first.load).filter(|_| !is_exact);
    sentences.extend(enough.map(|sentence| sentence_of(&sentence)));
    sentences.extend(doubts(run, first));
    sentences.join(" ")
}

/// `For recall@10 >= 0.95, one query at a time, take hnsw m=32: 5,154 qps (...), ...`
fn choice(run: &Run, verdict: &Verdict<'_>) -> String {
    let Some(Recommendation { best, .. }) = verdict.recommendation else {
        return sentence_of(&verdict.to_string());
    };
    let why = match verdict.baseline {
        Some(exact) if exact == best => "; it is exact, and nothing as sure is faster".to_owned(),
        _ => times_exact(verdict),
    };
    format!(
        "For recall@{} >= {}, {}, take {}: {}{why}.",
        best.k,
        target_text(verdict.recall),
        offered(verdict.load),
        point_name(best),
        figures(run, best)
    )
}

/// How queries are offered, to somebody who has read nothing yet.
fn offered(load: Load) -> String {
    match load.mode {
        Mode::Single => "one query at a time".to_owned(),
        Mode::Batch => in_batches(load),
        _ => load.to_string(),
    }
}

fn in_batches(load: Load) -> String {
    let ending = if load.threads == 1 { "" } else { "s" };
    format!("in batches on {} thread{ending}", count(load.threads))
}

fn times_exact(verdict: &Verdict<'_>) -> String {
    let times = verdict.speedup().filter(|times| times.is_finite());
    times.map_or_else(String::new, |times| format!(", {times:.1} x exact search"))
}

fn rivals(verdict: &Verdict<'_>) -> Option<String> {
    let found = verdict.recommendation.as_ref()?;
    let names = found.rivals.iter().map(|point| point_name(point));
    let mut names: Vec<String> = names.collect();
    let others = names.len().saturating_sub(MOST_RIVALS);
    names.truncate(MOST_RIVALS);
    if others > 0 {
        names.push(format!("{others} more"));
    }
    let exact = verdict
        .baseline
        .filter(|exact| found.rivals.contains(exact));
    let exact = exact.map_or("", |_| " Exact search is among them, and misses nothing.");
    let told = format!("This run cannot tell it from {}.{exact}", names.join(", "));
    (!names.is_empty()).then_some(told)
}

/// The verdict under another load, beside the first.
fn beside(first: &Verdict<'_>, other: &Verdict<'_>) -> String {
    let is_same = |best: &&PointRow| first.best().map(|first| first.point) == Some(best.point);
    match other.best().filter(is_same) {
        Some(best) => format!(
            "{} it is the fastest too: {}{}.",
            capital(&offered(other.load)),
            speed(best),
            times_exact(other)
        ),
        None => sentence_of(&other.to_string()),
    }
}

fn doubts(run: &Run, verdict: &Verdict<'_>) -> Vec<String> {
    let mut doubts = Vec::new();
    if verdict
        .best()
        .is_some_and(|best| best.settled == Some(Settled::Budget))
    {
        let wide = "Its interval is wider than asked for: a larger budget would narrow it.";
        doubts.push(wide.to_owned());
    }
    let arm = widest_recall(run, verdict.load);
    if arm > WIDE_ARM {
        doubts.push(format!(
            "{} queries leave recall unsure by up to ±{arm:.2}: ask more to tell indexes apart.",
            count(run.record.dataset.n_queries)
        ));
    }
    doubts
}

/// The longest arm that an interval of recall has.
fn widest_recall(run: &Run, load: Load) -> f64 {
    let recalls = run.measured(load).filter_map(|row| row.recall);
    let arms = recalls.map(|recall| (recall.high - recall.value).max(recall.value - recall.low));
    arms.fold(0.0, f64::max)
}

fn sentence_of(words: &str) -> String {
    capital(words) + "."
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{self, SINGLE},
        verdict::strictest,
    };

    fn answer(run: &Run) -> Answer {
        Answer::of(run, &strictest(run))
    }

    #[test]
    fn the_decision_is_one_paragraph_of_what_to_take_and_when_it_does_not_pay() {
        assert_eq!(
            answer(&fixture::run()).decision,
            "For recall@10 >= 0.95, one query at a time, take hnsw m=32 ef_search=64: recall \
             0.990 ±0.003, 5,154 qps (5,051 to 5,257), p99 330 µs, 37 MB resident, built in 3.4 s, \
             34.4 x exact search. In batches on 2 threads it is the fastest too: 14,200 qps, 7.1 x \
             exact search. Exact search is enough until 525 queries single \
             (480 to 590): then hnsw m=32 ef_search=64 has repaid its build."
        );
    }

    #[test]
    fn what_the_decision_tells_is_not_told_again() {
        let run = fixture::run();
        let rest = answer(&run).rest;
        assert!(rest[0].starts_with("exact baseline: flat"), "{rest:?}");
        assert!(rest[1].starts_with("exact search is enough until 1,560 queries batch"));
        assert!(
            rest.iter().all(|told| !told.contains(">= 0.95")),
            "{rest:?}"
        );
        let others = rest.iter().filter(|told| told.starts_with("fastest at"));
        assert_eq!(others.count(), 4, "0.90 and 0.99 under two loads");
    }

    #[test]
    fn exact_search_is_the_answer_where_nothing_as_sure_is_faster() {
        let mut run = fixture::run();
        run.points.retain(|point| point.build == 0);
        let decision = answer(&run).decision;
        let expected = "take flat: recall 1.000 ±0.004, 150 qps (147 to 153), 29 MB \
             resident, built in 0.021 s; it is exact, and nothing as sure is faster.";
        assert!(decision.contains(expected), "{decision}");
        assert!(!decision.contains("enough"), "{decision}");
    }

    #[test]
    fn what_a_run_cannot_tell_apart_and_what_it_did_not_settle_is_said() {
        let mut run = fixture::run();
        for row in run.points.iter_mut().filter(|row| row.load() == SINGLE) {
            if row.point == 5 {
                (row.ties, row.settled) = (vec![0, 6], Some(Settled::Budget));
            }
        }
        let decision = answer(&run).decision;
        for expected in [
            "This run cannot tell it from hnsw m=32 ef_search=256, flat. Exact search is among them",
            "Its interval is wider than asked for",
        ] {
            assert!(decision.contains(expected), "{decision}");
        }
    }

    #[test]
    fn few_queries_are_called_few() {
        let mut run = fixture::run();
        assert!(!answer(&run).decision.contains("ask more"));
        run.record.dataset.n_queries = 10;
        for recall in run.points.iter_mut().filter_map(|row| row.recall.as_mut()) {
            recall.low = recall.value - 0.15;
        }
        let decision = answer(&run).decision;
        assert!(
            decision.contains("10 queries leave recall unsure by up to ±0.15"),
            "{decision}"
        );
    }

    #[test]
    fn a_run_without_points_says_so() {
        let mut run = fixture::run();
        run.points.clear();
        let Answer { decision, rest } = answer(&run);
        assert_eq!(decision, "No operating point was measured.");
        assert!(rest.is_empty());
    }
}
