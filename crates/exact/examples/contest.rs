//! How long each way of exact search takes on the same work, in turns.
//!
//! `cargo run --release -p annbench-exact --example contest -- [FOLDER] [OPTION=NUMBER]...`
//!
//! FOLDER holds `vectors_f16.npy` and `query_rows.npy`; without it vectors are generated, normal
//! ones or with `u8=1` bytes. Options: `n`, `dim`, `queries`, `k`, `threads`, `rounds`, `u8`.
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

/// Every way, one after the other, as often as asked for.
fn contest<T: Component>(
    base: &Matrix<T>,
    queries: &Matrix<T>,
    metric: Metric,
    settings: &Settings,
) -> Outcome<()> {
    let (k, threads) = (settings.number("k", 10), settings.number("threads", 2));
    println!(
        "{} queries x {} base vectors, dim = {}, k = {k}, {metric}, {threads} threads",
        queries.n(),
        base.n(),
        base.dim()
    );
    let fast = Kernel::ALL
        .into_iter()
        .filter(|kernel| *kernel != Kernel::Portable);
    let ways: Vec<Option<Kernel>> = fast
        .filter(|kernel| kernel.is_available())
        .map(Some)
        .chain([None])
        .collect();
    let ways = &ways[..ways.len().min(settings.number("ways", ways.len()))];
    let mut times = vec![Vec::new(); ways.len()];
    let mut first: Option<ExactNeighbors> = None;
    for _ in 0..settings.number("rounds", 5) {
        for (way, times) in ways.iter().zip(&mut times) {
            let start = Instant::now();
            let searcher = Searcher::with_kernel(base.view(), metric, *way, threads)?;
            let pack_s = start.elapsed().as_secs_f64();
            let found = searcher.search(queries.view(), k, &mut Options::new(threads))?;
            times.push((
                start.elapsed().as_secs_f64(),
                pack_s,
                one_by_one(&searcher, queries, k)?,
                found.report(),
                searcher.bytes(),
            ));
            if first.get_or_insert_with(|| found.clone()) != &found {
                return Err(format!("{way:?} found other neighbours").into());
            }
        }
    }
    for (way, times) in ways.iter().zip(times) {
        let median = |of: fn(&(f64, f64, f64, annbench_exact::ScanReport, u64)) -> f64| {
            let mut values: Vec<f64> = times.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let name = way.map_or("f32", Kernel::name);
        let n_queries = queries.n() as f64;
        println!(
            "{name:12} batch {:.3} s (packing {:.3} s of it), one query on one thread {:.3} ms, candidates {:.1} a query, scored {:.1}, f32 pairs {}, {} MB",
            median(|time| time.0),
            median(|time| time.1),
            median(|time| time.2) * 1e3,
            median(|time| time.3.refined as f64) / n_queries,
            median(|time| time.3.scored as f64) / n_queries,
            median(|time| time.3.f32_pairs as f64),
            median(|time| time.4 as f64) / 1e6,
        );
    }
    Ok(())
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
