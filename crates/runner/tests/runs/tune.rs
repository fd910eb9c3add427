//! Tunings: points proposed one by one, then a run of those that won.

use annbench_runner::{Goal, Interrupted, Observer, Plan, Silent, Stop, Tuned, tune};
use libtest_mimic::Trial;

use crate::{
    backends::registry,
    world::{Going, Notes, World},
};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        a_tuning_lands_on_the_recall_and_reports_on_other_queries,
        parts_of_the_base_are_nothing_to_choose_from,
        a_tuning_cut_off_goes_on_with_what_it_has,
        a_goal_that_is_none_is_refused,
    ]
}

const GRID: &str = "[measure]\nrounds = 2\nmodes = [\"single\"]\n[tune]\nrecall = [0.6]\n\
                    [[index]]\ntype = \"mock\"\nexact = false\ncells = [1, 2, 3]\n\
                    search.share = [0.05, 0.2, 0.5, 1.0]\n\
                    [[index]]\ntype = \"mock\"\nlabel = \"all\"\n";

fn go(world: &World, going: Going<'_>) -> anyhow::Result<Tuned> {
    let written = world.read()?;
    let data = world.prepare(&written)?;
    let registry = registry();
    let grid = Plan::resolve(&written, &data, &registry)?;
    let goal = Goal::of(&written, &grid)?;
    let observer = going.observer;
    let setup = world.setup(&registry, going.stop, going.fresh, going.rebuild)?;
    tune(&written, &data, &grid, &goal, &setup, observer)
}

fn a_tuning_lands_on_the_recall_and_reports_on_other_queries() {
    let world = World::new();
    world.write(&GRID.replace("rounds = 2", "rounds = 2\nworking_set = [2, 7]"));
    let mut notes = Notes::default();
    let Tuned { trail, finished } = go(&world, Going::on(&mut notes)).unwrap();
    let landing = &trail.landings[0];
    assert!(landing.recall >= 0.6, "{landing:?}");
    assert_eq!((trail.grid_points, trail.grid_builds), (13, 4));
    assert_eq!(finished.record.dataset.n_queries, 5, "half of ten");
    // Speeds were told of ten once: twice of what they were.
    assert!(finished.points.iter().all(|row| row.n_queries == 5));
    let sets = finished
        .points
        .iter()
        .filter_map(|row| row.distinct_queries);
    assert!(sets.clone().count() > 0 && sets.clone().all(|set| set == 2));
    check_budget(&notes.0);
    assert!(finished.is_complete() && finished.folder.join("tuning.json").is_file());
    let names = finished
        .points
        .iter()
        .map(|row| (row.label.as_str(), row.requested.len()));
    assert!(
        names.clone().any(|(label, _)| label == landing.label),
        "{names:?}"
    );
    assert!(
        names.clone().any(|(label, _)| label == "all"),
        "exact search is reported beside it"
    );
    let exact = trail.looked.iter().filter(|looked| looked.label == "all");
    assert_eq!(exact.count(), 1, "nothing is to be chosen of it");
}

/// How many win is a matter of time; what they get of the 60 s is their share of them.
fn check_budget(notes: &[String]) {
    let note = notes.iter().find(|note| note.starts_with("tune: what won"));
    let numbers = note
        .unwrap()
        .split(' ')
        .filter_map(|word| word.parse().ok());
    let numbers: Vec<f64> = numbers.collect();
    assert_eq!(numbers.len(), 2, "{note:?}");
    let (seconds, percent) = (numbers[0], numbers[1]);
    assert!((25.0..100.0).contains(&percent), "{note:?}");
    assert!((seconds - 0.6 * percent).abs() <= 1.0, "{note:?}");
}

fn parts_of_the_base_are_nothing_to_choose_from() {
    let world = World::new();
    world.write(&GRID.replace("rounds = 2", "rounds = 2\nsubsets = [0.5]"));
    let Tuned { trail, .. } = go(&world, Going::on(&mut Silent)).unwrap();
    assert_eq!((trail.grid_points, trail.grid_builds), (13, 4));
}

/// Stops a tuning once a third point was measured.
struct StopAtThird(Stop);

impl Observer for StopAtThird {
    fn begin(&mut self, _: &str, _: Option<u64>) {}
    fn advance(&mut self, _: u64) {}
    fn end(&mut self) {}
    fn note(&mut self, text: &str) {
        if text.starts_with("tune 3") {
            self.0.request();
        }
    }
}

/// The journal of the only tuning there is.
fn journal(world: &World) -> Vec<String> {
    let mut tunings = std::fs::read_dir(world.runs().join("test/tuning")).unwrap();
    let tuning = tunings.next().unwrap().unwrap().path();
    assert!(tunings.next().is_none(), "one tuning, gone on with");
    let text = std::fs::read_to_string(tuning.join("journal.jsonl")).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn a_tuning_cut_off_goes_on_with_what_it_has() {
    let world = World::new();
    world.write(GRID);
    let stop = Stop::default();
    let mut observer = StopAtThird(stop.clone());
    let going = Going {
        stop,
        ..Going::on(&mut observer)
    };
    let error = go(&world, going).unwrap_err();
    assert!(error.is::<Interrupted>(), "{error:#}");
    let before = journal(&world);
    let tuned = go(&world, Going::on(&mut Silent)).unwrap();
    assert!(!tuned.trail.landings.is_empty());
    let after = journal(&world);
    assert_eq!(
        after[..before.len()],
        before,
        "nothing that was measured is lost"
    );
    let proposed = after
        .iter()
        .filter(|line| line.contains("\"proposed\""))
        .count();
    let timed = after
        .iter()
        .filter(|line| line.contains("\"timed\""))
        .count();
    assert_eq!(timed, 3 * proposed, "and nothing is measured twice");
    assert_eq!(proposed, tuned.trail.looked.len());
}

fn a_goal_that_is_none_is_refused() {
    let world = World::new();
    for (from, to, expected) in [
        ("[0.6]", "[]", "tune.recall: needs recalls between 0 and 1"),
        (
            "[0.6]",
            "[95.0]",
            "tune.recall: needs recalls between 0 and 1",
        ),
        (
            "[0.6]",
            "[0.6]\nmode = \"batch\"",
            "tune.mode: is not among [measure] modes",
        ),
    ] {
        world.write(&GRID.replace(from, to));
        let error = go(&world, Going::on(&mut Silent)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
