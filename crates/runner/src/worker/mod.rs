//! The worker process: builds or loads one index, and searches it when told.
//!
//! A process of its own gives exact memory figures, and keeps a crash or an abort in foreign code
//! from taking other measurements with it. It is fed line-delimited JSON on stdin and answers on
//! stdout; vectors travel by memory map, answers by a file ([`answers`]), never through JSON.

pub mod answers;
mod ceiling;
mod cold;
mod disturbance;
mod measure;
mod memory;
mod orphan;
mod pinned;
pub mod protocol;
mod serve;
mod serving;
mod switches;
mod timed;
mod working_set;

pub use disturbance::Disturbance;
pub use measure::{Clock, Monotonic, batch, one_by_one};
pub use orphan::end_with_coordinator;
pub use serve::serve;
pub(crate) use working_set::query_idx as working_set_query;
