//! How long each way of exact search takes on the same work, in turns.
//!
//! `cargo run --release -p annbench-exact --example contest -- [FOLDER] [OPTION=NUMBER]...`
//!
//! FOLDER holds `vectors_f16.npy` and `query_rows.npy`; without it vectors are generated, normal
//! ones or with `u8=1` bytes. Options: `n`, `dim`, `queries`, `k`, `threads`, `rounds`, `ways`
//! (how many of them), `u8`.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::{
    collections::{BTreeMap, HashSet},
    error::Error,
    fs::File,
    io::BufReader,
    path::Path,
    time::Instant,
};

use annbench_exact::{Component, ExactNeighbors, Kernel, Options, Searcher};
use annbench_vectors::{Matrix, Metric};
use half::f16;

type Outcome<T> = Result<T, Box<dyn Error>>;

struct Settings {
    folder: Option<String>,
    numbers: BTreeMap<String, usize>,
}

impl Settings {
    fn of(arguments: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut settings = Self {
            folder: None,
            numbers: BTreeMap::new(),
        };
        for argument in arguments {
            match argument.split_once('=') {
                Some((name, number)) => {
                    settings.numbers.insert(name.to_owned(), number.parse()?);
                }
                None => settings.folder = Some(argument),
            }
        }
        Ok(settings)
    }

    fn number(&self, name: &str, default: usize) -> usize {
        self.numbers.get(name).copied().unwrap_or(default)
    }
}

fn main() -> Outcome<()> {
    let settings = Settings::of(std::env::args().skip(1))?;
    let (n, dim) = (settings.number("n", 200_000), settings.number("dim", 768));
    let n_queries = settings.number("queries", 1_000);
    match &settings.folder {
        Some(folder) => {
            let (base, queries) = read(Path::new(folder), n_queries)?;
            contest(&base, &queries, Metric::Cosine, &settings)
        }
        None if settings.number("u8", 0) == 1 => {
            let byte = |matrix: Matrix| matrix.view().map(|value| (value * 40.0 + 128.0) as u8);
            let (base, queries) = (byte(normal(n, dim, 1)?), byte(normal(n_queries, dim, 2)?));
            contest(&base, &queries, Metric::L2, &settings)
        }
        None => {
            let (base, queries) = (normal(n, dim, 1)?, normal(n_queries, dim, 2)?);
            contest(&base, &queries, Metric::Cosine, &settings)
        }
    }
}

/// What one way took once.
struct Timing {
    batch_s: f64,
    /// Of it, making the base ready.
    pack_s: f64,
    single_s: f64,
    bytes: u64,
    found: ExactNeighbors,
}

/// Every way, one after the other, as often as asked for.
fn contest<T: Component>(
    base: &Matrix<T>,
    queries: &Matrix<T>,
    metric: Metric,
    settings: &Settings,
) -> Outcome<()> {
    let (k, threads) = (settings.number("k", 10), settings.number("threads", 2));
    let (n_queries, n, dim) = (queries.n(), base.n(), base.dim());
    println!("{n_queries} queries x {n} vectors, dim {dim}, k {k}, {metric}, {threads} threads");
    let ways = ways(settings.number("ways", usize::MAX));
    let mut timings: Vec<Vec<Timing>> = ways.iter().map(|_| Vec::new()).collect();
    for _ in 0..settings.number("rounds", 5) {
        for (way, timings) in ways.iter().zip(&mut timings) {
            timings.push(time(base, queries, metric, (*way, k, threads))?);
        }
    }
    let first = &timings[0][0].found;
    if timings
        .iter()
        .flatten()
        .any(|timing| timing.found != *first)
    {
        return Err("two ways found different neighbours".into());
    }
    for (way, timings) in ways.iter().zip(&timings) {
        print(way.map_or("f32", Kernel::name), timings);
    }
    Ok(())
}

