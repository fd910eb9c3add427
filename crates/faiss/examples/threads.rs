//! Measures how FAISS's two thread pools, OpenMP's and OpenBLAS's, get on: the numbers behind
//! `annbench_faiss::WORKER_ENVIRONMENT`.
//!
//! ```text
//! cargo run --release -p annbench-faiss --example threads -- DATA [REPEATS [OPENMP_BLAS_DIR]]
//! ```
//!
//! DATA is a folder with `vectors_f16.npy` (n x dim) and `query_rows.npy`; OPENMP_BLAS_DIR holds a
//! libblas.so.3 that shares OpenMP's threads. Environments are read when a library loads, so every
//! measurement is a process of its own; repetitions are interleaved.
#![expect(clippy::print_stdout, reason = "an example prints what it finds")]

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use annbench_faiss::{
    FlatBackend, HnswBackend, HnswBuild, HnswIndex, HnswSearch, IvfFlatBackend, IvfFlatBuild,
    IvfFlatSearch, runtime,
};
use annbench_index::{Backend, BuildJob, SearchSetup, TypedIndex, null::NoParams};
use annbench_vectors::{Matrix, MatrixView, Metric, Neighbors, normalize_rows};

type Failure = Box<dyn Error>;

const K: usize = 10;
const NLIST: usize = 1024;
const WORKS: [&str; 4] = ["flat batch", "ivf train", "ivf batch", "hnsw batch"];

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--measure", data, graph, threads] => {
            measure(Path::new(data), Path::new(graph), threads.parse()?)
        }
        [data] => compare(data, 5, None),
        [data, repeats] => compare(data, repeats.parse()?, None),
        [data, repeats, blas] => compare(data, repeats.parse()?, Some(blas)),
        _ => Err("usage: threads DATA [REPEATS [OPENMP_BLAS_DIR]]".into()),
    }
}

