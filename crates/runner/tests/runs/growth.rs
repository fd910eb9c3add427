//! The exact baseline, what repays a build, parts of the base, and ground truth that is given.

use annbench_runner::Silent;
use annbench_store::results::{Role, Warning, tables};
use libtest_mimic::Trial;

use crate::world::{Going, World};

const APPROXIMATE: &str = "[[index]]\ntype = \"mock\"\nexact = false\nsearch.share = 0.5\n";

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        a_run_without_an_exact_index_gets_one,
        a_run_with_an_exact_index_or_without_the_wish_gets_none,
        what_repays_a_build_is_told_of_all_but_exact_indexes,
        parts_of_the_base_are_measured_against_their_own_truth,
        parts_that_cannot_be_are_refused,
        a_given_truth_is_used_and_an_untrue_one_refused,
    ]
}

fn a_run_without_an_exact_index_gets_one() {
    let finished = World::new().run(APPROXIMATE);
    let labels: Vec<&str> = finished
        .builds
        .iter()
        .map(|row| row.label.as_str())
        .collect();
    assert_eq!(labels, ["mock exact=false", "exact (baseline)"]);
    let added = &finished.builds[1];
    assert!(added.is_exact && added.status.is_ok());
    let rows = finished
        .points
        .iter()
        .filter(|row| row.build == added.build);
    let recalls: Vec<f64> = rows.map(|row| row.recall.unwrap().value).collect();
    assert_eq!(
        recalls,
        [1.0, 1.0],
        "in both modes, as a point like any other"
    );
}

fn a_run_with_an_exact_index_or_without_the_wish_gets_none() {
    let exact = "[[index]]\ntype = \"mock\"\n";
    assert_eq!(World::new().run(exact).builds.len(), 1);
    let unwished = format!("[measure]\nrounds = 2\nbaseline = false\n{APPROXIMATE}");
    let finished = World::new().run(&unwished);
    assert_eq!(finished.builds.len(), 1);
    assert!(finished.points.iter().all(|row| row.repay.is_none()));
}

fn what_repays_a_build_is_told_of_all_but_exact_indexes() {
    let world = World::new();
    let finished = world.run(APPROXIMATE);
    for row in &finished.points {
        assert_eq!(row.repay.is_some(), row.build == 0, "{}", row.label);
        if let Some(repay) = row.repay {
            assert!(repay.queries.is_none() || repay.low <= repay.queries);
        }
    }
    let path = finished.folder.join("points.parquet");
    let read = tables::read_points(&path).unwrap();
    let candidates = read.iter().filter(|row| row.role == Role::Candidate);
    assert!(candidates.eq(finished.points.iter()));
}

fn parts_of_the_base_are_measured_against_their_own_truth() {
    let measure = "[measure]\nrounds = 3\nmodes = [\"single\"]\nsubsets = [0.5, 0.2]\n";
    let indexes = "[[index]]\ntype = \"mock\"\nexact = false\nsearch.share = [0.2, 1.0]\n";
    let finished = World::new().run(&format!("{measure}{indexes}"));
    let parts: Vec<_> = finished
        .points
        .iter()
        .filter(|row| row.role == Role::Subset)
        .collect();
    let sizes: Vec<usize> = parts.iter().map(|row| row.n).collect();
    assert_eq!(
        sizes,
        [18, 18, 18, 45, 45, 45],
        "two points and the baseline"
    );
    for row in &parts {
        let recall = row.recall.unwrap().value;
        let sees_all = row.requested.get("share").is_none_or(|share| share == 1.0);
        assert_eq!(
            recall == 1.0,
            sees_all,
            "{} of {}: {recall}",
            row.label,
            row.n
        );
    }
    let of_parts = finished.builds.iter().filter(|row| row.n == 18);
    let is_doubted = |warning: &Warning| matches!(warning, Warning::VectorsMissing { .. });
    let doubted: Vec<bool> = of_parts
        .map(|row| row.warnings.iter().any(is_doubted))
        .collect();
    assert_eq!(doubted, [false, false], "a part is all they were given");
    let scaling = &finished.record.scaling;
    assert_eq!(scaling.len(), 2, "an index and the baseline under one load");
    for curve in scaling {
        let sizes: Vec<usize> = curve.steps.iter().map(|step| step.n).collect();
        assert_eq!(sizes, [18, 45, 90]);
        // Ten queries make nobody sure of a recall who is not exact by construction.
        let is_sure = curve.steps.iter().all(|step| step.point.is_some());
        assert_eq!((is_sure, curve.overtakes), (curve.is_exact, None));
    }
    let again = World::new().run(&format!("{measure}{indexes}"));
    let recalls = |points: &[annbench_store::results::PointRow]| -> Vec<f64> {
        points.iter().map(|row| row.recall.unwrap().value).collect()
    };
    assert_eq!(
        recalls(&again.points),
        recalls(&finished.points),
        "by the seed"
    );
}

fn parts_that_cannot_be_are_refused() {
    let world = World::new();
    for (measure, expected) in [
        (
            "subsets = [1.5]",
            "measure.subsets: 1.5 is no part of the base",
        ),
        ("subsets = [0.01]", "are 1, fewer than k = 5"),
        ("subsets = true", "cells"),
    ] {
        let index = "[[index]]\ntype = \"mock\"\ncells = 20\n";
        let message = world.refused(&format!("[measure]\n{measure}\n{index}"));
        assert!(message.contains(expected), "{message}");
    }
}

fn a_given_truth_is_used_and_an_untrue_one_refused() {
    let world = World::new();
    let exact = "[[index]]\ntype = \"mock\"\n";
    let computed = world.run(exact);
    let cached = std::fs::read_dir(world.path().join("cache/truth")).unwrap();
    let ids = cached
        .map(|file| file.unwrap().path())
        .find(|file| file.to_string_lossy().ends_with("-ids.npy"))
        .unwrap();
    let given = world.path().join("truth.npy");
    std::fs::rename(ids, &given).unwrap();
    world.write(exact);
    let text = std::fs::read_to_string(world.path().join("test.toml")).unwrap();
    let text = text.replace(
        "queries.sample",
        "ground_truth = \"truth.npy\"\nqueries.sample",
    );
    let file = world.path().join("test.toml");
    std::fs::write(&file, &text).unwrap();
    let go = || {
        world.go(Going {
            fresh: true,
            ..Going::on(&mut Silent)
        })
    };
    let finished = go().unwrap();
    assert_eq!(finished.points[0].recall, computed.points[0].recall);
    std::fs::write(&file, text.replace("\"l2\"", "\"cosine\"")).unwrap();
    let error = go().unwrap_err().to_string();
    assert!(error.contains("dataset.ground_truth: "), "{error}");
    assert!(error.contains("is not true of this data"), "{error}");
}
