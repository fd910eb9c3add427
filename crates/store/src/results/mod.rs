//! What a run leaves behind, as plain rows: the runner writes them, the report reads them.

mod record;
mod rows;
pub mod tables;
mod warning;

pub use record::{BlasEnvironment, DatasetCard, EnvVariable, LibraryCard, Machine, RunRecord};
pub use rows::{BuildRow, Estimate, LatencyUs, Memory, Mode, PointRow, QueryRow, Status};
pub use warning::Warning;
