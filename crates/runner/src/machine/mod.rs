//! The machine a run is made on, where its threads run, and what of its environment would steer the
//! measurements.

pub(crate) mod affinity;
mod cores;
mod environment;
mod facts;
mod placement;

pub use environment::{Environment, Steering};
pub use facts::machine;
pub(crate) use placement::Placement;
