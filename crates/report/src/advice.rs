//! Which configuration to take, why, and what each constraint costs: the long answer to what a
//! verdict says in a sentence.

mod sentences;
mod text;

use annbench_store::results::{Load, PointRow};
use serde::Serialize;

use crate::{Constraint, Constraints, Recommendation, Run, Snippets, baseline, recommend};

/// Which configuration to take under a load, with all that speaks for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advice<'a> {
    /// How queries are offered.
    pub load: Load,
    /// What was asked for.
    pub constraints: Constraints,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Number of points measured under the load.
    pub measured: usize,
    /// How many of them fall short of each constraint.
    pub short: Vec<(Constraint, usize)>,
    /// The answer; none if no point keeps to all constraints.
    pub answer: Option<Recommendation<'a>>,
    /// What each constraint costs; empty without an answer.
    pub costs: Vec<Cost<'a>>,
    /// How many of those that fall short of the recall reach it by their estimates, and are only
    /// not sure of it: more queries would tell.
    pub unsure: usize,
    /// How many points keep to all constraints and have no qps to be compared by, such as those
    /// where no rate kept to the p99 asked for.
    pub without_qps: usize,
    /// How many points failed under the load.
    pub failed: usize,
    /// Each constraint that could be loosened alone to have an answer; empty where there is one.
    pub loosen: Vec<Loosening<'a>>,
    /// Where none could be loosened alone: what takes the least of them together.
    pub together: Option<Together<'a>>,
    /// The fastest points that keep to the constraints under the run's other main loads; of a batch
    /// without the p99, which it does not have.
    pub elsewhere: Vec<Elsewhere<'a>>,
    /// The fastest exact point, if it keeps to all constraints: it may be enough.
    pub exact: Option<&'a PointRow>,
    /// The answer as text to paste.
    pub snippets: Option<Snippets>,
}

/// What a constraint costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cost<'a> {
    /// The constraint.
    pub constraint: Constraint,
    /// Its limit.
    pub limit: f64,
    /// The fastest point without it: the answer itself where it costs nothing.
    pub best_without: &'a PointRow,
}

/// A constraint loosened until a point keeps to it and to all others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Loosening<'a> {
    /// The constraint.
    pub constraint: Constraint,
    /// Its limit as asked for.
    pub limit: f64,
    /// The nearest limit that can be met.
    pub needed: f64,
    /// The fastest point that meets it.
    pub point: &'a PointRow,
}

/// Several constraints loosened together until a point keeps to all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Together<'a> {
    /// Each constraint that the point does not keep to: it, its limit as asked for, and the nearest
    /// limit that the point meets.
    pub needed: Vec<(Constraint, f64, f64)>,
    /// The point.
    pub point: &'a PointRow,
}

/// The answer under another load.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Elsewhere<'a> {
    /// The load.
    pub load: Load,
    /// The fastest point; none if no point keeps to the constraints.
    pub best: Option<&'a PointRow>,
}

impl<'a> Advice<'a> {
    /// What a run says; `confidence` is that of its intervals ([`Run::at_confidence`]).
    pub fn new(run: &'a Run, constraints: Constraints, load: Load, confidence: f64) -> Self {
        let answer = recommend(run, &constraints, load);
        let snippets = answer.as_ref().and_then(|answer| {
            let build = run.build_of(answer.best)?;
            Some(Snippets::new(build, answer.best, &run.record.dataset))
        });
        let exact = baseline(run, load);
        let loosen = match answer {
            Some(_) => Vec::new(),
            None => loosen(run, &constraints, load),
        };
        let is_hopeless = answer.is_none() && loosen.is_empty();
        Self {
            load,
            constraints,
            confidence,
            measured: run.measured(load).count(),
            short: short(run, &constraints, load),
            costs: answer
                .iter()
                .flat_map(|_| costs(run, &constraints, load))
                .collect(),
            unsure: unsure(run, &constraints, load),
            without_qps: without_qps(run, &constraints, load),
            failed: failed(run, load),
            together: is_hopeless
                .then(|| together(run, &constraints, load))
                .flatten(),
            loosen,
            elsewhere: elsewhere(run, &constraints, load),
            exact: exact.filter(|point| constraints.are_met(run, point)),
            answer,
            snippets,
        }
    }

    /// The answer's point.
    pub fn best(&self) -> Option<&'a PointRow> {
        Some(self.answer.as_ref()?.best)
    }

    /// Whether exact search is as good an answer as any: nothing that keeps to the constraints is
    /// faster, as far as this run can tell.
    pub fn exact_is_enough(&self) -> bool {
        let Some((answer, exact)) = self.answer.as_ref().zip(self.exact) else {
            return false;
        };
        answer.best == exact || answer.rivals.contains(&exact)
    }
}

