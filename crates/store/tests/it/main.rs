//! The crate seen from outside: files that others wrote, damaged files, and round trips.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says on stderr what it skipped"
)]

mod bad;
mod dataset;
#[cfg(feature = "remote")]
mod fetch;
mod good;
mod mutations;
mod parquet;
#[cfg(feature = "remote")]
mod remote;
#[cfg(feature = "remote")]
mod server;
mod shared;
mod tables;
