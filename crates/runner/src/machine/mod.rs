//! The machine a run is made on, and what of its environment would steer the measurements.

mod environment;
mod facts;

pub use environment::{Environment, Steering};
pub use facts::machine;
