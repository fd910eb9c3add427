//! What has been built and measured so far: written down as it happens, read back after a cut.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use annbench_index::Params;
use annbench_store::{
    journal::{Journal, JournalError, read_journal},
    results::{BuildRow, InForce, Load},
};
use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::worker::Disturbance;

/// One finished piece of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    /// An index was built, or could not be.
    Built(BuildRow),
    /// A point was searched for the first time.
    Answered(Answered),
    /// A point was timed.
    Timed(Timed),
    /// A point could not be measured.
    Failed(Failed),
    /// A tuning proposes a point; its number is that of the proposals before it.
    Proposed(Proposed),
    /// What was measured of these points no longer holds: their index was lost and built anew, and
    /// is another one.
    Forgotten(Vec<usize>),
}

/// A point that a tuning proposes: a build of its plan with search parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Proposed {
    pub(crate) build: usize,
    pub(crate) search: Params,
}

/// An operating point under one load.
pub(crate) type PointLoad = (usize, Load);

/// What a point returned, judged by the ground truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) point: usize,
    pub(crate) load: Load,
    /// Search parameters in force.
    pub(crate) effective: Params,
    /// True neighbours found, query by query; in a working set, of its queries alone.
    pub(crate) hits: Vec<u32>,
    /// The same among the first few answers, by their number.
    #[serde(default)]
    pub(crate) hits_at: BTreeMap<usize, Vec<u32>>,
    /// Neighbours returned, query by query.
    pub(crate) returned: Vec<u32>,
    /// True neighbours that were not returned, query by query; see
    /// [`QueryRow::missed`](annbench_store::results::QueryRow::missed).
    pub(crate) missed: Vec<Vec<u64>>,
    /// A hash of the ids returned, query by query, to tell later answers from these.
    pub(crate) ids_hash: Vec<u64>,
    /// Ids that name no base vector, over all queries.
    pub(crate) out_of_range: usize,
    /// Ids that were returned before for the same query, over all queries.
    pub(crate) repeated: usize,
}

/// The times of one round at a point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Timed {
    pub(crate) point: usize,
    pub(crate) load: Load,
    /// The round, from 0.
    pub(crate) round: usize,
    /// One a query, or one in all in mode batch.
    pub(crate) latencies_ns: Vec<u64>,
    /// From the first query to the last answer.
    pub(crate) elapsed_ns: u64,
    /// What else happened on the machine meanwhile.
    pub(crate) disturbance: Disturbance,
    /// How many times faster queries were answered than when they were first asked.
    pub(crate) repeat_speedup: Option<f64>,
    /// Queries that got other ids than in the first round.
    pub(crate) changed: usize,
    /// Queries searched untimed before.
    pub(crate) warmup_queries: usize,
    /// What it ran on, as read back.
    pub(crate) in_force: InForce,
    /// What the start took, in mode cold.
    pub(crate) cold: Option<Cold>,
}

/// What loading an index into a new process took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cold {
    pub(crate) load_s: f64,
    /// Bytes that came from a disk meanwhile.
    pub(crate) read_bytes: Option<u64>,
}

/// Why a point could not be measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Failed {
    pub(crate) point: usize,
    pub(crate) load: Load,
    pub(crate) reason: String,
}

/// All events, by what they are about.
#[derive(Debug, Default)]
pub(crate) struct Events {
    pub(crate) builds: BTreeMap<usize, BuildRow>,
    pub(crate) answered: HashMap<PointLoad, Answered>,
    pub(crate) timed: HashMap<PointLoad, Vec<Timed>>,
    pub(crate) failed: HashMap<PointLoad, Failed>,
    pub(crate) proposed: Vec<Proposed>,
}

impl Events {
    /// The events in a journal that another process may be writing.
    pub(crate) fn read(path: &Path) -> Result<Self, JournalError> {
        Ok(Self::of(read_journal(path)?))
    }

    fn of(past: Vec<Event>) -> Self {
        let mut events = Self::default();
        past.into_iter().for_each(|event| events.add(event));
        events
    }

