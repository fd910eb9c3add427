//! What is told of a run before it is finished.

use std::fs;

use annbench_runner::{Finished, SoFar, so_far};
use annbench_store::results::{PointRow, Role, Settled, Warning};
use libtest_mimic::Trial;

use crate::{PLAIN, world::World};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        a_run_is_told_wherever_it_was_cut_off,
        all_that_was_measured_is_told_as_a_finished_run_tells_it,
        a_journal_of_something_else_is_refused,
    ]
}

fn cut_off() -> (World, Finished) {
    let world = World::new();
    let finished = world.run(PLAIN);
    world.unfinish(&finished);
    (world, finished)
}

/// What is told where the journal holds these lines.
fn told(finished: &Finished, journal: &[String]) -> Result<SoFar, String> {
    let text: String = journal.iter().map(|line| format!("{line}\n")).collect();
    let path = finished.folder.join("journal.jsonl");
    fs::write(&path, &text).unwrap();
    let told = so_far(&finished.folder).map_err(|error| error.to_string());
    assert_eq!(fs::read_to_string(path).unwrap(), text, "left as it was");
    told
}

/// Points measured and planned, as the run is said to have.
fn counts(told: &SoFar) -> Option<(usize, usize)> {
    match told.record.warnings.last() {
        Some(Warning::Unfinished { measured, planned }) => Some((*measured, *planned)),
        _ => None,
    }
}

fn a_run_is_told_wherever_it_was_cut_off() {
    let (world, finished) = cut_off();
    let journal = world.journal();
    let mut before = 0;
    for length in 0..=journal.len() {
        let told = told(&finished, &journal[..length]).unwrap();
        let (measured, planned) = counts(&told).unwrap();
        assert_eq!(planned, finished.points.len());
        let shown = told.points.iter().filter(|row| row.role == Role::Candidate);
        assert_eq!(shown.count(), measured, "what is not measured has no row");
        assert!(before <= measured, "{length}");
        before = measured;
    }
    assert_eq!(before, finished.points.len());
}

fn all_that_was_measured_is_told_as_a_finished_run_tells_it() {
    let (world, finished) = cut_off();
    let told = told(&finished, &world.journal()).unwrap();
    let candidates = told.points.iter().filter(|row| row.role == Role::Candidate);
    let known: Vec<PointRow> = candidates.cloned().collect();
    let rounds_or_target = |row: &PointRow| match row.settled {
        Some(Settled::Budget) => None,
        settled => settled,
    };
    for (known, row) in known.iter().zip(&finished.points) {
        let expected = PointRow {
            settled: rounds_or_target(known),
            ..row.clone()
        };
        assert_eq!(*known, expected);
    }
    assert_eq!(told.builds, finished.builds);
    assert_eq!(told.queries, finished.queries);
}

fn a_journal_of_something_else_is_refused() {
    let (world, finished) = cut_off();
    let journal = world.journal();
    let changed = |from: &str, to: &str| -> Vec<String> {
        journal.iter().map(|line| line.replace(from, to)).collect()
    };
    for (journal, expected) in [
        (changed("\"point\":0", "\"point\":99"), "does not belong"),
        (changed("\"build\":0", "\"build\":99"), "does not belong"),
        (
            changed("\"returned\":[", "\"returned\":[1,"),
            "does not belong",
        ),
        (
            vec!["{\"proposed\":{\"build\":0,\"search\":{}}}".into()],
            "a tuning",
        ),
        (vec!["oh".into()], "line 1"),
    ] {
        let why = told(&finished, &journal).err().unwrap_or_default();
        assert!(why.contains(expected), "{expected}: {why}");
    }
    world.change(&finished, |record| record.plan = 7.into());
    let why = told(&finished, &journal).err().unwrap_or_default();
    assert!(why.contains("another version"), "{why}");
}
