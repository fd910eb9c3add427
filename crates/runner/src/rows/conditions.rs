//! Doubts about what a point was measured under: its rounds, the machine meanwhile, its threads.

use annbench_eval::{CACHE_SPEEDUP, trend};
use annbench_store::results::{InForce, Load, Mode, Warning};

use super::seconds;
use crate::{
    coordinator::REWARM_QUERIES, ledger::Timed, threads::all_threads, worker::Disturbance,
};

/// What a reader must know of the rounds of a point under a load.
pub(super) fn of_rounds(load: Load, rounds: &[Timed]) -> Vec<Warning> {
    let disturbances = rounds.iter().map(|timed| timed.disturbance);
    let all = disturbances.fold(Disturbance::default(), Disturbance::plus);
    let doubts = [
        remembers(rounds),
        drift(rounds),
        disturbed(&all),
        preempted(load, &all),
        clock_moved(&all),
        page_faults(load, &all),
        slo_not_met(load, rounds),
    ];
    doubts.into_iter().flatten().collect()
}

/// Answers that seem to be looked up rather than searched for.
fn remembers(rounds: &[Timed]) -> Option<Warning> {
    let speedups = rounds.iter().filter_map(|timed| timed.repeat_speedup);
    let speedup = speedups.max_by(f64::total_cmp)?;
    (speedup >= CACHE_SPEEDUP).then_some(Warning::SuspectedCache { speedup })
}

/// Drift from the first round to the last that a reader should know of: less than the width that
/// intervals are asked to have, it changes no decision.
const WORTH_A_WORD: f64 = 0.02;

/// Share of the machine, in percent, that other work may take before a figure is doubtful.
const MUCH_OF_THE_CPU: f64 = 5.0;

/// Other work on the machine.
fn disturbed(all: &Disturbance) -> Option<Warning> {
    let percent = |seconds: f64| 100.0 * seconds / (all.watched_s * all_threads() as f64);
    let (others_percent, steal_percent) = (percent(all.others_s), percent(all.steal_s));
    // Books are kept in hundredths of a second: of less than half a second they say nothing.
    let is_long_enough = all.watched_s > 0.5;
    let is_much = others_percent + steal_percent > MUCH_OF_THE_CPU;
    (is_long_enough && is_much).then_some(Warning::Disturbed {
        others_percent,
        steal_percent,
    })
}

/// Pages from disk; a cold index is meant to come from there.
fn page_faults(load: Load, all: &Disturbance) -> Option<Warning> {
    let pages = all.major_faults;
    (pages > 0 && load.mode != Mode::Cold).then_some(Warning::PageFaults { pages })
}

/// Where the highest rate was looked for, rounds in which not even a low one would do.
fn slo_not_met(load: Load, rounds: &[Timed]) -> Option<Warning> {
    let slo_p99_us = load.slo_p99_us?;
    let without = rounds.iter().filter(|timed| timed.elapsed_ns == 0).count();
    (without > 0).then_some(Warning::SloNotMet {
        slo_p99_us,
        rounds: without,
        of: rounds.len(),
    })
}

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
pub(super) fn not_as_asked(load: Load, in_force: &InForce) -> Vec<Warning> {
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

fn preempted(load: Load, all: &Disturbance) -> Option<Warning> {
    let per_s = all.involuntary_switches as f64 / all.watched_s;
    // A handful in a hundredth of a second is no rate.
    let is_long_enough = all.watched_s > 0.1;
    // Threads of a library that wait for one another yield, which the kernel counts as if it had
    // taken the CPU: 229,100 times a second on a machine where nothing else ran.
    let may_yield = load.mode == Mode::Batch && load.threads > 1;
    (is_long_enough && !may_yield && per_s > OFTEN).then_some(Warning::Preempted { per_s })
}

/// Share by which the clock may move: a reading is an average over some milliseconds, and moves by a
/// percent or two by itself.
const CLOCK_MAY_MOVE: f64 = 0.05;

fn clock_moved(all: &Disturbance) -> Option<Warning> {
    let (lowest_mhz, highest_mhz) = (all.lowest_mhz?, all.highest_mhz?);
    (lowest_mhz < (1.0 - CLOCK_MAY_MOVE) * highest_mhz).then_some(Warning::ClockMoved {
        lowest_mhz,
        highest_mhz,
    })
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

    #[test]
    fn answers_that_come_much_faster_the_second_time_are_suspected() {
        let mut rounds = rounds_of(SINGLE, &[100, 99, 101]);
        rounds[0].repeat_speedup = Some(1.5);
        assert_eq!(remembers(&rounds), None);
        rounds[1].repeat_speedup = Some(60.0);
        assert_eq!(
            remembers(&rounds),
            Some(Warning::SuspectedCache { speedup: 60.0 })
        );
    }

    #[test]
    fn other_work_and_a_greedy_host_are_told_where_they_take_much() {
        let taken = |others_s, steal_s| Disturbance {
            watched_s: 10.0,
            others_s: others_s * all_threads() as f64,
            steal_s: steal_s * all_threads() as f64,
            ..Disturbance::default()
        };
        let expected = Some(Warning::Disturbed {
            others_percent: 20.0,
            steal_percent: 10.0,
        });
        assert_eq!(disturbed(&taken(2.0, 1.0)), expected);
        assert_eq!(disturbed(&taken(0.2, 0.1)), None);
    }

    #[test]
    fn pages_from_disk_are_told_unless_they_are_meant_to_come_from_there() {
        let all = Disturbance {
            major_faults: 3,
            ..Disturbance::default()
        };
        assert_eq!(
            page_faults(SINGLE, &all),
            Some(Warning::PageFaults { pages: 3 })
        );
        assert_eq!(page_faults(Load::new(Mode::Cold, 1), &all), None);
        assert_eq!(page_faults(SINGLE, &Disturbance::default()), None);
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
        assert_eq!(preempted(SINGLE, &watched(500, 2.0)), expected);
        assert_eq!(preempted(SINGLE, &watched(20, 2.0)), None);
        assert_eq!(
            preempted(SINGLE, &watched(9, 0.01)),
            None,
            "too short to tell"
        );
        let [one, two] = [1, 2].map(|threads| Load::new(Mode::Batch, threads));
        assert_eq!(preempted(one, &watched(500, 2.0)), expected);
        assert_eq!(
            preempted(two, &watched(500, 2.0)),
            None,
            "they may have yielded"
        );
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
