//! annbench's exact search against FAISS Flat: the same queries on the same base, in one process and
//! in turns.
//!
//! ```text
//! cargo run --release -p annbench-benches --example exact_vs_flat -- BASE QUERIES [METRIC [ROUNDS]]
//! ```
//!
//! BASE and QUERIES are files of vectors, METRIC is cosine (the default), inner_product or l2. FAISS
//! runs in the environment that annbench gives its workers. Packing is part of annbench's time, as a
//! user who asks once pays it. A sample of annbench's results is compared with a scan in f64.
#![expect(clippy::print_stdout, reason = "an example prints what it finds")]

use std::{
    error::Error,
    path::Path,
    process::{Command, ExitCode},
    time::Instant,
};

use annbench_exact::{ExactNeighbors, Options, Searcher};
use annbench_faiss::{FlatBackend, FlatIndex, WORKER_ENVIRONMENT};
use annbench_index::{Backend, BuildJob, SearchSetup, TypedIndex, null::NoParams};
use annbench_store::{LoadOptions, load};
use annbench_vectors::{Matrix, MatrixView, Metric, Neighbors, normalize_rows};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Queries of the single search: one takes milliseconds.
const ONE_BY_ONE: usize = 100;

/// Queries whose results are compared with a scan in f64.
const CHECKED: usize = 20;

fn main() -> Outcome<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base, queries, rest @ ..] = &arguments[..] else {
        return Err("give the files of the base and of the queries".into());
    };
    // The libraries read their environment when they load.
    if WORKER_ENVIRONMENT
        .iter()
        .any(|(name, value)| std::env::var(name).as_deref() != Ok(value))
    {
        let mut again = Command::new(std::env::current_exe()?);
        let status = again
            .args(&arguments)
            .envs(WORKER_ENVIRONMENT.iter().copied())
            .status()?;
        return Ok(if status.success() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    let metric: Metric = rest
        .first()
        .map_or(Ok(Metric::Cosine), |name| name.parse())?;
    let rounds = rest.get(1).map_or(Ok(7), |rounds| rounds.parse())?;
    let (base, queries) = (read(base, metric)?, read(queries, metric)?);
    let threads = std::thread::available_parallelism()?.get();
    println!(
        "base {} x {}, {} queries, {metric}, {threads} threads",
        base.n(),
        base.dim(),
        queries.n()
    );
    let mut contest = Contest::new(&base, metric, threads)?;
    for k in [10, 100] {
        contest.batch(queries.view(), k, rounds)?;
    }
    contest.one_by_one(
        queries.view().slice(0..ONE_BY_ONE.min(queries.n())),
        10,
        rounds,
    )?;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &str, metric: Metric) -> Outcome<Matrix> {
    let mut vectors = load(Path::new(path), &LoadOptions::default(), &mut |_| {})?.vectors;
    if metric == Metric::Cosine {
        normalize_rows(&mut vectors)?;
    }
    Ok(vectors)
}

struct Contest<'a> {
    base: &'a Matrix,
    metric: Metric,
    threads: usize,
    flat: FlatIndex,
}

impl<'a> Contest<'a> {
    fn new(base: &'a Matrix, metric: Metric, threads: usize) -> Outcome<Self> {
        let job = &mut BuildJob::new(threads, 42);
        let flat = FlatBackend
            .build(base.view(), metric, &NoParams {}, job)?
            .index;
        Ok(Self {
            base,
            metric,
            threads,
            flat,
        })
    }

    /// All queries in one call.
    fn batch(&mut self, queries: MatrixView<'_>, k: usize, rounds: usize) -> Outcome {
        let setup = SearchSetup {
            k,
            threads: self.threads,
        };
        self.flat.configure(&NoParams {}, setup)?;
        let (mut flat_s, mut exact_s, mut pack_s) = (Vec::new(), Vec::new(), Vec::new());
        let mut neighbors = Neighbors::new(queries.n(), k);
        let mut last = None;
        // The first round warms up.
        for round in 0..=rounds {
            let start = Instant::now();
            self.flat.search(queries, &mut neighbors.as_mut())?;
            let flat = start.elapsed().as_secs_f64();
            let start = Instant::now();
            let searcher = Searcher::new(self.base.view(), self.metric, self.threads)?;
            let pack = start.elapsed().as_secs_f64();
            last = Some(searcher.search(queries, k, &mut Options::new(self.threads))?);
            if round > 0 {
                flat_s.push(flat);
                exact_s.push(start.elapsed().as_secs_f64());
                pack_s.push(pack);
            }
        }
        let found = last.ok_or("no round")?;
        self.check(queries, k, &found)?;
        show(&format!("batch, k = {k}"), &mut flat_s, &mut exact_s);
        println!(
            "    of it packing {:.3} s; {:?}",
            median(&mut pack_s),
            found.report()
        );
        Ok(())
    }

    /// One query a call, on one thread.
    fn one_by_one(&mut self, queries: MatrixView<'_>, k: usize, rounds: usize) -> Outcome {
        self.flat
            .configure(&NoParams {}, SearchSetup { k, threads: 1 })?;
        let searcher = Searcher::new(self.base.view(), self.metric, self.threads)?;
        let (mut flat_s, mut exact_s) = (Vec::new(), Vec::new());
        let mut neighbors = Neighbors::new(1, k);
        for round in 0..=rounds {
            let (mut flat, mut exact) = (0.0, 0.0);
            for query_idx in 0..queries.n() {
                let query = queries.slice(query_idx..query_idx + 1);
                let start = Instant::now();
                self.flat.search(query, &mut neighbors.as_mut())?;
                flat += start.elapsed().as_secs_f64();
                let start = Instant::now();
                searcher.search(query, k, &mut Options::new(1))?;
                exact += start.elapsed().as_secs_f64();
            }
            if round > 0 {
                flat_s.push(flat / queries.n() as f64);
                exact_s.push(exact / queries.n() as f64);
            }
        }
        show(
            &format!("one query, one thread, k = {k}"),
            &mut flat_s,
            &mut exact_s,
        );
        println!("    {} bytes beside the base", searcher.bytes());
        Ok(())
    }

    /// Compares the scores of some queries with those of a scan in f64.
    fn check(&self, queries: MatrixView<'_>, k: usize, found: &ExactNeighbors) -> Outcome {
        for query_idx in (0..queries.n()).step_by((queries.n() / CHECKED).max(1)) {
            let query = queries.row(query_idx);
            let rows = 0..self.base.n();
            let mut scores: Vec<f64> = rows
                .map(|row| self.metric.score(query, self.base.view().row(row)))
                .collect();
            scores.sort_by(|a, b| self.metric.nearer_first(*a, *b));
            if found.scores(query_idx) != &scores[..k.min(scores.len())] {
                return Err(format!("query {query_idx}: not the scores of a scan in f64").into());
            }
        }
        Ok(())
    }
}

fn show(work: &str, flat_s: &mut [f64], exact_s: &mut [f64]) {
    let mut ratios: Vec<f64> = flat_s
        .iter()
        .zip(&*exact_s)
        .map(|(flat, exact)| flat / exact)
        .collect();
    println!(
        "{work}: FAISS Flat {:.4} s, annbench {:.4} s, {:.2} times as fast (rounds from {:.2} to {:.2})",
        median(flat_s),
        median(exact_s),
        median(&mut ratios),
        ratios[0],
        ratios[ratios.len() - 1],
    );
}

/// Sorts; the middle one.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
