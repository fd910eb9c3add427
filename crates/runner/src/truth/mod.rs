//! Ground truth: given by the user and checked, taken from the cache, or computed and put there.

mod cache;
mod compute;
mod import;
mod of_run;

pub use cache::{TruthCache, TruthKey};
pub use compute::{TooLarge, TruthBase, TruthJob};
pub(crate) use import::{Asked, ImportError, import};
pub(crate) use of_run::Truths;