fn short(run: &Run, constraints: &Constraints, load: Load) -> Vec<(Constraint, usize)> {
    let asked = constraints.asked().into_iter();
    let count = |(kind, limit): (Constraint, f64)| {
        let short = run
            .measured(load)
            .filter(|point| !kind.is_met(run, point, limit));
        (kind, short.count())
    };
    asked.map(count).collect()
}

/// Points that reach the recall by their estimates alone.
fn unsure(run: &Run, constraints: &Constraints, load: Load) -> usize {
    let reach = |point: &&PointRow| {
        let recall = point.recall.map(|recall| recall.value);
        let is_sure = Constraint::Recall.is_met(run, point, constraints.recall);
        !is_sure && recall.is_some_and(|recall| recall >= constraints.recall)
    };
    run.measured(load).filter(reach).count()
}

fn without_qps(run: &Run, constraints: &Constraints, load: Load) -> usize {
    let points = run.measured(load).filter(|point| point.qps.is_none());
    points
        .filter(|point| constraints.are_met(run, point))
        .count()
}

fn failed(run: &Run, load: Load) -> usize {
    let of_load = run.candidates().filter(|point| point.load() == load);
    of_load.filter(|point| !point.status.is_ok()).count()
}

fn elsewhere<'a>(run: &'a Run, constraints: &Constraints, load: Load) -> Vec<Elsewhere<'a>> {
    let others = run.main_loads().into_iter().filter(|other| *other != load);
    let answer = |load: Load| {
        let applicable = match load.mode.times_queries() {
            true => *constraints,
            false => constraints.without(Constraint::P99Us),
        };
        Elsewhere {
            load,
            best: recommend(run, &applicable, load).map(|answer| answer.best),
        }
    };
    others.map(answer).collect()
}

/// The point that fewest constraints, and those least, are to be loosened for.
fn together<'a>(run: &'a Run, constraints: &Constraints, load: Load) -> Option<Together<'a>> {
    let points = run.measured(load).filter(|point| point.qps.is_some());
    let broken = points.filter_map(|point| {
        let mut needed = Vec::new();
        for (kind, limit) in constraints.asked() {
            let figure = kind.of(run, point)?;
            if !kind.is_met(run, point, limit) {
                needed.push((kind, limit, figure));
            }
        }
        Some(Together { needed, point })
    });
    let overrun = |found: &Together<'_>| -> f64 {
        let needed = found.needed.iter();
        needed
            .map(|(kind, limit, figure)| kind.overrun(*figure, *limit))
            .sum()
    };
    broken.min_by(|a, b| {
        let number = a.needed.len().cmp(&b.needed.len());
        number.then(overrun(a).total_cmp(&overrun(b)))
    })
}

fn costs<'a>(run: &'a Run, constraints: &Constraints, load: Load) -> Vec<Cost<'a>> {
    let asked = constraints.asked().into_iter();
    let cost = |(constraint, limit)| {
        Some(Cost {
            constraint,
            limit,
            best_without: recommend(run, &constraints.without(constraint), load)?.best,
        })
    };
    asked.filter_map(cost).collect()
}

fn loosen<'a>(run: &'a Run, constraints: &Constraints, load: Load) -> Vec<Loosening<'a>> {
    let asked = constraints.asked().into_iter();
    let loosened = asked.filter_map(|asked| loosening(run, constraints, asked, load));
    loosened.collect()
}

/// The nearest that points which keep to all the rest come to a constraint.
fn loosening<'a>(
    run: &'a Run,
    constraints: &Constraints,
    (constraint, limit): (Constraint, f64),
    load: Load,
) -> Option<Loosening<'a>> {
    let rest = constraints.without(constraint);
    let points = run.measured(load).filter(|point| rest.are_met(run, point));
    let figures = points.filter_map(|point| constraint.of(run, point));
    let needed = figures.max_by(|a, b| {
        let leeway = |figure: &f64| constraint.leeway(*figure, limit);
        leeway(a).total_cmp(&leeway(b))
    })?;
    let point = recommend(run, &rest.with(constraint, needed), load)?.best;
    Some(Loosening {
        constraint,
        limit,
        needed,
        point,
    })
}

#[cfg(test)]
mod tests {
    use annbench_store::results::Status;

    use super::*;
    use crate::{
        fixture::{self, SINGLE},
        run::point_name,
    };

