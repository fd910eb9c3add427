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
#[cfg(feature = "remote")]
mod fetch;
mod foreign;
mod good;
mod mutations;
mod parquet;
#[cfg(feature = "remote")]
mod remote;
mod samples;
#[cfg(feature = "remote")]
mod server;
mod shared;
mod tables;
