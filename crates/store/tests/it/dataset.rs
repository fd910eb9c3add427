//! The dataset that the repository ships is the one its manifest describes.

use std::{collections::HashSet, path::Path};

use annbench_store::{LoadOptions, dataset::Dataset};
use annbench_vectors::{Ids, Metric};

fn integers(ids: &Ids) -> HashSet<i64> {
    match ids {
        Ids::Integers(ids) => ids.iter().copied().collect(),
        other => panic!("row numbers of the original, not {other:?}"),
    }
}

#[test]
fn the_shipped_dataset_fits_its_manifest() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/wordnet-minilm");
    let dataset = Dataset::open(&folder).unwrap();
    assert_eq!(dataset.metric, Some(Metric::Cosine));
    dataset.verify().unwrap();
    let base = dataset
        .load_base(&LoadOptions::default(), &mut |_| {})
        .unwrap();
    let queries = dataset
        .load_queries(&LoadOptions::default(), &mut |_| {})
        .unwrap()
        .unwrap();
    assert_eq!((base.n(), base.dim()), (19_000, 384));
    assert_eq!((queries.n(), queries.dim()), (1_000, 384));
    assert!(
        integers(&base.ids).is_disjoint(&integers(&queries.ids)),
        "queries are held out"
    );
    for value in base
        .vectors
        .as_slice()
        .iter()
        .chain(queries.vectors.as_slice())
    {
        assert!(value.is_finite());
    }
    let files = [&dataset.base.path, &dataset.queries.as_ref().unwrap().path];
    let bytes: u64 = files
        .map(|file| file.metadata().unwrap().len())
        .iter()
        .sum();
    assert!(bytes < 16_000_000, "{bytes} bytes are too much for git");
}
