//! Doubts about one operating point.

use annbench_eval::{CACHE_SPEEDUP, samples_needed, trend};
use annbench_store::results::{InForce, Load, Mode, Warning};

use super::{PointBuilder, seconds};
use crate::{
    coordinator::REWARM_QUERIES,
    ledger::{Answered, Timed},
    threads::all_threads,
    worker::Disturbance,
};

impl PointBuilder<'_> {
    /// What a reader must know of the point.
    pub(super) fn warnings(&self, answered: Option<&Answered>) -> Vec<Warning> {
        let Some(answered) = answered else {
            return Vec::new();
        };
        let mut warnings = Vec::new();
        warnings.extend(self.clamped(answered));
        warnings.extend(self.below_one(answered));
        let short = |&&returned: &&u32| (returned as usize) < self.divisor;
        let short = answered.returned.iter().filter(short).count();
        if short > 0 {
            warnings.push(Warning::FewerThanK { queries: short });
        }
        if answered.out_of_range > 0 {
            warnings.push(Warning::IdsOutOfRange {
                ids: answered.out_of_range,
            });
        }
        let changed = self.rounds().iter().map(|timed| timed.changed).max();
        if let Some(queries) = changed.filter(|&queries| queries > 0) {
            warnings.push(Warning::UnstableResults { queries });
        }
        if answered.repeated > 0 {
            warnings.push(Warning::RepeatedIds {
                ids: answered.repeated,
            });
        }
        warnings.extend(self.withheld());
        warnings.extend(self.remembers());
        warnings.extend(drift(self.rounds()));
        warnings.extend(self.disturbed());
        warnings.extend(self.fell_behind());
        warnings.extend(self.slo_not_met());
        warnings.extend(not_as_asked(self.key.1, &self.in_force()));
        warnings.extend(self.not_cold());
        warnings
    }

    /// Answers that seem to be looked up rather than searched for.
    fn remembers(&self) -> Option<Warning> {
        let speedups = self
            .rounds()
            .iter()
            .filter_map(|timed| timed.repeat_speedup);
        let speedup = speedups.max_by(f64::total_cmp)?;
        (speedup >= CACHE_SPEEDUP).then_some(Warning::SuspectedCache { speedup })
    }

    fn disturbed(&self) -> Vec<Warning> {
        let rounds = self.rounds().iter().map(|timed| timed.disturbance);
        let all = rounds.fold(Disturbance::default(), Disturbance::plus);
        let percent = |seconds: f64| 100.0 * seconds / (all.watched_s * all_threads() as f64);
        let mut warnings = Vec::new();
        // Books are kept in hundredths of a second: of less than half a second they say nothing.
        let (others_percent, steal_percent) = (percent(all.others_s), percent(all.steal_s));
        if all.watched_s > 0.5 && others_percent + steal_percent > MUCH_OF_THE_CPU {
            warnings.push(Warning::Disturbed {
                others_percent,
                steal_percent,
            });
        }
        warnings.extend(preempted(&all));
        warnings.extend(clock_moved(&all));
        // A cold index is meant to come from disk.
        if all.major_faults > 0 && self.key.1.mode != Mode::Cold {
            warnings.push(Warning::PageFaults {
                pages: all.major_faults,
            });
        }
        warnings
    }

    /// In mode open loop, a point that answered fewer queries than arrived.
    fn fell_behind(&self) -> Option<Warning> {
        let offered_qps = self.key.1.rate_qps? as f64;
        let answered_qps = self.qps()?.value;
        (answered_qps < KEEPS_UP * offered_qps).then_some(Warning::FellBehind {
            offered_qps,
            answered_qps,
        })
    }

    /// Where the highest rate was looked for, rounds in which not even a low one would do.
    fn slo_not_met(&self) -> Option<Warning> {
        let slo_p99_us = self.key.1.slo_p99_us?;
        let without = self.rounds().iter().filter(|timed| timed.elapsed_ns == 0);
        let rounds = without.count();
        (rounds > 0).then_some(Warning::SloNotMet {
            slo_p99_us,
            rounds,
            of: self.rounds().len(),
        })
    }

    fn not_cold(&self) -> Option<Warning> {
        let read_bytes = self.cold()?.read_bytes?;
        let build = self.events.builds.get(&self.planned.build)?;
        let file_bytes = build.memory.serialized_bytes?;
        (read_bytes < file_bytes / 2).then_some(Warning::NotCold {
            read_bytes,
            file_bytes,
        })
    }

    /// Parameters that the library did not take as they were asked for.
    fn clamped<'s>(&'s self, answered: &'s Answered) -> impl Iterator<Item = Warning> + 's {
        let pairs = answered.effective.iter();
        pairs.filter_map(|(key, effective)| {
            let requested = self.planned.search.get(key)?;
            (requested != effective).then(|| Warning::Adjusted {
                key: key.to_owned(),
                requested: requested.clone(),
                effective: effective.clone(),
                reason: "the library clamps it".into(),
            })
        })
    }

    fn below_one(&self, answered: &Answered) -> Option<Warning> {
        let recall = self.recall(answered)?.value;
        let build = &self.plan.builds[self.planned.build];
        (build.is_exact && recall < EXACT_ENOUGH).then_some(Warning::ExactBelowOne { recall })
    }

    /// Percentiles of single latencies that too few samples carry; of batches, nobody expects any.
    fn withheld(&self) -> Vec<Warning> {
        let samples = self.samples_ns().len();
        let percentiles = [95.0, 99.0].into_iter();
        let withheld = percentiles.map(|percentile| Warning::PercentileWithheld {
            percentile,
            samples,
            needed: samples_needed(percentile),
        });
        match self.key.1.mode.times_queries() {
            true => withheld.filter(is_short).collect(),
            false => Vec::new(),
        }
    }
}

