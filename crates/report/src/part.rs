//! The tables of a report, by name.

use crate::{Summary, Table};

/// A table of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The operating points under the main loads.
    Points,
    /// The same under all other loads.
    UnderLoad,
    /// The points on parts of the base.
    Scaling,
    /// What each index cost to build and to hold.
    Indexes,
}

impl Part {
    /// All of them, in the order of a report.
    pub const ALL: [Self; 4] = [Self::Points, Self::UnderLoad, Self::Scaling, Self::Indexes];

    /// What commands and files call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Points => "points",
            Self::UnderLoad => "under-load",
            Self::Scaling => "scaling",
            Self::Indexes => "indexes",
        }
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Points => "Operating points",
            Self::UnderLoad => "Under load",
            Self::Scaling => "As the base grows",
            Self::Indexes => "Indexes",
        }
    }

    /// The table itself; without rows where the run has nothing for it.
    pub fn of<'s>(self, summary: &'s Summary<'_>) -> &'s Table {
        match self {
            Self::Points => &summary.points,
            Self::UnderLoad => &summary.under_load,
            Self::Scaling => &summary.scaling,
            Self::Indexes => &summary.builds,
        }
    }
}
