//! x
pub mod results;
