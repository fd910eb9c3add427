//! Whole runs, with worker processes, on mock backends: no index library is needed.
//!
//! The workers are this very program, started with the argument `worker`; where a test ends a
//! coordinator, that is this program, too.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and helpers of tests do too"
)]

use std::process::ExitCode;

use annbench_runner::Finished;
use annbench_store::results::{Mode, Role, Settled, Status, Warning, tables};
use libtest_mimic::{Arguments, Trial};
use world::{Going, Notes, World};

/// Tests by their names.
macro_rules! trials {
    ($($test:ident),* $(,)?) => {
        vec![$(libtest_mimic::Trial::test(stringify!($test), || {
            $test();
            Ok(())
        })),*]
    };
}

mod backends;
mod cache;
#[cfg(unix)]
mod coordinator;
#[cfg(unix)]
mod cuts;
mod deaths;
mod described;
mod given;
mod growth;
mod loads;
mod repairs;
mod so_far;
mod trust;
mod tune;
mod world;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("worker") => {
            let (input, output) = (std::io::stdin().lock(), std::io::stdout().lock());
            annbench_runner::worker::end_with_coordinator();
            annbench_runner::worker::serve(input, output, &backends::registry()).unwrap();
            ExitCode::SUCCESS
        }
        #[cfg(unix)]
        Some("coordinator") => coordinator::coordinate(arguments[1].as_str().into()),
        _ => libtest_mimic::run(&Arguments::from_args(), trials()).exit_code(),
    }
}

fn trials() -> Vec<Trial> {
    let mut trials = trials![
        a_run_leaves_everything_behind,
        an_exact_index_has_recall_one,
        each_round_holds_a_null_index_and_a_duplicate,
        clients_and_arrivals_find_what_single_queries_find,
        an_index_built_again_counts_and_keeps_its_rows_apart,
        points_are_chosen_on_one_half_and_told_on_the_other,
        rounds_end_when_intervals_are_narrow,
        without_time_two_rounds_are_measured_and_the_rows_say_so,
        looking_at_less_finds_less,
        a_build_that_is_refused_fails_alone,
        answers_that_waver_are_said_to,
        an_exact_index_below_one_is_an_alarm,
        adjusted_parameters_are_kept_beside_those_asked_for,
        a_run_cut_off_goes_on_where_it_was,
        another_plan_gets_a_run_of_its_own,
        another_machine_gets_a_run_of_its_own_and_is_told_why,
        mistakes_are_refused_before_any_build,
    ];
    trials.extend(cache::trials());
    trials.extend(given::trials());
    trials.extend(growth::trials());
    trials.extend(deaths::trials());
    trials.extend(described::trials());
    trials.extend(loads::trials());
    trials.extend(repairs::trials());
    trials.extend(so_far::trials());
    trials.extend(trust::trials());
    trials.extend(tune::trials());
    #[cfg(unix)]
    trials.extend(cuts::trials());
    trials
}

pub(crate) const PLAIN: &str =
    "[[index]]\ntype = \"mock\"\nsearch.share = [0.5, 1.0]\n[[index]]\ntype = \"null\"\n";

fn a_run_leaves_everything_behind() {
    let world = World::new();
    let finished = world.run(PLAIN);
    let names = [
        "run.json",
        "journal.jsonl",
        "builds.parquet",
        "points.parquet",
        "queries.parquet",
        "latencies.hlog",
        "query_facts.parquet",
        "map.json",
    ];
    for name in names {
        assert!(finished.folder.join(name).is_file(), "{name}");
    }
    for build in &finished.builds {
        let index = finished.folder.join(build.index_file.as_ref().unwrap());
        let (opened, card) = backends::registry().open(&index).unwrap();
        assert_eq!((opened.len(), card.dataset.name.as_str()), (90, "base"));
    }
    assert_eq!(finished.points.len(), 3 * 2, "three points in two modes");
    assert_eq!(finished.queries.len(), 3 * 2 * 10);
    assert!(finished.record.finished.is_some() && finished.is_complete());
    let latest = finished.folder.with_file_name("latest");
    assert_eq!(
        latest.canonicalize().unwrap(),
        finished.folder.canonicalize().unwrap()
    );
}

fn each_round_holds_a_null_index_and_a_duplicate() {
    let world = World::new();
    let finished = world.run(PLAIN);
    let roles: Vec<(Role, Mode)> = finished
        .controls
        .iter()
        .map(|row| (row.role, row.mode))
        .collect();
    let expected = [
        (Role::Duplicate, Mode::Single),
        (Role::Duplicate, Mode::Batch),
        (Role::Null, Mode::Single),
        (Role::Null, Mode::Batch),
    ];
    assert_eq!(roles, expected);
    for row in &finished.controls {
        assert_eq!(row.rounds_s.len(), 3, "as many as every point");
    }
    let written = tables::read_points(&finished.folder.join("points.parquet")).unwrap();
    assert_eq!(
        written.len(),
        finished.points.len() + finished.controls.len()
    );
    assert_eq!(finished.record.noise.len(), 2, "one a load");
    for noise in &finished.record.noise {
        let duplicate = noise.duplicate.unwrap();
        assert!(duplicate.low <= duplicate.value && duplicate.value <= duplicate.high);
        assert!(noise.floor.unwrap() > 0.0 && noise.null_ns.unwrap() > 0.0);
    }
}

