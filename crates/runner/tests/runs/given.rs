//! Ground truth that a dataset brings along.

use annbench_eval::{ExactOptions, GroundTruth};
use annbench_runner::{Experiment, Prepared};
use annbench_store::{
    LoadOptions, Truth,
    convert::{Companions, ConvertOptions, convert},
    load,
};
use annbench_vectors::{Matrix, Metric};
use libtest_mimic::Trial;

use crate::world::{Notes, World};

/// Neighbours that the file has of each query.
const FOUND: usize = 7;

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        a_truth_that_the_dataset_brings_is_used_where_it_fits,
        an_untrue_one_is_refused_with_advice,
    ]
}

fn queries() -> Matrix {
    let values = (0..12).map(|i| (i * 1_000_000) as f32);
    Matrix::from_vec(values.collect(), 4).unwrap()
}

/// The true neighbours of the queries, nearest first.
fn rows(world: &World) -> Vec<u32> {
    let path = world.path().join("base.parquet");
    let base = load(&path, &LoadOptions::default(), &mut |_| {}).unwrap();
    let (base, queries) = (base.vectors.view(), queries());
    let options = &mut ExactOptions::new(1);
    let truth = GroundTruth::compute(base, queries.view(), Metric::L2, FOUND, options);
    let ids = truth.unwrap().parts().ids.clone();
    ids.into_iter().map(|id| id as u32).collect()
}

/// Reads an HDF5 file with that truth: what the card says of it, and what was noted.
fn prepare(
    world: &World,
    rows: Vec<u32>,
    k: usize,
    dataset: &str,
) -> Result<(Option<String>, String), String> {
    let truth = Truth {
        rows: Matrix::from_vec(rows, FOUND).unwrap(),
        distances: None,
    };
    let options = ConvertOptions {
        companions: Some(Companions {
            metric: Some(Metric::L2),
            queries: Some(queries()),
            truth: Some(truth),
        }),
        ..ConvertOptions::default()
    };
    let in_world = |name| world.path().join(name);
    let input = in_world("base.parquet");
    convert(&input, &in_world("base.hdf5"), &options, &mut |_| {}).unwrap();
    let text = format!(
        "name = \"own\"\nk = {k}\n[dataset]\npath = \"base.hdf5\"\n{dataset}\n[[index]]\ntype = \"mock\"\n"
    );
    std::fs::write(in_world("own.toml"), text).unwrap();
    let written = Experiment::load(&in_world("own.toml"), &[]).unwrap();
    let mut notes = Notes::default();
    let data = Prepared::load(&written, &in_world("cache"), &mut notes);
    data.map(|data| (data.card.ground_truth, notes.0.join("\n")))
        .map_err(|error| error.to_string())
}

fn a_truth_that_the_dataset_brings_is_used_where_it_fits() {
    let world = World::new();
    let rows = rows(&world);
    for (dataset, sample) in [("", 3), ("queries.limit = 2", 2), ("limit = 100", 3)] {
        let (taken, note) = prepare(&world, rows.clone(), FOUND, dataset).unwrap();
        let words = format!("exact for a sample of {sample} queries");
        assert!(taken.unwrap().contains(&words), "{note}");
        assert!(note.contains("ground truth: the dataset's own"), "{note}");
    }
    for (k, dataset, expected) in [
        (
            5,
            "metric = \"inner_product\"",
            "it is by l2, not inner_product",
        ),
        (FOUND + 1, "", "it has 7 neighbours a query, not 8"),
        (
            5,
            "limit = 90",
            "of all 100 vectors, limit = 90 leaves the first 90",
        ),
    ] {
        let (taken, note) = prepare(&world, rows.clone(), k, dataset).unwrap();
        assert_eq!(taken, None, "{dataset}");
        assert!(note.contains(expected), "{note}");
    }
}

fn an_untrue_one_is_refused_with_advice() {
    let world = World::new();
    let mut rows = rows(&world);
    let is_far = |row: &u32| !rows[..FOUND].contains(row);
    let far = (0..100).find(is_far).unwrap();
    rows[0] = far;
    let message = prepare(&world, rows, 5, "").unwrap_err();
    let expected = "dataset.path: its own ground truth is not true of this data";
    assert!(message.contains(expected), "{message}");
    assert!(message.contains("annbench truth"), "{message}");
}