    fn add(&mut self, event: Event) {
        match event {
            Event::Built(row) => {
                self.builds.insert(row.build, row);
            }
            Event::Answered(answered) => {
                let key = (answered.point, answered.load);
                self.answered.insert(key, answered);
            }
            Event::Timed(timed) => {
                let key = (timed.point, timed.load);
                self.timed.entry(key).or_default().push(timed);
            }
            Event::Failed(failed) => {
                self.failed.insert((failed.point, failed.load), failed);
            }
            Event::Proposed(proposed) => self.proposed.push(proposed),
            Event::Forgotten(points) => {
                self.answered
                    .retain(|(point, _), _| !points.contains(point));
                self.timed.retain(|(point, _), _| !points.contains(point));
            }
        }
    }

    /// How much is there, for people: `2 indexes and 31 measurements`.
    pub(crate) fn in_words(&self) -> String {
        let built = self.builds.values().filter(|row| row.status.is_ok());
        let measured: usize = self.timed.values().map(Vec::len).sum();
        let plural =
            |count: usize, one, many| format!("{count} {}", if count == 1 { one } else { many });
        format!(
            "{} and {}",
            plural(built.count(), "index", "indexes"),
            plural(measured, "measurement", "measurements"),
        )
    }

    /// Rounds done in all: one more than the last in which anything was timed.
    pub(crate) fn rounds(&self) -> usize {
        let last = self.timed.values().flatten().map(|timed| timed.round + 1);
        last.max().unwrap_or(0)
    }

    /// Rounds in which a point was timed.
    pub(crate) fn rounds_of(&self, key: PointLoad) -> &[Timed] {
        self.timed.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// The events so far and the journal that keeps them.
#[derive(Debug)]
pub(crate) struct Ledger {
    events: Events,
    journal: Journal<Event>,
}

impl Ledger {
    /// Opens the journal and reads what it holds.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let (past, journal) = Journal::open(path)?;
        Ok(Self {
            events: Events::of(past),
            journal,
        })
    }

    /// Writes an event down, safe on disk when this returns, and counts it.
    pub(crate) fn record(&mut self, event: Event) -> Result<()> {
        self.journal.append(&event)?;
        self.events.add(event);
        Ok(())
    }

    /// The events so far.
    pub(crate) fn events(&self) -> &Events {
        &self.events
    }

    /// Forgets failures, so that what failed is tried again.
    pub(crate) fn forgive(&mut self) {
        self.events.builds.retain(|_, build| build.status.is_ok());
        self.events.failed.clear();
    }
}

/// Rounds that took these times, for tests.
#[cfg(test)]
pub(crate) fn rounds_of(load: Load, elapsed_ns: &[u64]) -> Vec<Timed> {
    let round = |(round, &elapsed_ns): (usize, &u64)| Timed {
        point: 0,
        load,
        round,
        latencies_ns: vec![elapsed_ns],
        elapsed_ns,
        disturbance: Disturbance::default(),
        repeat_speedup: None,
        changed: 0,
        warmup_queries: 0,
        in_force: InForce::default(),
        cold: None,
    };
    elapsed_ns.iter().enumerate().map(round).collect()
}

#[cfg(test)]
mod tests {
    use annbench_store::results::Mode;

    use super::*;

    const SINGLE: Load = Load::new(Mode::Single, 1);

    fn timed(point: usize, round: usize) -> Event {
        let rounds = rounds_of(SINGLE, &[1]);
        Event::Timed(Timed {
            point,
            round,
            ..rounds[0].clone()
        })
    }

    #[test]
    fn what_is_forgotten_stays_forgotten_and_what_follows_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let mut ledger = Ledger::open(&path).unwrap();
        let events = [
            timed(0, 0),
            timed(1, 0),
            Event::Forgotten(vec![0]),
            timed(0, 1),
        ];
        events
            .into_iter()
            .for_each(|event| ledger.record(event).unwrap());
        drop(ledger);
        let ledger = Ledger::open(&path).unwrap();
        let rounds = |point| -> Vec<usize> {
            let rounds = ledger.events().rounds_of((point, SINGLE)).iter();
            rounds.map(|timed| timed.round).collect()
        };
        assert_eq!((rounds(0), rounds(1)), (vec![1], vec![0]));
        assert_eq!(ledger.events().in_words(), "0 indexes and 2 measurements");
    }
}
