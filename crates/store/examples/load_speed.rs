//! How fast a Parquet file becomes a matrix, beside pyarrow where Python has it:
//! `load_speed FILE.parquet [ROUNDS] [THREADS] [PYTHON]`, `load_speed --make VECTORS.npy FILE.parquet` to
//! write such a file, or `load_speed --map VECTORS.npy` for the cache's form.
//!
//! Rounds of the two take turns, so that a busy machine slows both. `PYTHON` is the interpreter, such
//! as that of a virtual environment with pyarrow and numpy; left out, the `python3` of `PATH`.

#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::{
    error::Error,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    time::Instant,
};

use annbench_store::{
    LoadOptions,
    convert::{ConvertOptions, convert},
    load_on,
    npy::MappedMatrix,
};

/// Reads the file named by the argument as often as a line comes in; prints the seconds it took.
const PYARROW: &str = r#"
import sys, time
import numpy, pyarrow.parquet as pq
path = sys.argv[1]
schema = pq.read_schema(path)
name = next(f.name for f in schema if str(f.type).endswith(("list", "]")) or "list<" in str(f.type))
for line in sys.stdin:
    start = time.perf_counter()
    column = pq.read_table(path, columns=[name])[name].combine_chunks()
    matrix = column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), -1)
    print(time.perf_counter() - start, flush=True)
"#;

const PYTHON: &str = "python3";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--map", file] => map(Path::new(file)),
        ["--make", input, output] => make(Path::new(input), Path::new(output)),
        [file] => compare(file, 15, 2, PYTHON),
        [file, rounds] => compare(file, rounds.parse()?, 2, PYTHON),
        [file, rounds, threads] => compare(file, rounds.parse()?, threads.parse()?, PYTHON),
        [file, rounds, threads, python] => compare(file, rounds.parse()?, threads.parse()?, python),
        _ => Err("name a Parquet file, or --make, an npy file and a Parquet file".into()),
    }
}

fn make(input: &Path, output: &Path) -> Result<(), Box<dyn Error>> {
    convert(input, output, &ConvertOptions::default(), &mut |_| {})?;
    Ok(())
}

/// How long the cache's form takes to open, which reads its header alone.
fn map(file: &Path) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let mapped = MappedMatrix::open(file)?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{} x {} mapped in {:.3} ms",
        mapped.n(),
        mapped.dim(),
        seconds * 1e3
    );
    Ok(())
}

fn compare(file: &str, rounds: usize, threads: usize, python: &str) -> Result<(), Box<dyn Error>> {
    let (n, dim) = shape(file, threads)?;
    let matrix_bytes = 4.0 * n as f64 * dim as f64;
    println!("{file}: {n} x {dim}, {:.0} MB as f32", matrix_bytes / 1e6);
    if let Some(peak_bytes) = peak_rss_bytes() {
        println!(
            "peak memory of the process: {:.3} times the matrix",
            peak_bytes / matrix_bytes
        );
    }
    let name = python;
    let mut python = Python::start(name, file);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let start = Instant::now();
        shape(file, threads)?;
        ours.push(start.elapsed().as_secs_f64());
        theirs.extend(python.as_mut().and_then(Python::round));
    }
    let ours = median(ours).unwrap_or(f64::NAN);
    println!("annbench: {ours:.4} s on {threads} threads (median of {rounds})");
    match median(theirs) {
        Some(theirs) => println!(
            "pyarrow:  {theirs:.4} s, {:.2} times as long",
            theirs / ours
        ),
        None => println!(
            "pyarrow:  skipped: {name} has no pyarrow and numpy; name a Python that has as the last argument"
        ),
    }
    Ok(())
}

fn shape(file: &str, threads: usize) -> Result<(usize, usize), Box<dyn Error>> {
    let read = load_on(
        Path::new(file),
        &LoadOptions::default(),
        threads,
        &mut |_| {},
    )?;
    Ok((read.n(), read.dim()))
}

fn median(mut seconds: Vec<f64>) -> Option<f64> {
    seconds.sort_unstable_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied()
}

/// The most memory this process ever had, where the system tells.
fn peak_rss_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// A Python that reads the file whenever it is asked to.
struct Python {
    child: Child,
}

impl Python {
    fn start(name: &str, file: &str) -> Option<Self> {
        let child = Command::new(name)
            .args(["-c", PYARROW, file])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        child.ok().map(|child| Self { child })
    }

    fn round(&mut self) -> Option<f64> {
        self.child.stdin.as_mut()?.write_all(b"go\n").ok()?;
        let mut line = String::new();
        BufReader::new(self.child.stdout.as_mut()?)
            .read_line(&mut line)
            .ok()?;
        line.trim().parse().ok()
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // Its end of input ends it; waiting leaves no zombie.
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}
