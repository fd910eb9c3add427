//! What annbench's search takes against n, dim, k and threads, one of them varied at a time.

use std::time::Instant;

use annbench_benches::normal;
use annbench_exact::{Options, Searcher};
use annbench_vectors::{Matrix, Metric};

use super::{Outcome, arguments::Arguments, median};

/// One search.
#[derive(Debug, Clone, Copy)]
struct Shape {
    n: usize,
    dim: usize,
    k: usize,
    threads: usize,
}

const N_QUERIES: usize = 512;

pub(crate) fn print(arguments: &Arguments) -> Outcome {
    let middle = Shape {
        n: 100_000,
        dim: 384,
        k: 10,
        threads: arguments.threads,
    };
    let n_queries = arguments.queries.unwrap_or(N_QUERIES);
    println!("{n_queries} normal queries, cosine");
    println!("varied         n   dim     k  threads  packing s  search s  ns a pair");
    for (varied, shape) in shapes(middle) {
        let (pack_s, search_s) = times(shape, n_queries, arguments.rounds)?;
        let Shape { n, dim, k, threads } = shape;
        let pair_ns = search_s * 1e9 / (n * n_queries) as f64;
        println!(
            "{varied:8} {n:>7} {dim:>5} {k:>5} {threads:>8} {pack_s:>10.4} {search_s:>9.4} {pair_ns:>10.3}"
        );
    }
    Ok(())
}

fn shapes(middle: Shape) -> Vec<(&'static str, Shape)> {
    let n = [12_500, 25_000, 50_000, 100_000].map(|n| ("n", Shape { n, ..middle }));
    let dim = [96, 192, 384, 768].map(|dim| ("dim", Shape { dim, ..middle }));
    let k = [1, 10, 100, 1_000].map(|k| ("k", Shape { k, ..middle }));
    let doubled = std::iter::successors(Some(1), |threads| Some(threads * 2));
    let threads = doubled.take_while(|threads| *threads <= middle.threads);
    let threads = threads.map(|threads| ("threads", Shape { threads, ..middle }));
    n.into_iter().chain(dim).chain(k).chain(threads).collect()
}

/// Median seconds of packing and of searching.
fn times(shape: Shape, n_queries: usize, rounds: usize) -> Outcome<(f64, f64)> {
    let (base, queries) = (
        normal(shape.n, shape.dim, 1)?,
        normal(n_queries, shape.dim, 2)?,
    );
    let (mut pack_s, mut search_s) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (pack, search) = once(&base, &queries, shape)?;
        pack_s.push(pack);
        search_s.push(search);
    }
    Ok((median(&mut pack_s), median(&mut search_s)))
}

fn once(base: &Matrix, queries: &Matrix, shape: Shape) -> Outcome<(f64, f64)> {
    let start = Instant::now();
    let searcher = Searcher::new(base.view(), Metric::Cosine, shape.threads)?;
    let pack = start.elapsed().as_secs_f64();
    searcher.search(queries.view(), shape.k, &mut Options::new(shape.threads))?;
    Ok((pack, start.elapsed().as_secs_f64() - pack))
}
