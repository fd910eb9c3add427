//! One base, searched by FAISS Flat and by annbench in turns.

use std::time::Instant;

use annbench_exact::{Component, ExactNeighbors, Options, ScanReport, Searcher};
use annbench_faiss::{FlatBackend, FlatIndex, runtime::set_threads};
use annbench_index::{Backend, BuildJob, SearchSetup, TypedIndex, null::NoParams};
use annbench_vectors::{Matrix, MatrixView, Metric, Neighbors};

use super::{Outcome, arguments::Arguments, cycles, median};

/// Queries whose results are compared with a scan in f64.
const CHECKED: usize = 20;

/// The same queries as annbench and as FAISS takes them.
pub(crate) struct Queries<'a, T> {
    own: MatrixView<'a, T>,
    wide: MatrixView<'a>,
}

impl<'a, T> Queries<'a, T> {
    pub(crate) fn new(own: &'a Matrix<T>, wide: &'a Matrix) -> Self {
        let (own, wide) = (own.view(), wide.view());
        Self { own, wide }
    }
}

pub(crate) struct Contest<'a, T> {
    base: &'a Matrix<T>,
    wide_base: &'a Matrix,
    metric: Metric,
    threads: usize,
    rounds: usize,
    cycles_a_second: f64,
    flat: FlatIndex,
}

/// Seconds of each round.
#[derive(Default)]
struct Timings {
    /// With all BLAS threads, and with one.
    flat: [Vec<f64>; 2],
    exact: Vec<f64>,
    /// Of it, packing.
    pack: Vec<f64>,
}

impl<'a, T: Component> Contest<'a, T> {
    pub(crate) fn new(
        base: &'a Matrix<T>,
        wide_base: &'a Matrix,
        metric: Metric,
        arguments: &Arguments,
    ) -> Outcome<Self> {
        let threads = arguments.threads;
        println!(
            "base {} x {}, {metric}, {threads} threads",
            base.n(),
            base.dim()
        );
        let job = &mut BuildJob::new(threads, 42);
        let flat = FlatBackend.build(wide_base.view(), metric, &NoParams {}, job)?;
        Ok(Self {
            base,
            wide_base,
            metric,
            threads,
            rounds: arguments.rounds,
            cycles_a_second: cycles::a_second(),
            flat: flat.index,
        })
    }

    /// All queries in one call.
    pub(crate) fn batch(&mut self, queries: &Queries<'_, T>, k: usize) -> Outcome {
        let n_queries = queries.own.n();
        let truth = self.truth(queries.wide, k);
        let setup = |threads| SearchSetup { k, threads };
        self.flat.configure(&NoParams {}, setup(self.threads))?;
        let mut timings = Timings::default();
        let mut neighbors = Neighbors::new(n_queries, k);
        let mut last = None;
        // The first round warms up.
        for round in 0..=self.rounds {
            let mut flat = [0.0; 2];
            for (seconds, blas_threads) in flat.iter_mut().zip([self.threads, 1]) {
                set_blas_threads(blas_threads)?;
                *seconds =
                    timed(|| Ok(self.flat.search(queries.wide, &mut neighbors.as_mut())?))?;
            }
            let start = Instant::now();
            let searcher = Searcher::new(self.base.view(), self.metric, self.threads)?;
            let pack = start.elapsed().as_secs_f64();
            let found = searcher.search(queries.own, k, &mut Options::new(self.threads))?;
            if round > 0 {
                timings.push(flat, start.elapsed().as_secs_f64(), pack);
            }
            check(&truth, &found)?;
            last = Some((found.report(), searcher.bytes()));
        }
        let (report, bytes) = last.ok_or("no round")?;
        let search_s = timings.show(&format!("{n_queries} queries together, k = {k}"));
        self.show(report, n_queries, search_s);
        self.show_bytes(bytes);
        Ok(())
    }

    /// One query a call, on one thread.
    pub(crate) fn one_by_one(&mut self, queries: &Queries<'_, T>, k: usize) -> Outcome {
        let setup = SearchSetup { k, threads: 1 };
        self.flat.configure(&NoParams {}, setup)?;
        let searcher = Searcher::new(self.base.view(), self.metric, self.threads)?;
        let truth = self.truth(queries.wide, k);
        let (mut timings, mut neighbors) = (Timings::default(), Neighbors::new(1, k));
        let n_queries = queries.own.n();
        let one = |query_idx: usize| query_idx..query_idx + 1;
        for round in 0..=self.rounds {
            let (mut flat, mut exact) = (0.0, 0.0);
            for query_idx in 0..n_queries {
                let wide = queries.wide.slice(one(query_idx));
                flat += timed(|| Ok(self.flat.search(wide, &mut neighbors.as_mut())?))?;
                let own = queries.own.slice(one(query_idx));
                let start = Instant::now();
                let found = searcher.search(own, k, &mut Options::new(1))?;
                exact += start.elapsed().as_secs_f64();
                let of_query = truth.iter().filter(|(checked, _)| *checked == query_idx);
                of_query
                    .map(|(_, scores)| (0, scores.clone()))
                    .try_for_each(|of_query| check(&[of_query], &found))?;
            }
            if round > 0 {
                let each = |seconds: f64| seconds / n_queries as f64;
                timings.push([each(flat); 2], each(exact), 0.0);
            }
        }
        timings.show(&format!("one query on one thread, k = {k}"));
        Ok(())
    }