fn clients_and_arrivals_find_what_single_queries_find() {
    let measure = "[measure]\nrounds = 3\nmodes = [\"single\", \"concurrent\", \"open_loop\"]\n\
                   clients = [1, 3]\nrates = 20000\n";
    let index = "[[index]]\ntype = \"mock\"\nsearch.share = 0.5\n";
    let finished = World::new().run(&format!("{measure}{index}"));
    let loads: Vec<String> = finished
        .points
        .iter()
        .map(|row| row.load().to_string())
        .collect();
    assert_eq!(
        loads[..3],
        ["single", "concurrent, 1 client", "concurrent, 3 clients"]
    );
    assert!(loads[3].starts_with("open_loop, 20000 qps"), "{loads:?}");
    for row in &finished.points {
        assert_eq!(row.recall, finished.points[0].recall, "{}", row.load());
        assert!(row.qps.unwrap().value > 0.0 && row.latency_us.unwrap().p50 > 0.0);
    }
    assert_eq!(finished.queries.len(), 4 * 10);
    assert!(
        finished
            .queries
            .iter()
            .all(|query| query.latency_ns > Some(0))
    );
}

fn an_index_built_again_counts_and_keeps_its_rows_apart() {
    let world = World::new();
    let measure = "[measure]\nrounds = 3\nbuilds = 3\nmodes = [\"single\"]\n";
    let indexes = "[[index]]\ntype = \"mock\"\nexact = false\nsearch.share = 0.5\n[[index]]\ntype = \"mock\"\n";
    let finished = world.run(&format!("{measure}{indexes}"));
    assert_eq!((finished.builds.len(), finished.points.len()), (2, 2));
    let rebuilt = finished
        .controls
        .iter()
        .filter(|row| row.role == Role::Rebuilt);
    assert_eq!(rebuilt.clone().count(), 2, "the exact one is built once");
    assert!(rebuilt.clone().all(|row| row.recall.unwrap().value > 0.0));
    let found: std::collections::BTreeSet<u64> = std::iter::once(&finished.points[0])
        .chain(rebuilt)
        .map(|row| row.recall.unwrap().value.to_bits())
        .collect();
    assert!(
        found.len() > 1,
        "half of another order finds something else"
    );
    let spread = finished
        .points
        .iter()
        .map(|row| row.spread.builds.is_some());
    assert_eq!(spread.collect::<Vec<_>>(), [true, false]);
    let builds = tables::read_builds(&finished.folder.join("builds.parquet")).unwrap();
    let seeds: Vec<(usize, u64)> = builds
        .iter()
        .map(|row| (row.repetition, row.seed))
        .collect();
    assert_eq!(seeds, [(0, 42), (0, 42), (1, 43), (2, 44)]);
    for row in builds.iter().filter(|row| row.repetition > 0) {
        let index = finished.folder.join(row.index_file.as_ref().unwrap());
        let (opened, card) = backends::registry().open(&index).unwrap();
        let ids = annbench_store::read_ids(&index.with_file_name(card.ids.unwrap())).unwrap();
        assert_eq!(ids.len(), opened.len());
        assert_ne!(ids.get(0), Some(annbench_vectors::Id::Integer(0)));
    }
}

fn points_are_chosen_on_one_half_and_told_on_the_other() {
    let measure = "[measure]\nrounds = 3\nsplit_queries = true\n";
    let finished = World::new().run(&format!(
        "{measure}[[index]]\ntype = \"mock\"\nsearch.share = [0.1, 1.0]\n"
    ));
    let choices = &finished.record.choices;
    assert_eq!(choices.len(), 2 * 3, "two loads at three recalls");
    for choice in choices {
        assert_eq!(
            (choice.point, choice.chosen_recall, choice.reported_recall),
            (1, 1.0, 1.0)
        );
        assert!(choice.chosen_qps > 0.0 && choice.reported_qps > 0.0);
        assert_eq!(
            choice.chosen_qps == choice.reported_qps,
            choice.load.mode == Mode::Batch
        );
    }
    assert!(World::new().run(PLAIN).record.choices.is_empty());
}

