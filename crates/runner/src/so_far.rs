//! What a run holds before it is finished: its journal, read as the tables that will be made of it.

use std::{collections::BTreeMap, path::Path};

use annbench_store::{
    journal::JournalError,
    results::{
        BuildRow, PointRow, QueryRow, Role, RunRecord, Settled, Warning,
        tables::{TableError, read_record},
    },
};

use crate::{
    ledger::Events,
    plan::Plan,
    rows::{Rows, rows},
};

/// A run that was cut off, or is under way.
#[derive(Debug, Clone, PartialEq)]
pub struct SoFar {
    /// What it is, with a [`Warning::Unfinished`].
    pub record: RunRecord,
    /// The indexes that are built.
    pub builds: Vec<BuildRow>,
    /// The points that are measured, or could not be.
    pub points: Vec<PointRow>,
    /// Their queries.
    pub queries: Vec<QueryRow>,
}

/// An unfinished run that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SoFarError {
    /// Its record.
    #[error(transparent)]
    Record(#[from] TableError),
    /// Its journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Its plan is not one of this version.
    #[error("{run}: its plan was made by another version of annbench, which must report it")]
    Plan {
        /// The run's name.
        run: String,
        /// Where in the plan and why.
        source: serde_json::Error,
    },
    /// Its journal tells of what its plan does not have.
    #[error(
        "{run}: its journal does not belong to its plan; run the experiment again with --fresh"
    )]
    Foreign {
        /// The run's name.
        run: String,
    },
    /// It is a search for the best parameters.
    #[error(
        "{run}: a tuning has results when it is finished; the command that began it goes on with it"
    )]
    Tuning {
        /// The run's name.
        run: String,
    },
}

/// Reads what the run in `folder` has measured, without touching it.
///
/// # Errors
/// [`SoFarError`] if record or journal cannot be read, or do not fit each other.
pub fn so_far(folder: &Path) -> Result<SoFar, SoFarError> {
    let record = read_record(&folder.join("run.json"))?;
    let run = || record.run_id.clone();
    let plan = serde_json::from_value(record.plan.clone());
    let plan: Plan = plan.map_err(|source| SoFarError::Plan { run: run(), source })?;
    let events = Events::read(&folder.join("journal.jsonl"))?;
    if !events.proposed.is_empty() {
        return Err(SoFarError::Tuning { run: run() });
    }
    if !is_of(&plan, &events) {
        return Err(SoFarError::Foreign { run: run() });
    }
    Ok(told(record, &plan, &events))
}

/// Whether all that the events name is in the plan, and whether their counts are of the same queries.
fn is_of(plan: &Plan, events: &Events) -> bool {
    let timed = events.timed.keys().chain(events.failed.keys());
    let mut points = timed.chain(events.answered.keys());
    let mut n_queries = BTreeMap::new();
    let mut answered = events.answered.values();
    events.builds.keys().all(|&build| build < plan.builds.len())
        && points.all(|(point, _)| *point < plan.points.len())
        && answered.all(|answered| {
            let n = answered.hits.len();
            let known = n_queries.entry(answered.load.distinct_queries).or_insert(n);
            n == *known && n == answered.returned.len()
        })
}

fn told(mut record: RunRecord, plan: &Plan, events: &Events) -> SoFar {
    let Rows {
        builds,
        points,
        queries,
        noise,
        choices,
        scaling,
        ..
    } = rows(plan, record.dataset.n, events, Settled::Budget);
    let planned = points.iter().filter(is_candidate).count();
    let mut points: Vec<PointRow> = points
        .into_iter()
        .filter(|row| is_told(row, events))
        .collect();
    for row in &mut points {
        // Nothing was spent: what is not narrow yet may become so.
        row.settled = row.settled.filter(|settled| *settled != Settled::Budget);
    }
    let measured = points.iter().filter(|row| row.status.is_ok());
    let measured = measured.filter(is_candidate).count();
    record
        .warnings
        .push(Warning::Unfinished { measured, planned });
    (record.noise, record.choices, record.scaling) = (noise, choices, scaling);
    let first = |build: &BuildRow| build.repetition == 0;
    SoFar {
        record,
        builds: builds.into_iter().filter(first).collect(),
        points,
        queries,
    }
}

fn is_candidate(row: &&PointRow) -> bool {
    row.role == Role::Candidate
}

/// Whether anything is known of a point, be it that it failed.
fn is_told(row: &PointRow, events: &Events) -> bool {
    let key = (row.point, row.load());
    let build = events.builds.get(&row.build);
    row.status.is_ok()
        || events.failed.contains_key(&key)
        || build.is_some_and(|build| !build.status.is_ok())
}
