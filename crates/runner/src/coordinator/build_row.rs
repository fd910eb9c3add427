//! What is written down of a build.

use std::path::PathBuf;

use annbench_store::results::{BuildRow, Memory, Status, Warning};

use super::WorkerError;
use crate::plan::PlannedBuild;

/// What a build cost, and the index it made.
pub(super) struct Built {
    pub(super) train_s: f64,
    pub(super) add_s: f64,
    pub(super) memory: Memory,
    /// Vectors in it.
    pub(super) n: usize,
    /// The index, relative to the run's folder.
    pub(super) file: String,
    /// The day it was made, where that was another run's work.
    pub(super) cached: Option<String>,
}

/// The row of a build that cost this, or failed for this reason.
pub(super) fn build_row(
    number: usize,
    planned: &PlannedBuild,
    outcome: Result<Built, WorkerError>,
) -> BuildRow {
    let mut row = BuildRow {
        build: number,
        label: planned.label.clone(),
        backend: planned.backend.clone(),
        requested: planned.requested.to_map(),
        effective: planned.effective.to_map(),
        n: planned.n,
        is_exact: planned.is_exact,
        repetition: planned.repetition,
        seed: planned.seed,
        threads: planned.threads,
        status: Status::Ok,
        train_s: 0.0,
        add_s: 0.0,
        memory: Memory::default(),
        index_file: None,
        from_cache: false,
        warnings: warnings(planned),
    };
    match outcome {
        Ok(built) => {
            row.train_s = built.train_s;
            row.add_s = built.add_s;
            row.memory = built.memory;
            row.index_file = Some(built.file);
            row.from_cache = built.cached.is_some();
            // A part of the base is all that an index of that part was given.
            if built.n < planned.n {
                row.warnings.push(Warning::VectorsMissing {
                    indexed: built.n,
                    base: planned.n,
                });
            }
            let from_cache = built.cached.map(|built| Warning::FromCache { built });
            row.warnings.extend(from_cache);
        }
        Err(reason) => row.status = Status::Failed(reason.to_string()),
    }
    row
}

fn warnings(planned: &PlannedBuild) -> Vec<Warning> {
    let adjusted = planned.adjustments.iter().cloned();
    let adjusted = adjusted.map(|adjustment| Warning::Adjusted {
        key: adjustment.key,
        requested: adjustment.requested,
        effective: adjustment.effective,
        reason: adjustment.reason,
    });
    let unseeded = (!planned.is_repeatable).then_some(Warning::UnseededBuild {
        threads: planned.threads,
    });
    adjusted.chain(unseeded).collect()
}

/// `indexes/03-hnsw-m-32.index`: the number keeps it unique, the label makes it readable.
pub(super) fn index_file(number: usize, planned: &PlannedBuild) -> PathBuf {
    let words: String = planned
        .label
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .take(60)
        .collect();
    let again = match planned.repetition {
        0 => String::new(),
        repetition => format!("-again-{repetition}"),
    };
    PathBuf::from(format!("indexes/{number:02}-{words}{again}.index"))
}