    fn advice(run: &Run, constraints: Constraints) -> Advice<'_> {
        Advice::new(run, constraints, SINGLE, 0.95)
    }

    #[test]
    fn each_constraint_costs_what_the_best_without_it_gains() {
        let run = fixture::run();
        let found = advice(
            &run,
            Constraints {
                p99_us: Some(200.0),
                ..Constraints::recall(0.90)
            },
        );
        assert_eq!(point_name(found.best().unwrap()), "hnsw m=32 ef_search=16");
        let costs: Vec<(Constraint, String)> = found
            .costs
            .iter()
            .map(|cost| (cost.constraint, point_name(cost.best_without)))
            .collect();
        let expected = [
            (Constraint::Recall, "ivf_flat nlist=256 nprobe=1".to_owned()),
            (Constraint::P99Us, "hnsw m=32 ef_search=16".to_owned()),
        ];
        assert_eq!(costs, expected);
        assert_eq!(
            found.short,
            [(Constraint::Recall, 2), (Constraint::P99Us, 5)]
        );
    }

    #[test]
    fn where_nothing_fits_each_constraint_says_how_far_it_is_to_be_loosened() {
        let run = fixture::run();
        let found = advice(
            &run,
            Constraints {
                p99_us: Some(200.0),
                ..Constraints::recall(0.98)
            },
        );
        assert_eq!(found.best(), None);
        assert!(found.costs.is_empty() && found.snippets.is_none());
        let loosened: Vec<(Constraint, f64, String)> = found
            .loosen
            .iter()
            .map(|l| (l.constraint, l.needed.round_to(4), point_name(l.point)))
            .collect();
        let expected = [
            (
                Constraint::Recall,
                0.904,
                "hnsw m=32 ef_search=16".to_owned(),
            ),
            (
                Constraint::P99Us,
                329.8409,
                "hnsw m=32 ef_search=64".to_owned(),
            ),
        ];
        assert_eq!(loosened, expected);
    }

    #[test]
    fn a_constraint_that_others_rule_out_cannot_be_loosened_alone() {
        let run = fixture::run();
        let found = advice(
            &run,
            Constraints {
                p99_us: Some(1.0),
                memory_bytes: Some(1.0),
                ..Constraints::recall(0.98)
            },
        );
        assert!(found.loosen.is_empty());
        let together = found.together.unwrap();
        assert_eq!(point_name(together.point), "hnsw m=32 ef_search=64");
        let kinds: Vec<Constraint> = together.needed.iter().map(|(kind, ..)| *kind).collect();
        assert_eq!(kinds, [Constraint::P99Us, Constraint::MemoryBytes]);
    }

    #[test]
    fn what_is_not_sure_or_failed_or_has_no_qps_is_counted() {
        let mut run = fixture::run();
        let at = |run: &mut Run, point: usize, change: &dyn Fn(&mut PointRow)| {
            let rows = run.points.iter_mut();
            rows.filter(|row| row.point == point && row.load() == SINGLE)
                .for_each(change);
        };
        at(&mut run, 6, &|row| row.qps = None);
        at(&mut run, 4, &|row| {
            row.status = Status::Failed("killed".into())
        });
        let found = advice(&run, Constraints::recall(0.989));
        assert_eq!((found.unsure, found.without_qps, found.failed), (1, 1, 2));
    }

    #[test]
    fn the_other_main_loads_are_answered_in_short() {
        let run = fixture::run();
        let p99_us = Some(400.0);
        let wanted = Constraints {
            p99_us,
            ..Constraints::recall(0.80)
        };
        let found = advice(&run, wanted);
        let best = found.elsewhere[0].best.unwrap();
        assert_eq!((found.elsewhere.len(), best.load()), (1, fixture::BATCH));
        assert_eq!(
            point_name(best),
            "hnsw m=32 ef_search=16",
            "a batch has no p99"
        );
    }

    #[test]
    fn exact_search_is_enough_where_nothing_surely_faster_fits() {
        let mut run = fixture::run();
        assert!(!advice(&run, Constraints::recall(0.95)).exact_is_enough());
        assert!(advice(&run, Constraints::recall(0.95)).exact.is_some());
        assert!(advice(&run, Constraints::recall(0.9999)).exact_is_enough());
        let best = run
            .points
            .iter_mut()
            .find(|row| row.load() == SINGLE && row.point == 5);
        best.unwrap().ties = vec![0];
        assert!(advice(&run, Constraints::recall(0.95)).exact_is_enough());
    }

    trait RoundTo {
        fn round_to(self, decimals: i32) -> f64;
    }

    impl RoundTo for f64 {
        fn round_to(self, decimals: i32) -> f64 {
            let scale = 10f64.powi(decimals);
            (self * scale).round() / scale
        }
    }
}
