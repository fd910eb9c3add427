//! The search for the highest rate of arrivals that an index bears.

use anyhow::Result;

/// How close the rates that held and failed have come, relative to the latter, when the search ends:
/// less than rounds of one point differ, so that rounds average it out.
const CLOSE: f64 = 0.03;

/// Share of what clients could do at most below which no rate is tried: a point that does not hold
/// there holds nowhere that matters.
const LEAST: f64 = 1.0 / 256.0;

/// The highest rate, in queries a second, of which `holds` says so; none where it holds for hardly
/// any. `most_qps` is what clients get that ask as fast as they are answered: more cannot hold.
///
/// Halves the way between the highest rate that held and the lowest that did not. What it gives has
/// been tried and held.
///
/// # Errors
/// Those of `holds`.
pub(super) fn highest_rate(
    most_qps: f64,
    mut holds: impl FnMut(f64) -> Result<bool>,
) -> Result<Option<f64>> {
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
        for truth in [30.0, 100.0, 777.0, 4_900.0, 5_000.0] {
            let (found, trials) = found(5_000.0, truth);
            let found = found.unwrap();
            assert!(
                found <= truth && found >= truth * (1.0 - 1.1 * CLOSE),
                "{truth}: {found}"
            );
            assert!(trials <= 14, "{truth}: {trials}");
        }
    }

    #[test]
    fn where_no_rate_holds_none_is_found_and_the_search_ends() {
        let (found, trials) = found(5_000.0, 0.0);
        assert_eq!(found, None);
        assert!(trials <= 9, "{trials}");
    }

    #[test]
    fn a_trial_that_cannot_be_made_ends_the_search() {
        assert!(highest_rate(5_000.0, |_| anyhow::bail!("no thread")).is_err());
    }
}
