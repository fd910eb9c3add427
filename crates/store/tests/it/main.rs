//! The crate seen from outside: files that others wrote, damaged files, and round trips.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking, says on stderr what it skipped, and talks to its parent"
)]

mod bad;
mod child;
mod convert;
mod dataset;
mod foreign;
mod good;
mod mutations;
mod parquet;
mod samples;
mod shared;
mod tables;