/// One way to arrange the pools.
struct Arrangement {
    name: String,
    variables: Vec<(&'static str, String)>,
    seconds: [Vec<f64>; WORKS.len()],
}

fn compare(data: &str, repeats: usize, openmp_blas: Option<&str>) -> Result<(), Failure> {
    let threads = std::thread::available_parallelism()?.get();
    let folder = tempfile::tempdir()?;
    let graph = folder.path().join("graph");
    build_graph(Path::new(data), &graph, threads)?;
    let mut arrangements = arrangements(threads, openmp_blas);
    for repeat in 1..=repeats {
        for arrangement in &mut arrangements {
            arrangement.measure_in_a_process(data, &graph, threads)?;
        }
        println!("after {repeat} of {repeats} repetitions");
        print_table(&mut arrangements);
    }
    Ok(())
}

fn arrangements(threads: usize, openmp_blas: Option<&str>) -> Vec<Arrangement> {
    let blas_threads = |count: usize| vec![("OPENBLAS_NUM_THREADS", count.to_string())];
    let mut pools = vec![
        ("own pool, 1 thread".to_owned(), blas_threads(1)),
        (
            format!("own pool, {threads} threads"),
            blas_threads(threads),
        ),
    ];
    if let Some(folder) = openmp_blas {
        pools.push((
            "openmp".to_owned(),
            vec![("LD_LIBRARY_PATH", folder.to_owned())],
        ));
    }
    let mut all = Vec::new();
    for (pool, variables) in &pools {
        for policy in [None, Some("passive"), Some("active")] {
            let mut variables = variables.clone();
            variables.extend(policy.map(|policy| ("OMP_WAIT_POLICY", policy.to_owned())));
            all.push(Arrangement {
                name: format!("{pool}, wait {}", policy.unwrap_or("unset")),
                variables,
                seconds: Default::default(),
            });
        }
    }
    all
}

impl Arrangement {
    fn measure_in_a_process(
        &mut self,
        data: &str,
        graph: &Path,
        threads: usize,
    ) -> Result<(), Failure> {
        let output = Command::new(env::current_exe()?)
            .args(["--measure", data])
            .arg(graph)
            .arg(threads.to_string())
            .envs(self.variables.iter().map(|(name, value)| (*name, value)))
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        let found = String::from_utf8(output.stdout)?;
        for (seconds, value) in self.seconds.iter_mut().zip(found.split_whitespace()) {
            seconds.push(value.parse()?);
        }
        Ok(())
    }
}

fn print_table(arrangements: &mut [Arrangement]) {
    println!(
        "{:36} {}",
        "seconds, median (least)",
        WORKS.map(|work| format!("{work:>18}")).concat()
    );
    for arrangement in arrangements {
        let cells = arrangement.seconds.each_mut().map(|seconds| {
            seconds.sort_by(f64::total_cmp);
            format!("{:>9.3} ({:>6.3})", seconds[seconds.len() / 2], seconds[0])
        });
        println!("{:36} {}", arrangement.name, cells.concat());
    }
}

fn build_graph(data: &Path, graph: &Path, threads: usize) -> Result<(), Failure> {
    let (base, _) = read(data)?;
    let params = HnswBuild {
        m: 16,
        ef_construction: 64,
    };
    let job = &mut BuildJob::new(threads, 42);
    let built = HnswBackend.build(base.view(), Metric::Cosine, &params, job)?;
    Ok(built.index.save(graph)?)
}

/// Times every work once, in the environment of this process, and prints the seconds.
fn measure(data: &Path, graph: &Path, threads: usize) -> Result<(), Failure> {
    let (base, queries) = read(data)?;
    let setup = SearchSetup { k: K, threads };
    let mut flat = FlatBackend
        .build(
            base.view(),
            Metric::Cosine,
            &NoParams {},
            &mut BuildJob::new(threads, 42),
        )?
        .index;
    flat.configure(&NoParams {}, setup)?;
    let flat = batch(&flat, queries.view())?;
    let params = IvfFlatBuild {
        nlist: NLIST,
        ..IvfFlatBuild::default()
    };
    let built = IvfFlatBackend.build(
        base.view(),
        Metric::Cosine,
        &params,
        &mut BuildJob::new(threads, 42),
    )?;
    let mut ivf = built.index;
    ivf.configure(&IvfFlatSearch { nprobe: 16 }, setup)?;
    let ivf = batch(&ivf, queries.view())?;
    let mut hnsw = HnswIndex::load(graph, Metric::Cosine)?;
    hnsw.configure(&HnswSearch { ef_search: 64 }, setup)?;
    let hnsw = batch(&hnsw, queries.view())?;
    for seconds in [flat, built.train, ivf, hnsw] {
        print!("{} ", seconds.as_secs_f64());
    }
    eprint_blas();
    Ok(())
}

#[expect(clippy::print_stderr, reason = "an example says what it ran on")]
fn eprint_blas() {
    eprintln!(
        "{:?} {:?}",
        runtime::openblas_config(),
        runtime::openblas_core()
    );
}

/// The second of two passes over all queries in one call each.
fn batch<I: TypedIndex>(index: &I, queries: MatrixView<'_>) -> Result<Duration, Failure> {
    let mut neighbors = Neighbors::new(queries.n(), K);
    index.search(queries, &mut neighbors.as_mut())?;
    let start = Instant::now();
    index.search(queries, &mut neighbors.as_mut())?;
    Ok(start.elapsed())
}

/// Base and queries, normalised.
fn read(data: &Path) -> Result<(Matrix, Matrix), Failure> {
    let (shape, bytes) = read_npy(&data.join("vectors_f16.npy"))?;
    let [n, dim] = shape[..] else {
        return Err("vectors_f16.npy is no matrix".into());
    };
    let values = bytes
        .chunks_exact(2)
        .map(|b| half::f16::from_le_bytes([b[0], b[1]]).to_f32());
    let mut all = Matrix::from_vec(values.collect(), dim)?;
    normalize_rows(&mut all)?;
    let (_, bytes) = read_npy(&data.join("query_rows.npy"))?;
    let rows: Vec<usize> = bytes
        .chunks_exact(8)
        .map(|b| {
            b.iter()
                .rev()
                .fold(0, |row, byte| row << 8 | usize::from(*byte))
        })
        .collect();
    let mut is_query = vec![false; n];
    rows.iter().for_each(|row| is_query[*row] = true);
    let others: Vec<usize> = (0..n).filter(|row| !is_query[*row]).collect();
    Ok((all.select(&others), all.select(&rows)))
}

/// Shape and bytes of a `.npy` file of version 1, C order.
fn read_npy(path: &PathBuf) -> Result<(Vec<usize>, Vec<u8>), Failure> {
    let mut file = std::fs::read(path)?;
    let header_bytes = usize::from(u16::from_le_bytes([file[8], file[9]]));
    let values = file.split_off(10 + header_bytes);
    let header = String::from_utf8(file.split_off(10))?;
    let shape = header
        .split_once("'shape': (")
        .and_then(|(_, rest)| rest.split_once(')'))
        .ok_or("no shape in the npy header")?
        .0;
    let shape = shape
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    Ok((shape.map(str::parse).collect::<Result<_, _>>()?, values))
}
