//! What every measurement rests on, as properties.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod coverage;
mod recall;
mod throughput;