fn rounds_end_when_intervals_are_narrow() {
    let measure = "[measure]\ntarget = 1.0\nmodes = [\"single\"]\nbudget = \"10m\"\n";
    let finished = World::new().run(&format!("{measure}[[index]]\ntype = \"null\"\n"));
    assert_eq!(finished.points[0].settled, Some(Settled::Target));
    assert!(finished.points[0].rounds_s.len() >= 5);
    let spent = |warning: &Warning| matches!(warning, Warning::BudgetSpent { .. });
    assert!(!finished.record.warnings.iter().any(spent));
}

fn without_time_two_rounds_are_measured_and_the_rows_say_so() {
    let measure = "[measure]\ntarget = 0.0001\nbudget = \"1us\"\n";
    let finished = World::new().run(&format!("{measure}[[index]]\ntype = \"mock\"\n"));
    for point in &finished.points {
        assert_eq!(
            (point.settled, point.rounds_s.len()),
            (Some(Settled::Budget), 2)
        );
    }
    let spent = Warning::BudgetSpent {
        rounds: 2,
        wanted: None,
    };
    assert!(finished.record.warnings.contains(&spent));
}

fn an_exact_index_has_recall_one() {
    let finished = World::new().run("[[index]]\ntype = \"mock\"\n");
    for point in &finished.points {
        assert_eq!(point.recall.unwrap().value, 1.0);
        assert_eq!(point.rounds_s.len(), 3);
        assert!(point.qps.unwrap().value > 0.0);
        let latency_us = point.latency_us.unwrap();
        assert!(
            latency_us.p50 > 0.0 && latency_us.p99.is_none(),
            "30 samples carry no p99"
        );
    }
}

fn looking_at_less_finds_less() {
    let finished = World::new().run(PLAIN);
    let recall = |point: usize| {
        finished
            .points
            .iter()
            .find(|p| p.point == point)
            .unwrap()
            .recall
    };
    assert!(recall(0).unwrap().value < recall(1).unwrap().value);
}

/// The other index of the run is there, whole.
pub(crate) fn check_others(finished: &Finished) {
    let null = finished
        .builds
        .iter()
        .find(|build| build.backend == "null")
        .unwrap();
    assert!(null.status.is_ok());
    let points = finished
        .points
        .iter()
        .filter(|point| point.backend == "null");
    assert!(points.clone().count() == 2 && points.clone().all(|point| point.status.is_ok()));
    assert!(!finished.is_complete());
}

pub(crate) fn failure(status: &Status) -> &str {
    match status {
        Status::Failed(reason) => reason,
        Status::Ok => "did not fail",
    }
}

fn a_build_that_is_refused_fails_alone() {
    let finished =
        World::new().run(&PLAIN.replace("search.share = [0.5, 1.0]", "build = \"refuse\""));
    check_others(&finished);
    assert_eq!(failure(&finished.builds[0].status), "add: the mock refuses");
}

fn answers_that_waver_are_said_to() {
    let finished = World::new().run("[[index]]\ntype = \"mock\"\ntrouble = \"waver\"\n");
    let warnings: Vec<_> = finished
        .points
        .iter()
        .flat_map(|point| &point.warnings)
        .collect();
    assert!(
        warnings
            .iter()
            .any(|w| matches!(w, Warning::UnstableResults { .. })),
        "{warnings:?}"
    );
}

fn an_exact_index_below_one_is_an_alarm() {
    let finished = World::new().run("[[index]]\ntype = \"mock\"\nsearch.share = 0.5\n");
    for point in &finished.points {
        let alarm = |warning: &Warning| matches!(warning, Warning::ExactBelowOne { .. });
        assert!(point.warnings.iter().any(alarm), "{:?}", point.warnings);
    }
}

fn adjusted_parameters_are_kept_beside_those_asked_for() {
    let finished = World::new().run("[[index]]\ntype = \"mock\"\ncells = 20\n");
    let build = &finished.builds[0];
    assert_eq!(
        (&build.requested["cells"], &build.effective["cells"]),
        (&20.into(), &10.into())
    );
    assert!(matches!(&build.warnings[0], Warning::Adjusted { key, .. } if key == "cells"));
}

fn a_run_cut_off_goes_on_where_it_was() {
    let world = World::new();
    let first = world.run(PLAIN);
    let journal = std::fs::read_to_string(first.folder.join("journal.jsonl")).unwrap();
    // As if it had been killed in the middle of writing its eighth line.
    let lines: Vec<&str> = journal.lines().collect();
    let cut = format!("{}\n{}", lines[..7].join("\n"), &lines[7][..20]);
    std::fs::write(first.folder.join("journal.jsonl"), cut).unwrap();
    world.unfinish(&first);
    let second = world.run(PLAIN);
    assert_eq!(second.folder, first.folder);
    let after = std::fs::read_to_string(second.folder.join("journal.jsonl")).unwrap();
    let after: Vec<&str> = after.lines().collect();
    assert_eq!(after[..7], lines[..7], "what was measured is kept");
    assert_eq!(
        after.len(),
        lines.len(),
        "what was missing is measured, and only that"
    );
    let answers = |run: &Finished| -> Vec<_> {
        run.points
            .iter()
            .map(|p| (p.point, p.mode, p.recall, p.effective.clone()))
            .collect()
    };
    assert_eq!(answers(&first), answers(&second));
}

