//! Indexes that were built before.

use std::path::PathBuf;

use annbench_runner::Finished;
use annbench_store::results::Warning;
use libtest_mimic::Trial;

use crate::{
    PLAIN,
    world::{Going, Notes, World, but_for_times},
};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        an_index_is_built_once_and_says_so,
        rebuilding_builds_again,
        a_damaged_cached_index_is_built_again,
        a_lost_index_comes_back_from_the_cache,
        what_was_measured_of_a_lost_index_is_measured_again,
    ]
}

/// Another run of what was written last, and what was noted.
fn again(world: &World, fresh: bool, rebuild: bool) -> (Finished, Vec<String>) {
    let mut notes = Notes::default();
    let going = Going {
        fresh,
        rebuild,
        ..Going::on(&mut notes)
    };
    let finished = world.go(going).unwrap();
    (finished, notes.0)
}

fn times(finished: &Finished) -> Vec<(f64, f64)> {
    let builds = finished.builds.iter();
    builds.map(|build| (build.train_s, build.add_s)).collect()
}

fn are_from_cache(finished: &Finished) -> Vec<bool> {
    let builds = finished.builds.iter();
    builds.map(|build| build.from_cache).collect()
}

fn an_index_is_built_once_and_says_so() {
    let world = World::new();
    let first = world.run(PLAIN);
    let (second, _) = again(&world, true, false);
    assert_ne!(first.folder, second.folder);
    assert_eq!(are_from_cache(&first), [false, false]);
    assert_eq!(are_from_cache(&second), [true, true]);
    assert_eq!(times(&first), times(&second));
    assert_eq!(but_for_times(&first), but_for_times(&second));
    for (was, is) in first.builds.iter().zip(&second.builds) {
        assert_eq!(was.memory, is.memory);
        let told = |warning: &Warning| matches!(warning, Warning::FromCache { .. });
        assert!(is.warnings.iter().any(told));
        assert!(
            second
                .folder
                .join(is.index_file.as_ref().unwrap())
                .is_file()
        );
    }
}

fn rebuilding_builds_again() {
    let world = World::new();
    let first = world.run(PLAIN);
    let (second, _) = again(&world, true, true);
    assert_eq!(are_from_cache(&second), [false, false]);
    assert_ne!(times(&first)[0], times(&second)[0]);
    let (third, _) = again(&world, true, false);
    assert_eq!(
        times(&third),
        times(&second),
        "the newer build is the one kept"
    );
}

/// The files in the cache that end so.
fn cached(world: &World, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(world.path().join("cache/indexes")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect()
}

fn a_damaged_cached_index_is_built_again() {
    let world = World::new();
    world.run(PLAIN);
    for index in cached(&world, "index") {
        // Another file, for the runs' own would be damaged with it.
        let mut bytes = std::fs::read(&index).unwrap();
        bytes[0] ^= 1;
        std::fs::remove_file(&index).unwrap();
        std::fs::write(&index, bytes).unwrap();
    }
    let (second, notes) = again(&world, true, false);
    assert_eq!(are_from_cache(&second), [false, false]);
    assert!(second.is_complete());
    assert_eq!(notes.len(), 3, "two indexes and the control: {notes:?}");
    assert!(
        notes[0].contains("is damaged; building it again"),
        "{notes:?}"
    );
    let (third, _) = again(&world, true, false);
    assert_eq!(are_from_cache(&third), [true, true]);
}

fn lose_indexes(world: &World, finished: &Finished) {
    world.unfinish(finished);
    for build in &finished.builds {
        let index = build.index_file.as_ref().unwrap();
        std::fs::remove_file(finished.folder.join(index)).unwrap();
    }
}

fn a_lost_index_comes_back_from_the_cache() {
    let world = World::new();
    let first = world.run(PLAIN);
    lose_indexes(&world, &first);
    let (second, notes) = again(&world, false, false);
    assert_eq!(first.folder, second.folder);
    assert!(
        notes.iter().any(|note| note.contains("building it again")),
        "{notes:?}"
    );
    assert_eq!(are_from_cache(&second), [true, true]);
    let timed = |finished: &Finished| -> Vec<Vec<f64>> {
        finished
            .points
            .iter()
            .map(|point| point.rounds_s.clone())
            .collect()
    };
    assert_eq!(
        timed(&first),
        timed(&second),
        "it is the same index: its times hold"
    );
}

fn what_was_measured_of_a_lost_index_is_measured_again() {
    let world = World::new();
    let first = world.run("[measure]\nrounds = 3\nbuild_threads = 2\n[[index]]\ntype = \"mock\"\n");
    lose_indexes(&world, &first);
    std::fs::remove_dir_all(world.path().join("cache/indexes")).unwrap();
    let (second, _) = again(&world, false, false);
    assert_eq!(first.folder, second.folder);
    assert_eq!(but_for_times(&first), but_for_times(&second));
    for (was, is) in first.points.iter().zip(&second.points) {
        assert_ne!(was.rounds_s, is.rounds_s, "two threads built another index");
    }
}