/// An exact index below this is wrong, not merely rounded: float arithmetic may swap two neighbours
/// that are equally near but for the last bits, in a query here and there.
const EXACT_ENOUGH: f64 = 0.99;

/// Drift from the first round to the last that a reader should know of: less than the width that
/// intervals are asked to have, it changes no decision.
const WORTH_A_WORD: f64 = 0.02;

/// Share of the machine, in percent, that other work may take before a figure is doubtful.
const MUCH_OF_THE_CPU: f64 = 5.0;

/// Rounds that get faster or slower.
fn drift(rounds: &[Timed]) -> Option<Warning> {
    let rounds_s: Vec<f64> = rounds.iter().map(seconds).collect();
    let drift = trend(&rounds_s)?.drift;
    // Those that were given more warm-up than usual, as rounds before them had got faster.
    let is_warmer = |timed: &&Timed| timed.round > 0 && timed.warmup_queries > REWARM_QUERIES;
    let warmer: Vec<f64> = rounds.iter().filter(is_warmer).map(seconds).collect();
    (drift.abs() >= WORTH_A_WORD).then(|| Warning::Trend {
        drift,
        in_spite_of_warmup: trend(&warmer).is_some(),
    })
}

/// Threads that could not be held to CPUs, and libraries that would use another number of threads
/// than the load has for one call.
fn not_as_asked(load: Load, in_force: &InForce) -> Vec<Warning> {
    let asked = match load.mode {
        Mode::Batch => load.threads,
        _ => 1,
    };
    let (openmp, blas) = (in_force.openmp_threads, in_force.blas_threads);
    let differs = [openmp, blas].into_iter().flatten().any(|n| n != asked);
    let refused = in_force.refused.clone();
    let refused = refused.map(|reason| Warning::NotPinned { reason });
    let other = differs.then_some(Warning::OtherThreads {
        asked,
        openmp,
        blas,
    });
    refused.into_iter().chain(other).collect()
}

/// How often a second the kernel may take the CPU from what is measured: it does so a few times for
/// work of its own, and hundreds of times where another thread wants the same CPU, every time slice
/// of a few milliseconds.
const OFTEN: f64 = 50.0;

fn preempted(all: &Disturbance) -> Option<Warning> {
    let per_s = all.involuntary_switches as f64 / all.watched_s;
    // A handful in a hundredth of a second is no rate.
    let is_long_enough = all.watched_s > 0.1;
    (is_long_enough && per_s > OFTEN).then_some(Warning::Preempted { per_s })
}

/// Share by which the clock may move: less than intervals are asked to be narrow is noise of the
/// reading.
const CLOCK_MAY_MOVE: f64 = 0.05;

