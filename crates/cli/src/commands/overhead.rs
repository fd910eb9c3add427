//! `annbench overhead`: what the harness itself costs. The same searches on the same index, in one
//! process and in turn, through annbench's timed loop and in a bare loop over FAISS's own function.

use annbench_eval::median_interval;
use annbench_faiss::{FactoryIndex, bare};
use annbench_index::{Erased, Index, IndexCard, SearchSetup};
use annbench_vectors::{MatrixView, Neighbors};
use anyhow::{Context, Result};
use serde::Serialize;

use super::{
    harness::{NullHarness, median, timed_ns},
    inputs,
};
use crate::{args::OverheadArgs, exit::Outcome, output};

/// Share of repetitions whose interval is to hold the truth.
const LEVEL: f64 = 0.95;

/// Queries that one of the two loops searches before the other takes its turn: the vectors they
/// touch are many times what a cache holds.
const BLOCK: usize = 64;

/// What was measured; medians over the repeats.
#[derive(Debug, Serialize)]
struct Overhead {
    index: String,
    n_queries: usize,
    k: usize,
    repeats: usize,
    annbench_qps: f64,
    bare_qps: f64,
    /// Median over the repeats of annbench's qps by the bare loop's of the same repeat.
    ratio: f64,
    ratio_low: f64,
    ratio_high: f64,
    /// The harness around an index that does nothing, nanoseconds a query.
    null_ns: f64,
}

pub(crate) fn overhead(args: OverheadArgs) -> Result<Outcome> {
    inputs::at_least_one("--repeats", args.repeats)?;
    let setup = SearchSetup {
        k: inputs::at_least_one("--k", args.index.k)?,
        threads: 1,
    };
    let card = IndexCard::read(&args.index.index)?;
    let queries = inputs::queries(&args.index, card.metric)?;
    let mut index = Erased::new(FactoryIndex::load(&args.index.index, card.metric)?);
    inputs::configure(&mut index, &card, &args.index, setup)?;
    let overhead = measure(&args, &card, &index, queries.vectors.view())?;
    match args.output.json {
        true => output::json(&overhead)?,
        false => output::text(&overhead.text())?,
    }
    Ok(Outcome::Fine)
}

fn measure(
    args: &OverheadArgs,
    card: &IndexCard,
    index: &Erased<FactoryIndex>,
    queries: MatrixView<'_>,
) -> Result<Overhead> {
    let mut null = NullHarness::new(queries, card.metric, args.index.k)?;
    let mut contest = Contest::new(queries.n(), args.index.k);
    let (mut ours, mut bares, mut nulls) = (Vec::new(), Vec::new(), Vec::new());
    // The first pass warms up and is not kept.
    for repeat in 0..=args.repeats {
        let (our_ns, bare_ns) = contest.in_turn(index, queries, repeat)?;
        let null_ns = null.pass_ns()?;
        if repeat > 0 {
            ours.push(our_ns);
            bares.push(bare_ns);
            nulls.push(null_ns);
        }
    }
    let ratios: Vec<f64> = ours
        .iter()
        .zip(&bares)
        .map(|(our, bare)| bare / our)
        .collect();
    let ratio = median_interval(&ratios, LEVEL).context("no repeats")?;
    Ok(Overhead {
        index: format!("{} {}", card.backend, card.params),
        n_queries: queries.n(),
        k: args.index.k,
        repeats: args.repeats,
        ratio: ratio.value,
        ratio_low: ratio.low,
        ratio_high: ratio.high,
        annbench_qps: 1e9 / median(&ours),
        bare_qps: 1e9 / median(&bares),
        null_ns: median(&nulls),
    })
}

/// The two loops, and where they write their times.
struct Contest {
    k: usize,
    latencies_ns: Vec<u64>,
}

impl Contest {
    fn new(n_queries: usize, k: usize) -> Self {
        Self {
            k,
            latencies_ns: vec![u64::MAX; n_queries],
        }
    }

    /// Nanoseconds a query through annbench's timed loop and in the bare loop.
    ///
    /// They take turns block by block, so that what slows the machine slows both, and go first in
    /// turn, so that neither finds the other's vectors in the cache more often.
    fn in_turn(
        &mut self,
        index: &Erased<FactoryIndex>,
        queries: MatrixView<'_>,
        repeat: usize,
    ) -> Result<(f64, f64)> {
        let (mut our_ns, mut bare_ns) = (0.0, 0.0);
        for (block, first) in (0..queries.n()).step_by(BLOCK).enumerate() {
            let block_queries = queries.slice(first..(first + BLOCK).min(queries.n()));
            if (block + repeat).is_multiple_of(2) {
                our_ns += self.through_annbench(index, block_queries)?;
                bare_ns += self.bare(index, block_queries)?;
            } else {
                bare_ns += self.bare(index, block_queries)?;
                our_ns += self.through_annbench(index, block_queries)?;
            }
        }
        let n_queries = queries.n() as f64;
        Ok((our_ns / n_queries, bare_ns / n_queries))
    }

    /// Nanoseconds of all `queries` through annbench's timed loop.
    fn through_annbench(&mut self, index: &dyn Index, queries: MatrixView<'_>) -> Result<f64> {
        timed_ns(
            index,
            queries,
            self.k,
            &mut self.latencies_ns[..queries.n()],
        )
    }

    /// Nanoseconds of all `queries` in the bare loop.
    fn bare(&mut self, index: &Erased<FactoryIndex>, queries: MatrixView<'_>) -> Result<f64> {
        let mut neighbors = Neighbors::new(queries.n(), self.k);
        let out = &mut neighbors.as_mut();
        let latencies_ns = &mut self.latencies_ns[..queries.n()];
        bare::search_one_by_one(index.typed(), queries, out, latencies_ns)?;
        Ok(latencies_ns.iter().sum::<u64>() as f64)
    }
}

impl Overhead {
    fn text(&self) -> String {
        format!(
            "{}: {} queries one by one, one thread, k = {}, medians of {} repeats in turn\n\
             \n  through annbench          {:>10.0} qps\
             \n  bare faiss_Index_search   {:>10.0} qps\
             \n  ratio                     {:>10.4}  ({:.4} to {:.4})\
             \n  null index                {:>10.1} ns a query\n",
            self.index,
            self.n_queries,
            self.k,
            self.repeats,
            self.annbench_qps,
            self.bare_qps,
            self.ratio,
            self.ratio_low,
            self.ratio_high,
            self.null_ns,
        )
    }
}
