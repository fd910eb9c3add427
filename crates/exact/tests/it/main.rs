//! Exact search against references that nobody here wrote, and against a naive search.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod backend;
mod int8;
mod properties;
mod references;
mod shared;