/// The kernels of this CPU, the fastest first, and last the f32 pass; at most so many.
fn ways(most: usize) -> Vec<Option<Kernel>> {
    let is_fast = |kernel: &Kernel| *kernel != Kernel::Portable && kernel.is_available();
    let kernels = Kernel::ALL.into_iter().filter(is_fast).map(Some);
    kernels.chain([None]).take(most.max(1)).collect()
}

fn time<T: Component>(
    base: &Matrix<T>,
    queries: &Matrix<T>,
    metric: Metric,
    (way, k, threads): (Option<Kernel>, usize, usize),
) -> Outcome<Timing> {
    let start = Instant::now();
    let searcher = Searcher::with_kernel(base.view(), metric, way, threads)?;
    let pack_s = start.elapsed().as_secs_f64();
    let found = searcher.search(queries.view(), k, &mut Options::new(threads))?;
    Ok(Timing {
        batch_s: start.elapsed().as_secs_f64(),
        pack_s,
        single_s: one_by_one(&searcher, queries, k)?,
        bytes: searcher.bytes(),
        found,
    })
}

fn print(name: &str, timings: &[Timing]) {
    let median = |of: fn(&Timing) -> f64| {
        let mut values: Vec<f64> = timings.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let (last, report) = (
        &timings[timings.len() - 1],
        timings[timings.len() - 1].found.report(),
    );
    let n_queries = last.found.n_queries() as f64;
    println!(
        "{name:12} batch {:.3} s, of it packing {:.3} s; one query on one thread {:.3} ms; \
         {:.1} MB; a query: {:.1} narrowed by f32, {:.1} scored; {} pairs fell back",
        median(|timing| timing.batch_s),
        median(|timing| timing.pack_s),
        median(|timing| timing.single_s) * 1e3,
        last.bytes as f64 / 1e6,
        report.refined as f64 / n_queries,
        report.scored as f64 / n_queries,
        if report.fell_back() {
            report.f32_pairs
        } else {
            0
        },
    );
}

/// The median time of single queries on one thread.
fn one_by_one<T: Component>(
    searcher: &Searcher<'_, T>,
    queries: &Matrix<T>,
    k: usize,
) -> Outcome<f64> {
    let mut times = Vec::new();
    for query_idx in 0..queries.n().min(50) {
        let query = queries.view().slice(query_idx..query_idx + 1);
        let start = Instant::now();
        searcher.search(query, k, &mut Options::new(1))?;
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// Base and queries of a folder that keeps them in one file.
fn read(folder: &Path, n_queries: usize) -> Outcome<(Matrix, Matrix)> {
    let open = |name| File::open(folder.join(name)).map(BufReader::new);
    let vectors = npyz::NpyFile::new(open("vectors_f16.npy")?)?;
    let dim = vectors.shape()[1] as usize;
    let values: Vec<f16> = vectors.into_vec()?;
    let all = Matrix::from_vec(values.into_iter().map(f16::to_f32).collect(), dim)?;
    let rows: Vec<i64> = npyz::NpyFile::new(open("query_rows.npy")?)?.into_vec()?;
    let queries: Vec<usize> = rows.into_iter().map(|row| row as usize).collect();
    let is_query: HashSet<usize> = queries.iter().copied().collect();
    let base: Vec<usize> = (0..all.n()).filter(|row| !is_query.contains(row)).collect();
    let queries = &queries[..queries.len().min(n_queries)];
    Ok((all.select(&base), all.select(queries)))
}

/// Vectors whose components are sums of four uniform ones: normal enough.
fn normal(n: usize, dim: usize, seed: u64) -> Outcome<Matrix> {
    let mut state = seed;
    let mut component = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let bytes = (state ^ (state >> 33))
            .wrapping_mul(0xFF51_AFD7_ED55_8CCD)
            .to_le_bytes();
        let sixteen = |at: usize| f32::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        ((sixteen(0) + sixteen(2) + sixteen(4) + sixteen(6)) / 65_536.0 - 2.0) * 1.7
    };
    Ok(Matrix::from_vec(
        (0..n * dim).map(|_| component()).collect(),
        dim,
    )?)
}
