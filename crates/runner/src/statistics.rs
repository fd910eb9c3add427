//! What the ledger holds of a point, as the statistics want it.

use annbench_eval::{Bootstrap, Interval, Samples};
use annbench_store::results::{Estimate, Mode};

use crate::{
    ledger::{Events, PointLoad},
    plan::Plan,
};

/// The rounds of a point, on all builds of its index: a latency a query where each is asked once, one by
/// one; else one duration.
pub(crate) fn samples<'a>(
    plan: &Plan,
    events: &'a Events,
    (point, load): PointLoad,
) -> Samples<'a> {
    let mut samples = Samples::new();
    for (point, repetition) in plan.repetitions_of(point) {
        for timed in events.rounds_of((point, load)) {
            match load.mode {
                Mode::Single | Mode::Cold if load.distinct_queries.is_none() => {
                    samples.push(repetition, timed.round, timed.latencies_ns.as_slice());
                }
                _ => samples.push(repetition, timed.round, vec![timed.elapsed_ns]),
            }
        }
    }
    samples
}

/// The intervals of tables: they hold the truth in 95 of 100 repetitions.
pub(crate) fn bootstrap(seed: u64) -> Bootstrap {
    Bootstrap {
        seed,
        ..Bootstrap::default()
    }
}

pub(crate) fn estimate(interval: Interval) -> Estimate {
    Estimate {
        value: interval.value,
        low: interval.low,
        high: interval.high,
    }
}
