//! The search for the highest rate of arrivals that an index bears.

use anyhow::Result;

use super::{
    disturbance::Watch,
    serving::{Patience, Served},
    timed::{Timed, Timing, arrivals_ns},
};

/// How close the rates that held and failed have come, relative to the latter, when the search ends:
/// less than rounds of one point differ, so that rounds average it out.
const CLOSE: f64 = 0.03;

/// Share of what clients could do at most below which no rate is tried: a point that does not hold
/// there holds nowhere that matters.
const LEAST: f64 = 1.0 / 32.0;

/// Searches of a trial at least: as many as carry a 99th percentile, and some.
const TRIAL_SEARCHES: usize = 1_000;

/// How long a trial lasts at least, in multiples of the p99 that is asked for: queries that pile up
/// have to come to be late.
const TRIAL_IN_SLOS: f64 = 3.0;

/// Searches of a trial at most: an index that does nothing bears millions a second.
const MOST_SEARCHES: usize = 1_000_000;

impl Timing<'_> {
    /// The highest rate of arrivals whose p99 stays under `slo_p99_us`: what the queries would have
    /// taken at that rate, or no time where there is none.
    pub(super) fn ceiling(&self, slo_p99_us: u64) -> Result<Timed> {
        self.warm_up_one_by_one(self.queries)?;
        let n_queries = self.queries.n();
        let watch = Watch::start(&self.request.cpus);
        // As fast as they are answered: no rate above this can hold, and every query has its answer.
        let most = self.service(None, None).run()?;
        let most_qps = n_queries as f64 * 1e9 / most.elapsed_ns.max(1) as f64;
        let mut switches = vec![most.switches];
        let (mut latencies_ns, mut trials) = (most.latencies_ns, 0);
        let found = highest_rate(most_qps, |rate_qps| {
            trials += 1;
            let trial = self.trial(rate_qps, slo_p99_us, trials)?;
            switches.push(trial.switches);
            if !trial.gave_up {
                latencies_ns = trial.latencies_ns;
            }
            Ok(!trial.gave_up)
        })?;
        Ok(Timed {
            disturbance: watch.stop().with_switches(switches.into_iter().sum()),
            elapsed_ns: found.map_or(0, |rate_qps| (n_queries as f64 * 1e9 / rate_qps) as u64),
            latencies_ns,
            neighbors: most.neighbors,
            repeat_speedup: None,
        })
    }

    /// Offers queries at a rate until so many are late that the p99 is.
    fn trial(&self, rate_qps: f64, slo_p99_us: u64, trial: u64) -> Result<Served> {
        let lasting = rate_qps * TRIAL_IN_SLOS * slo_p99_us as f64 / 1e6;
        let n_searches = (lasting as usize).clamp(TRIAL_SEARCHES, MOST_SEARCHES);
        let seed = self.request.arrivals_seed.wrapping_add(trial << 32);
        let arrivals_ns = arrivals_ns(rate_qps, n_searches, seed);
        let patience = Patience {
            limit_ns: slo_p99_us * 1_000,
            // By nearest rank: one more, and the 99th percentile is one of them.
            late: n_searches / 100,
        };
        self.service(Some(&arrivals_ns), Some(patience)).run()
    }
}

/// The highest rate, in queries a second, of which `holds` says so; none where it holds for hardly
/// any. `most_qps` is what clients get that ask as fast as they are answered: more cannot hold.
///
/// Halves the way between the highest rate that held and the lowest that did not. What it gives has
/// been tried and held.
///
/// # Errors
/// Those of `holds`.
fn highest_rate(most_qps: f64, mut holds: impl FnMut(f64) -> Result<bool>) -> Result<Option<f64>> {
    let (mut held, mut failed) = (0.0, most_qps);
    while failed - held > CLOSE * failed && failed > LEAST * most_qps {
        let rate_qps = (held + failed) / 2.0;
        match holds(rate_qps)? {
            true => held = rate_qps,
            false => failed = rate_qps,
        }
    }
    Ok((held > 0.0).then_some(held))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(most_qps: f64, truth: f64) -> (Option<f64>, usize) {
        let mut trials = 0;
        let holds = |rate_qps| {
            trials += 1;
            Ok(rate_qps <= truth)
        };
        (highest_rate(most_qps, holds).unwrap(), trials)
    }

    #[test]
    fn the_rate_found_has_held_and_is_close_to_the_highest() {
        for truth in [200.0, 777.0, 2_500.0, 4_900.0, 5_000.0] {
            let (found, trials) = found(5_000.0, truth);
            let found = found.unwrap();
            assert!(
                found <= truth && found >= truth * (1.0 - 1.1 * CLOSE),
                "{truth}: {found}"
            );
            assert!(trials <= 11, "{truth}: {trials}");
        }
    }

    #[test]
    fn where_no_rate_holds_none_is_found_and_the_search_ends() {
        let (found, trials) = found(5_000.0, 0.0);
        assert_eq!(found, None);
        assert!(trials <= 6, "{trials}");
    }

    #[test]
    fn a_trial_that_cannot_be_made_ends_the_search() {
        assert!(highest_rate(5_000.0, |_| anyhow::bail!("no thread")).is_err());
    }
}