fn another_plan_gets_a_run_of_its_own() {
    let world = World::new();
    let first = world.run(PLAIN);
    world.unfinish(&first);
    let second = world.run(&PLAIN.replace("0.5", "0.25"));
    assert_ne!(first.folder, second.folder);
}

fn another_machine_gets_a_run_of_its_own_and_is_told_why() {
    let world = World::new();
    let first = world.run(PLAIN);
    world.change(&first, |record| {
        record.finished = None;
        record.machine.cpu = "a slower one".into();
        record.plan_sha256 = "that of the slower one".into();
    });
    let mut notes = Notes::default();
    let second = world.go(Going::on(&mut notes)).unwrap();
    assert_ne!(first.folder, second.folder);
    let why = &notes.0[0];
    assert!(why.contains(first.folder.to_str().unwrap()), "{why}");
    assert!(why.contains("CPU was \"a slower one\" and is"), "{why}");
}

fn mistakes_are_refused_before_any_build() {
    let world = World::new();
    for (indexes, expected) in [
        (
            "[[index]]\ntype = \"mokc\"",
            "index.0.type: unknown index type `mokc`; did you mean `mock`? known types: null, mock",
        ),
        (
            "[[index]]\ntype = \"mock\"\ncels = 3",
            "index.0.cels: mock: unknown key `cels`; did you mean `cells`? known keys: build, trouble, watch, exact, padding, cells",
        ),
        (
            "[[index]]\ntype = \"mock\"\ncells = 0",
            "index.0.cells: mock: cells = 0 is out of range; use 1 or more",
        ),
        (
            "[[index]]\ntype = \"mock\"\ncells = 91",
            "index.0.cells: mock: cells = 91 exceeds the 90 base vectors; lower cells",
        ),
        (
            "[[index]]\ntype = \"mock\"\ncells = []",
            "index.0.cells: the list is empty; give it at least one value",
        ),
        (
            "[[index]]\ntype = \"mock\"\nsearch.share = [0.5, 2]",
            "index.0.search.share: mock: share = 2 is out of range; use 0.0 to 1.0",
        ),
        ("", "no index to compare; add an [[index]] with a type"),
        (
            "[measure]\nmodes = []\n[[index]]\ntype = \"null\"",
            "measure.modes: no mode to measure",
        ),
        (
            "[measure]\nbuild_timeout = \"0s\"\n[[index]]\ntype = \"null\"",
            "measure.build_timeout: leaves no time; write 30m or 5m",
        ),
        (
            "[measure]\ntarget = 0.0\n[[index]]\ntype = \"null\"",
            "measure.target: must lie between 0.0001 and 1; write 0.02 for intervals of 2 %",
        ),
        (
            "[measure]\nmodes = [\"open_loop\"]\n[[index]]\ntype = \"null\"",
            "measure.modes: mode open_loop needs rates or an slo; add rates = [1000, 2000]",
        ),
        (
            "[measure]\nmodes = [\"concurrent\"]\nclients = []\n[[index]]\ntype = \"null\"",
            "measure.clients: the list is empty",
        ),
        (
            "[measure]\nmodes = [\"open_loop\"]\nslo_p99 = [\"2\"]\n[[index]]\ntype = \"null\"",
            "measure.slo_p99: \"2\" is no duration (time unit needed, for example 2sec or 2ms); write 2ms",
        ),
        (
            "[measure]\nmodes = [\"open_loop\"]\nslo_p99 = \"2h\"\n[[index]]\ntype = \"null\"",
            "measure.slo_p99: \"2h\" must lie between 1us and 1m",
        ),
        (
            "[measure]\nmodes = [\"batch\"]\nworking_set = 10\n[[index]]\ntype = \"null\"",
            "measure.working_set: is of mode single alone; add \"single\" to modes",
        ),
        (
            "[measure]\nworking_set = [1, 11]\n[[index]]\ntype = \"null\"",
            "measure.working_set: 11 exceeds the 10 queries; lower it",
        ),
        (
            "[measure]\nthreads = [1, 0]\n[[index]]\ntype = \"null\"",
            "measure.threads: must be at least 1",
        ),
    ] {
        let message = world.refused(indexes);
        assert!(message.contains(expected), "{message}");
        assert!(!world.runs().exists(), "nothing is written: {expected}");
    }
}