    /// The best scores of some queries, by a scan in f64.
    fn truth(&self, queries: MatrixView<'_>, k: usize) -> Vec<(usize, Vec<f64>)> {
        let scores = |query_idx: usize| {
            let rows = self.wide_base.view();
            let score = |row| self.metric.score(queries.row(query_idx), row);
            let mut scores: Vec<f64> = rows.rows().map(score).collect();
            scores.sort_unstable_by(|a, b| self.metric.nearer_first(*a, *b));
            scores.truncate(k);
            (query_idx, scores)
        };
        let every = queries.n().div_ceil(CHECKED).max(1);
        (0..queries.n()).step_by(every).map(scores).collect()
    }

    fn show(&self, report: ScanReport, n_queries: usize, search_s: f64) {
        let each = |count: u64| count as f64 / n_queries as f64;
        let (refined, scored) = (each(report.refined), each(report.scored));
        println!("    a query: {refined:.1} vectors narrowed by f32, {scored:.1} scored in f64");
        if report.fell_back() {
            let share = 100.0 * report.f32_pairs as f64 / (n_queries * self.base.n()) as f64;
            println!("    {share:.1} % of the pairs fell back to the f32 pass");
        }
        let peak = report
            .kernel
            .and_then(|kernel| Some((kernel, cycles::peak(kernel)?)));
        if let Some((kernel, peak)) = peak {
            let products = report.int8_pairs as f64 * self.base.dim() as f64;
            let cycles = search_s * self.cycles_a_second * self.threads as f64;
            let (reached, share) = (products / cycles, 100.0 * products / cycles / peak);
            println!(
                "    {kernel}: {reached:.1} products a cycle and core at {:.2} GHz, {share:.0} % \
                 of the peak of {peak}, everything but packing included",
                self.cycles_a_second / 1e9
            );
        }
    }

    fn show_bytes(&self, bytes: u64) {
        let share = bytes as f64 / (self.base.n() * self.base.dim()) as f64;
        let megabytes = bytes as f64 / 1e6;
        println!("    {megabytes:.1} MB beside the base, {share:.3} bytes a component");
    }
}

impl Timings {
    fn push(&mut self, flat: [f64; 2], exact: f64, pack: f64) {
        for (all, seconds) in self.flat.iter_mut().zip(flat) {
            all.push(seconds);
        }
        self.exact.push(exact);
        self.pack.push(pack);
    }

    /// Prints medians; returns that of the search without packing.
    fn show(&self, work: &str) -> f64 {
        let middle = |values: &[f64]| median(&mut values.to_vec());
        let [all, one] = self.flat.each_ref().map(|flat| middle(flat));
        let best = if all <= one {
            &self.flat[0]
        } else {
            &self.flat[1]
        };
        let alone: Vec<f64> = self
            .exact
            .iter()
            .zip(&self.pack)
            .map(|(all, pack)| all - pack)
            .collect();
        let ratios = |exact: &[f64]| {
            let mut ratios: Vec<f64> = best.iter().zip(exact).map(|(a, b)| a / b).collect();
            (median(&mut ratios), ratios[0], ratios[ratios.len() - 1])
        };
        let ((ratio, least, most), (ratio_alone, ..)) = (ratios(&self.exact), ratios(&alone));
        println!(
            "{work}: {ratio:.2} times as fast as FAISS Flat (rounds from {least:.2} to {most:.2})"
        );
        println!(
            "    FAISS Flat {all:.4} s with all BLAS threads, {one:.4} s with one; annbench {:.4} s",
            middle(&self.exact)
        );
        let pack = middle(&self.pack);
        if pack > 0.0 {
            println!("    of it packing {pack:.4} s; without it {ratio_alone:.2} times as fast");
        }
        middle(&alone)
    }
}

fn timed(work: impl FnOnce() -> Outcome) -> Outcome<f64> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64())
}

/// Those of BLAS belong to the process, those of OpenMP to the thread that sets them, and both are
/// set in one: in a thread of its own, this leaves OpenMP's as they are.
fn set_blas_threads(threads: usize) -> Outcome {
    let granted = std::thread::spawn(move || set_threads(threads)).join();
    match granted {
        Ok(granted) if granted == threads => Ok(()),
        _ => Err(format!("FAISS does not get {threads} threads here").into()),
    }
}

/// Compares scores with those of the truth.
fn check(truth: &[(usize, Vec<f64>)], found: &ExactNeighbors) -> Outcome {
    match truth
        .iter()
        .find(|(query_idx, scores)| found.scores(*query_idx) != scores)
    {
        Some((query_idx, _)) => {
            Err(format!("query {query_idx}: not the scores of a scan in f64").into())
        }
        None => Ok(()),
    }
}
