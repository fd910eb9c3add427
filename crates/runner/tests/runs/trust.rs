//! Doubts that a run has to have about itself, each provoked once.

use annbench_runner::{Finished, Silent};
use annbench_store::results::Warning;
use libtest_mimic::Trial;

use crate::world::{Going, World};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        ids_that_were_never_given_are_told,
        ids_that_are_repeated_are_told,
        a_rate_that_is_not_borne_is_told,
        percentiles_that_samples_do_not_carry_are_told,
        a_build_of_several_threads_is_told,
        queries_that_are_in_the_base_are_told,
    ]
}

fn run(measure: &str, build: &str) -> Finished {
    let index = format!("[[index]]\ntype = \"mock\"\n{build}\n");
    World::new().run(&format!(
        "[measure]\nrounds = 3\nbudget = \"10m\"\n{measure}\n{index}"
    ))
}

fn check(finished: &Finished, is_it: impl Fn(&Warning) -> bool) {
    let points = finished.points.iter().flat_map(|row| &row.warnings);
    let builds = finished.builds.iter().flat_map(|row| &row.warnings);
    let all: Vec<&Warning> = points
        .chain(builds)
        .chain(&finished.record.warnings)
        .collect();
    assert!(all.iter().any(|warning| is_it(warning)), "{all:?}");
    let untold =
        |warning: &&&Warning| warning.to_string().is_empty() || warning.advice().is_empty();
    assert_eq!(all.iter().filter(untold).count(), 0);
}

fn ids_that_were_never_given_are_told() {
    let finished = run("", "trouble = \"stray\"");
    check(&finished, |warning| {
        *warning == Warning::IdsOutOfRange { ids: 10 }
    });
}

fn ids_that_are_repeated_are_told() {
    let finished = run("", "trouble = \"stutter\"");
    check(&finished, |warning| {
        *warning == Warning::RepeatedIds { ids: 10 }
    });
}

fn a_rate_that_is_not_borne_is_told() {
    let finished = run("modes = [\"open_loop\"]\nrates = 1000000000", "");
    check(&finished, |warning| {
        matches!(warning, Warning::FellBehind { offered_qps, answered_qps }
            if answered_qps < offered_qps)
    });
}

fn percentiles_that_samples_do_not_carry_are_told() {
    let finished = run("modes = [\"single\"]", "");
    check(&finished, |warning| {
        *warning
            == Warning::PercentileWithheld {
                percentile: 99.0,
                samples: 30,
                needed: 900,
            }
    });
}

fn a_build_of_several_threads_is_told() {
    let finished = run("build_threads = 2", "");
    check(&finished, |warning| {
        *warning == Warning::UnseededBuild { threads: 2 }
    });
}

fn queries_that_are_in_the_base_are_told() {
    let world = World::new();
    world.write("[[index]]\ntype = \"mock\"\n");
    let path = world.path().join("test.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let held_out = "queries.sample = 10";
    let left_in = "queries = { sample = 10, holdout = false }";
    std::fs::write(&path, text.replace(held_out, left_in)).unwrap();
    let finished = world.go(Going::on(&mut Silent)).unwrap();
    check(&finished, |warning| {
        *warning == Warning::QueriesInBase { queries: 10 }
    });
}
