//! annbench's exact search against FAISS Flat: the same queries on the same base, in one process and
//! in turns.
//!
//! ```text
//! cargo run --release -p annbench-benches --example exact_vs_flat -- [BASE QUERIES] [NAME=VALUE]...
//! ```
//!
//! BASE and QUERIES are files of vectors; `metric` is cosine (the default), inner_product or l2. Two
//! works need no files: `bytes`, 1,000,000 x 128 vectors of bytes, and `gaussian`, 200,000 x 768
//! vectors without any structure, which is hard for bounds. `costs` prints what annbench's search
//! takes against n, dim, k and threads. `work=files,bytes,gaussian,costs` chooses among them (all),
//! `rounds` says how often everything is timed after a round that warms up (7), `queries` how many
//! there are at most (10,000 for bytes, 1,000 for gaussian).
//!
//! FAISS runs in the environment that annbench gives its workers, with all BLAS threads and with
//! one; ratios are to the better of the two. Packing is part of annbench's time, as a user who asks
//! once pays it. The scores of every round are compared with those of a scan in f64, for a sample of
//! the queries.
#![expect(clippy::print_stdout, reason = "an example prints what it finds")]

mod arguments;
mod contest;
mod costs;
mod cycles;
mod work;

use std::{
    error::Error,
    process::{Command, ExitCode},
};

use annbench_faiss::WORKER_ENVIRONMENT;

use arguments::{Arguments, Work};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let arguments = Arguments::of(&words)?;
    // The libraries read their environment when they load.
    let is_set = |(name, value): &(&str, &str)| std::env::var(name).as_deref() == Ok(*value);
    if !WORKER_ENVIRONMENT.iter().all(is_set) {
        let mut again = Command::new(std::env::current_exe()?);
        let environment = WORKER_ENVIRONMENT.iter().copied();
        let status = again.args(&words).envs(environment).status()?;
        return Ok(if status.success() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    for wanted in &arguments.works {
        match wanted {
            Work::Files => work::files(&arguments)?,
            Work::Bytes => work::bytes(&arguments)?,
            Work::Gaussian => work::gaussian(&arguments)?,
            Work::Costs => costs::print(&arguments)?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Sorts; the middle one.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
