//! Points chosen on one half of the queries and told on the other.

use annbench_eval::{Figures, Samples, choose_and_report, qps};
use annbench_store::results::{Load, Mode, PointRow, Role, SplitChoice};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::{ledger::Events, plan::Plan, statistics::samples};

/// Recalls that points are chosen for: those that published comparisons of indexes quote.
const TARGETS: [f64; 3] = [0.90, 0.95, 0.99];

/// The choices under every load; none where the plan does not ask for them.
pub(crate) fn choices(plan: &Plan, events: &Events, points: &[PointRow]) -> Vec<SplitChoice> {
    let n_queries = events
        .answered
        .values()
        .map(|answered| answered.hits.len())
        .max();
    match n_queries {
        Some(n_queries) if plan.split_queries && n_queries >= 2 => {
            let split = Split::of(plan, events, n_queries);
            let loads = plan.loads.iter();
            let whole = loads.filter(|load| load.distinct_queries.is_none());
            whole.flat_map(|&load| split.under(load, points)).collect()
        }
        _ => Vec::new(),
    }
}

/// The numbers of the queries in two halves, drawn at random, as neighbours in a file are often of
/// one kind: those that choose and those that report.
pub(crate) fn halves(n_queries: usize, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut choosing: Vec<usize> = (0..n_queries).collect();
    choosing.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let reporting = choosing.split_off(n_queries / 2);
    (choosing, reporting)
}

struct Split<'a> {
    plan: &'a Plan,
    events: &'a Events,
    choosing: Vec<usize>,
    reporting: Vec<usize>,
}

impl<'a> Split<'a> {
    fn of(plan: &'a Plan, events: &'a Events, n_queries: usize) -> Self {
        let (choosing, reporting) = halves(n_queries, plan.seed);
        Self {
            plan,
            events,
            choosing,
            reporting,
        }
    }

    fn under(&self, load: Load, points: &[PointRow]) -> Vec<SplitChoice> {
        let is_candidate = |row: &&PointRow| row.load() == load && row.role == Role::Candidate;
        let candidates: Vec<(usize, (Figures, Figures))> = points
            .iter()
            .filter(is_candidate)
            .filter_map(|row| Some((row.point, self.figures(row, load)?)))
            .collect();
        let figures: Vec<(Figures, Figures)> =
            candidates.iter().map(|(_, figures)| *figures).collect();
        let choice = |target| {
            let choice = choose_and_report(&figures, target)?;
            Some(SplitChoice {
                load,
                target,
                point: candidates[choice.point].0,
                chosen_recall: choice.chosen.recall,
                chosen_qps: choice.chosen.qps,
                reported_recall: choice.reported.recall,
                reported_qps: choice.reported.qps,
            })
        };
        TARGETS.into_iter().filter_map(choice).collect()
    }

    /// On the choosing half, and on the reporting one.
    fn figures(&self, row: &PointRow, load: Load) -> Option<(Figures, Figures)> {
        let hits = &self.events.answered.get(&(row.point, load))?.hits;
        // The same for all queries: what makes a recall of 1.
        let divisor = row.recall?.value / hits.iter().map(|&hits| f64::from(hits)).sum::<f64>();
        let samples = samples(self.plan, self.events, (row.point, load));
        let on = |half: &[usize]| {
            let found: f64 = half
                .iter()
                .map(|&query_idx| f64::from(hits[query_idx]))
                .sum();
            let scale = hits.len() as f64 / half.len() as f64;
            Some(Figures {
                recall: if found == 0.0 {
                    0.0
                } else {
                    found * divisor * scale
                },
                qps: qps_on(&samples, half, load, hits.len())?,
            })
        };
        Some((on(&self.choosing)?, on(&self.reporting)?))
    }
}

/// Where each query has a time of its own, that of the half; else that of all.
fn qps_on(samples: &Samples<'_>, half: &[usize], load: Load, n_queries: usize) -> Option<f64> {
    if load.mode != Mode::Single {
        return qps(samples, n_queries);
    }
    let mut of_half = Samples::new();
    for (build, round, latencies_ns) in samples.rounds() {
        let picked: Option<Vec<u64>> = half
            .iter()
            .map(|&at| latencies_ns.get(at).copied())
            .collect();
        of_half.push(build, round, picked?);
    }
    qps(&of_half, half.len())
}
