//! Runs that are finished but for what failed, and runs that had hardly begun.

use annbench_runner::{Finished, Silent};
use libtest_mimic::Trial;

use crate::{
    PLAIN,
    world::{Going, Notes, World, but_for_times},
};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        what_failed_is_tried_again_and_nothing_else,
        what_fails_again_is_told_again,
        a_complete_run_is_begun_anew,
        a_folder_of_a_run_that_never_began_is_cleared,
    ]
}

/// An experiment with an index that cannot be built until a file is there.
fn mended_by(world: &World) -> std::path::PathBuf {
    let file = world.path().join("mended");
    let index = format!(
        "[[index]]\ntype = \"mock\"\nbuild = \"needs {}\"\n",
        file.display()
    );
    world.write(&format!("[measure]\nrounds = 3\n{PLAIN}{index}"));
    file
}

fn go(world: &World) -> (Finished, Vec<String>) {
    let mut notes = Notes::default();
    let finished = world.go(Going::on(&mut notes)).unwrap();
    (finished, notes.0)
}

fn what_failed_is_tried_again_and_nothing_else() {
    let world = World::new();
    let file = mended_by(&world);
    let (first, _) = go(&world);
    assert_eq!((first.is_complete(), first.record.failures), (false, 1));
    let before = world.journal();
    std::fs::write(file, "").unwrap();
    let (second, notes) = go(&world);
    assert_eq!(second.folder, first.folder);
    assert!(
        notes[0].contains("; 1 row failed and is tried again; --fresh"),
        "{notes:?}"
    );
    assert!(second.is_complete());
    let after = world.journal();
    assert_eq!(after[..before.len()], before, "what was measured is kept");
    // A build, and in each of two modes an answer and three times.
    assert_eq!(
        after.len(),
        before.len() + 1 + 2 * 4,
        "only what failed is done"
    );
}

fn what_fails_again_is_told_again() {
    let world = World::new();
    mended_by(&world);
    let (first, _) = go(&world);
    let (second, _) = go(&world);
    assert_eq!(second.folder, first.folder);
    assert_eq!(but_for_times(&second), but_for_times(&first));
    let mut silent = Silent;
    let fresh = Going {
        fresh: true,
        ..Going::on(&mut silent)
    };
    let third = world.go(fresh).unwrap();
    assert_ne!(third.folder, first.folder, "--fresh begins anew");
}

fn a_complete_run_is_begun_anew() {
    let world = World::new();
    let first = world.run(PLAIN);
    assert_eq!(first.record.failures, 0);
    let (second, notes) = go(&world);
    assert_ne!(second.folder, first.folder);
    assert!(
        !notes.iter().any(|note| note.starts_with("continuing")),
        "{notes:?}"
    );
}

fn a_folder_of_a_run_that_never_began_is_cleared() {
    let world = World::new();
    let unbegun = world.runs().join("test/2020-01-01T000000Z-abcdef");
    std::fs::create_dir_all(unbegun.join("indexes")).unwrap();
    std::fs::write(unbegun.join("run.lock"), "").unwrap();
    let own = world.runs().join("test/notes");
    std::fs::create_dir_all(&own).unwrap();
    let finished = world.run(PLAIN);
    assert!(!unbegun.exists());
    assert!(own.exists(), "what is no run is the user's");
    let again = world.run(PLAIN);
    assert!(finished.folder.exists() && again.folder.exists());
}
