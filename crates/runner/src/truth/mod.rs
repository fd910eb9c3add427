//! Ground truth: given by the user and checked, taken from the cache, or computed and put there.

mod cache;
mod compute;
mod given;
mod import;
mod of_run;

pub use cache::{TruthCache, TruthKey};
pub use compute::{TooLarge, TruthBase, TruthJob};
pub(crate) use given::Given;
pub(crate) use import::Asked;
pub(crate) use of_run::Truths;
