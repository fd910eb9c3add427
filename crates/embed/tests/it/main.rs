//! The crate seen from outside, with a real model: all-MiniLM-L6-v2, in the folder that the
//! environment variable `ANNBENCH_TEST_MODEL` names.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says on stderr what it skipped"
)]

mod mini_lm;
