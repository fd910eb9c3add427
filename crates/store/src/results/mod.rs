//! What a run leaves behind, as plain rows: the runner writes them, the report reads them.

mod conditions;
mod record;
mod rows;
pub mod tables;
mod warning;

pub use conditions::{ColdStart, InForce, Pinning};
pub use record::{
    BlasEnvironment, DatasetCard, EnvVariable, LibraryCard, Machine, Noise, Overtakes, RunRecord,
    Scaling, ScalingStep, SplitChoice,
};
pub use rows::{
    BuildRow, Estimate, LatencyUs, Load, Memory, Mode, PointRow, QueryFacts, QueryRow, RecallAt,
    Repay, Role, Settled, Spread, Status, Tier, VectorMap,
};
pub use warning::Warning;
