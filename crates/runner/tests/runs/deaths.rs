//! Workers that die or hang.

use annbench_runner::Finished;
use annbench_store::results::{Mode, PointRow};
use libtest_mimic::Trial;

use crate::{
    PLAIN, check_others, failure,
    world::{Going, Notes, World},
};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        a_build_that_ends_its_worker_fails_alone,
        a_search_that_ends_its_worker_fails_alone,
        a_build_that_hangs_is_ended_and_fails_alone,
        a_search_that_hangs_is_ended_and_fails_alone,
        a_death_leaves_the_other_points_of_its_index_alone,
        an_index_that_dies_everywhere_is_given_up,
    ]
}

/// Ways to end a worker, and what is to be said of them.
const ENDS: [(&str, &str); 3] = [
    ("abort", "aborted (signal 6)"),
    ("segfault", "segmentation fault (signal 11)"),
    (
        "kill",
        "killed by signal 9 (by hand, or for want of memory)",
    ),
];

fn a_build_that_ends_its_worker_fails_alone() {
    for (end, said) in ENDS {
        let troubled = format!("build = \"{end}\"");
        let finished = World::new().run(&PLAIN.replace("search.share = [0.5, 1.0]", &troubled));
        check_others(&finished);
        let reason = failure(&finished.builds[0].status);
        assert!(reason.contains(said), "{reason}");
        assert_eq!(failure(&finished.points[0].status), reason);
        let quoted = reason.contains("its last words: mock: about to abort");
        assert_eq!(quoted, end == "abort", "{reason}");
    }
}

fn a_search_that_ends_its_worker_fails_alone() {
    for (end, said) in ENDS {
        let finished = World::new().run(&with_trouble(end, ""));
        check_troubled(&finished, said);
    }
}

fn a_build_that_hangs_is_ended_and_fails_alone() {
    let hanging = PLAIN.replace("search.share = [0.5, 1.0]", "build = \"hang\"");
    let finished = World::new().run(&format!(
        "[measure]\nrounds = 3\nbuild_timeout = \"1s\"\n{hanging}"
    ));
    check_others(&finished);
    let reason = failure(&finished.builds[0].status);
    assert!(reason.contains("no answer after 1s"), "{reason}");
    assert!(reason.contains("raise [measure] build_timeout"), "{reason}");
}

fn a_search_that_hangs_is_ended_and_fails_alone() {
    let finished = World::new().run(&with_trouble("hang", "point_timeout = \"1s\"\n"));
    check_troubled(&finished, "raise [measure] point_timeout");
}

fn a_death_leaves_the_other_points_of_its_index_alone() {
    let finished = World::new().run(
        "[[index]]\ntype = \"mock\"\ntrouble = \"abort at 0.5\"\nsearch.share = [0.25, 0.5, 1.0]\n",
    );
    for point in &finished.points {
        let share = point.effective["share"].as_f64().unwrap();
        assert_eq!(
            point.status.is_ok(),
            share != 0.5,
            "{share}: {:?}",
            point.status
        );
        assert_eq!(point.rounds_s.len(), if share == 0.5 { 0 } else { 3 });
    }
}

fn an_index_that_dies_everywhere_is_given_up() {
    let world = World::new();
    world.write("[[index]]\ntype = \"mock\"\ntrouble = \"kill\"\nsearch.share = [0.1, 0.2, 0.3]\n");
    let mut notes = Notes::default();
    let finished = world.go(Going::on(&mut notes)).unwrap();
    assert_eq!(notes.0.len(), 3, "three of six were tried: {:?}", notes.0);
    assert_eq!(finished.points.len(), 6);
    for point in &finished.points {
        assert!(failure(&point.status).contains("signal 9"));
    }
}

/// The plain indexes, and a third with trouble in its searches.
fn with_trouble(trouble: &str, measure: &str) -> String {
    format!(
        "[measure]\nrounds = 3\n{measure}{PLAIN}[[index]]\ntype = \"mock\"\ntrouble = \"{trouble}\"\n"
    )
}

/// The third index has failed for this reason, in both modes, and nothing else has.
fn check_troubled(finished: &Finished, said: &str) {
    check_others(finished);
    let is_troubled = |point: &&PointRow| point.build == 2;
    let (troubled, fine): (Vec<_>, Vec<_>) = finished.points.iter().partition(is_troubled);
    assert!(fine.iter().all(|point| point.status.is_ok()));
    let modes: Vec<Mode> = troubled.iter().map(|point| point.mode).collect();
    assert_eq!(modes, [Mode::Single, Mode::Batch]);
    for point in troubled {
        let reason = failure(&point.status);
        assert!(reason.contains(said), "{reason}");
    }
}
