//! `annbench selftest`: whether the statistics keep their promises.

use annbench_eval::{SelfTest, SelfTestOptions, selftest as simulate};
use annbench_vectors::{Matrix, Metric};
use anyhow::Result;

use super::harness::{NullHarness, median};
use crate::{args::SelftestArgs, exit::Outcome, output};

/// Queries and passes by which the overhead of the harness is measured.
const QUERIES: usize = 10_000;
const PASSES: usize = 21;

/// Neighbours a query.
const K: usize = 10;

pub(crate) fn selftest(args: SelftestArgs) -> Result<Outcome> {
    let null_ns = null_ns()?;
    let found = simulate(&SelfTestOptions {
        experiments: args.experiments as usize,
        repetitions: args.experiments as usize,
        seed: args.seed,
        ..SelfTestOptions::default()
    });
    match args.output.json {
        true => output::json(&json(null_ns, &found))?,
        false => output::text(&text(null_ns, &found))?,
    }
    Ok(match found.passed() {
        true => Outcome::Fine,
        false => Outcome::Partial,
    })
}

/// Nanoseconds a query that the timed loop costs around an index that does nothing.
fn null_ns() -> Result<f64> {
    let queries = Matrix::from_vec(vec![0.0; QUERIES], 1)?;
    let mut harness = NullHarness::new(queries.view(), Metric::L2, K)?;
    let passes = (0..PASSES).map(|_| harness.pass_ns());
    Ok(median(&passes.collect::<Result<Vec<f64>>>()?))
}

fn text(null_ns: f64, found: &SelfTest) -> String {
    let line = |(n, of): (usize, usize), what: &str, promise: &str| {
        format!(
            "  {:>5.1} %  {what} ({n} of {of}; promised: {promise})\n",
            100.0 * n as f64 / of as f64
        )
    };
    let verdict = match found.passed() {
        true => "every promise is kept",
        false => "A PROMISE IS BROKEN: do not trust the intervals of this version",
    };
    format!(
        "the harness around an index that does nothing: {null_ns:.0} ns a query, clock included\n\n\
         on simulated runs with known truth:\n{}{}{}{}\n{verdict}\n",
        line(
            found.coverage,
            "of the 95 % intervals hold the truth",
            "92 to 98 %"
        ),
        line(
            found.aa_contains_one,
            "of the ratios of a point to its duplicate hold 1",
            "93 % or more"
        ),
        line(
            found.found_3_percent,
            "of planted differences of 3 % are found",
            "95 % or more"
        ),
        line(
            found.found_0_percent,
            "of planted differences of 0 % are taken for one",
            "5 % or fewer"
        ),
    )
}

fn json(null_ns: f64, found: &SelfTest) -> serde_json::Value {
    let count = |(n, of): (usize, usize)| serde_json::json!({ "count": n, "of": of });
    serde_json::json!({
        "null_ns": null_ns,
        "coverage": count(found.coverage),
        "aa_contains_one": count(found.aa_contains_one),
        "found_3_percent": count(found.found_3_percent),
        "found_0_percent": count(found.found_0_percent),
        "passed": found.passed(),
    })
}
