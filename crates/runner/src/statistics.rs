//! What the ledger holds of a point, as the statistics want it.

use annbench_eval::{Bootstrap, Interval, Samples};
use annbench_store::results::{Estimate, Mode};

use crate::ledger::{Events, PointLoad};

/// The rounds of a point: a latency a query in mode single, else one duration.
pub(crate) fn samples(events: &Events, key: PointLoad) -> Samples<'_> {
    let mut samples = Samples::new();
    for timed in events.rounds_of(key) {
        match key.1.mode {
            Mode::Single => {
                samples.push(0, timed.round, timed.latencies_ns.as_slice());
            }
            _ => samples.push(0, timed.round, vec![timed.elapsed_ns]),
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
