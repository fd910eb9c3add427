//! The int8 pass: base and queries rounded to small integers, sums of their products, and bounds
//! that hold all that the rounding can have changed.
//!
//! The crate's own documentation proves the bounds; its names are those of this module.

mod base;
mod batches;
mod center;
mod facts;
mod filter;
#[cfg_attr(
    any(target_arch = "x86_64", target_arch = "aarch64"),
    expect(unsafe_code, reason = "instructions that are found at run time")
)]
mod kernel;
mod lanes;
mod quantize;
mod query;

pub(crate) use base::PackedBase;
pub(crate) use filter::filter;
pub use kernel::Kernel;
pub(crate) use kernel::{Engine, ROWS, fetch};
