//! What a run holds besides its rows, for whoever looks at single queries.

use std::path::Path;

use annbench_store::results::{
    QueryFacts, VectorMap,
    tables::{LatencyHistogram, TableError, read_latencies, read_map, read_query_facts},
};
use serde::{Deserialize, Serialize};

/// Facts and distributions; each may be missing, and what is shown of it is then left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Details {
    /// What is known of each query, by number.
    pub queries: Vec<QueryFacts>,
    /// The vectors in two dimensions.
    pub map: Option<VectorMap>,
    /// Latencies of points whose queries have one.
    pub latencies: Vec<LatencyHistogram>,
}

impl Details {
    /// Reads what the folder of a run holds of it.
    ///
    /// # Errors
    /// [`TableError`] if a file is damaged.
    pub fn read(folder: &Path) -> Result<Self, TableError> {
        Ok(Self {
            queries: read_query_facts(&folder.join("query_facts.parquet"))?,
            map: read_map(&folder.join("map.json"))?,
            latencies: read_latencies(&folder.join("latencies.hlog"))?,
        })
    }
}