fn clock_moved(all: &Disturbance) -> Option<Warning> {
    let (lowest_mhz, highest_mhz) = (all.lowest_mhz?, all.highest_mhz?);
    (lowest_mhz < (1.0 - CLOCK_MAY_MOVE) * highest_mhz).then_some(Warning::ClockMoved {
        lowest_mhz,
        highest_mhz,
    })
}

/// Share of the queries offered that an index must answer to keep up: random arrivals alone make
/// the last of 1,000 come 3 percent early or late.
const KEEPS_UP: f64 = 0.9;

fn is_short(warning: &Warning) -> bool {
    matches!(warning, Warning::PercentileWithheld { samples, needed, .. } if samples < needed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::rounds_of;

    const SINGLE: Load = Load::new(Mode::Single, 1);

    const FALLING: [u64; 8] = [150, 140, 130, 120, 115, 110, 105, 101];

    #[test]
    fn rounds_that_trend_are_told_with_whether_warmup_was_the_reason() {
        let mut rounds = rounds_of(SINGLE, &FALLING);
        let in_spite = |rounds: &[Timed]| match drift(rounds) {
            Some(Warning::Trend {
                drift,
                in_spite_of_warmup,
            }) => {
                assert!(drift < -0.2, "{drift}");
                in_spite_of_warmup
            }
            other => panic!("{other:?}"),
        };
        assert!(!in_spite(&rounds));
        for timed in &mut rounds {
            timed.warmup_queries = 1_000;
        }
        assert!(in_spite(&rounds));
        let steady = rounds_of(SINGLE, &[100, 99, 101, 100, 98, 102, 100, 99]);
        assert_eq!(drift(&steady), None);
    }

    fn watched(involuntary_switches: u64, watched_s: f64) -> Disturbance {
        Disturbance {
            watched_s,
            involuntary_switches,
            ..Disturbance::default()
        }
    }

    #[test]
    fn a_cpu_taken_away_often_is_told_and_now_and_then_is_not() {
        let expected = Some(Warning::Preempted { per_s: 250.0 });
        assert_eq!(preempted(&watched(500, 2.0)), expected);
        assert_eq!(preempted(&watched(20, 2.0)), None);
        assert_eq!(preempted(&watched(9, 0.01)), None, "too short to tell");
    }

    #[test]
    fn a_clock_that_moves_is_told() {
        let at = |lowest_mhz, highest_mhz| Disturbance {
            lowest_mhz,
            highest_mhz,
            ..Disturbance::default()
        };
        let expected = Some(Warning::ClockMoved {
            lowest_mhz: 2_000.0,
            highest_mhz: 3_000.0,
        });
        assert_eq!(clock_moved(&at(Some(2_000.0), Some(3_000.0))), expected);
        assert_eq!(clock_moved(&at(Some(2_950.0), Some(3_000.0))), None);
        assert_eq!(clock_moved(&at(None, None)), None);
    }

    #[test]
    fn threads_are_checked_against_those_of_one_call() {
        let with = |openmp_threads, blas_threads| InForce {
            openmp_threads,
            blas_threads,
            ..InForce::default()
        };
        let batch = Load::new(Mode::Batch, 2);
        let clients = Load::new(Mode::Concurrent, 2);
        assert_eq!(not_as_asked(batch, &with(Some(2), Some(2))), []);
        assert_eq!(not_as_asked(clients, &with(Some(1), Some(1))), []);
        assert_eq!(not_as_asked(SINGLE, &with(None, None)), []);
        let other = Warning::OtherThreads {
            asked: 1,
            openmp: Some(1),
            blas: Some(2),
        };
        assert_eq!(other.to_string(), "told to use 1 threads, BLAS would use 2");
        assert_eq!(not_as_asked(SINGLE, &with(Some(1), Some(2))), [other]);
    }

    #[test]
    fn a_refusal_to_pin_is_a_doubt() {
        let in_force = InForce {
            refused: Some("no".into()),
            ..InForce::default()
        };
        let reason = "no".to_owned();
        assert_eq!(
            not_as_asked(SINGLE, &in_force),
            [Warning::NotPinned { reason }]
        );
    }
}
