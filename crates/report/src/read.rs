//! A run from the folder that it left behind.

use std::path::Path;

use annbench_store::results::tables::{
    TableError, read_builds, read_points, read_queries, read_record,
};

use crate::{Details, Run};

impl Run {
    /// Reads all tables of a finished run; of an index that was built several times the first
    /// build, as in the run's own report.
    ///
    /// # Errors
    /// [`TableError`] if a table is missing, damaged or of another version.
    pub fn read(folder: &Path) -> Result<Self, TableError> {
        let run = Self::read_without_queries(folder)?;
        Ok(Self {
            queries: read_queries(&folder.join("queries.parquet"))?,
            details: Details::read(folder)?,
            ..run
        })
    }

    /// The same without the rows of single queries, which are most of it, and without what is known of
    /// them.
    ///
    /// # Errors
    /// [`TableError`] if a table is missing, damaged or of another version.
    pub fn read_without_queries(folder: &Path) -> Result<Self, TableError> {
        let mut builds = read_builds(&folder.join("builds.parquet"))?;
        builds.retain(|build| build.repetition == 0);
        Ok(Self {
            record: read_record(&folder.join("run.json"))?,
            builds,
            points: read_points(&folder.join("points.parquet"))?,
            queries: Vec::new(),
            details: Details::default(),
        })
    }
}
