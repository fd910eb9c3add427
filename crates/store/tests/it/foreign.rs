//! Files that other programs wrote, and files of ours that another program reads.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use annbench_store::{
    Embeddings, LoadOptions,
    convert::{ConvertOptions, convert},
    dataset::Dataset,
    load, read_scored_truth,
};
use annbench_vectors::{Ids, Metric};

use crate::{samples, shared::fixture};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign")
}

/// The files that lie in `tests/foreign`.
pub(crate) fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        !["py", "md"]
            .map(AsRef::as_ref)
            .contains(&file.extension().unwrap())
    });
    files.sort();
    files
}

fn read(path: &Path, column: Option<&str>) -> Embeddings {
    let options = LoadOptions {
        vector_column: column.map(String::from),
        ..LoadOptions::default()
    };
    load(path, &options, &mut |_| {}).unwrap_or_else(|error| panic!("{error:?}"))
}

#[test]
fn whatever_other_programs_wrote_holds_what_was_put_in() {
    let expected: Vec<f32> = (0..80).map(|i| i as f32 / 8.0 - 3.0).collect();
    let names = Ids::Strings((0..20).map(|row| format!("doc-{row}")).collect());
    let files = files();
    assert_eq!(files.len(), 17);
    for file in files {
        let found = read(&file, None);
        let case = file.display();
        assert_eq!(found.vectors.as_slice(), expected, "{case}");
        assert_eq!(found.dim(), 4, "{case}");
        if found.ids != Ids::Rows(20) {
            assert_eq!(found.ids, names, "{case}");
        }
    }
}

#[test]
fn files_of_ann_benchmarks_are_datasets_with_queries_and_truth() {
    for name in ["h5py_gzip_shuffle.hdf5", "h5py_v110.hdf5"] {
        let path = folder().join(name);
        let dataset = Dataset::open(&path).unwrap();
        assert_eq!(dataset.metric, Some(Metric::Cosine));
        let queries = dataset.load_queries(&LoadOptions::default(), &mut |_| {});
        let queries = queries.unwrap().expect("`test` is there");
        assert_eq!(
            queries.vectors.as_slice(),
            read(&path, Some("test")).vectors.as_slice()
        );
        assert_eq!((queries.n(), queries.dim()), (2, 4));
        let truth = read_scored_truth(&path).unwrap();
        assert_eq!(truth.rows.as_slice(), [0, 1, 2, 1, 2, 0]);
        let distances = truth.distances.unwrap();
        assert_eq!(distances.as_slice(), [0.0, 0.5, 1.0, 0.0, 0.25, 2.0]);
    }
}

#[test]
fn the_fixture_of_ann_benchmarks_agrees_with_npy_and_ivecs() {
    let names = [
        "ann_benchmarks_layout_l2.hdf5",
        "vectors_f32.npy",
        "queries_f32.npy",
        "truth_l2.ivecs",
    ];
    let [Some(path), Some(base), Some(queries), Some(truth)] = names.map(fixture) else {
        return;
    };
    let dataset = Dataset::open(&path).unwrap();
    assert_eq!(dataset.metric, Some(Metric::L2));
    let options = LoadOptions::default();
    let found = dataset.load_base_on(&options, 2, &mut |_| {}).unwrap();
    assert!(found.vectors == read(&base, None).vectors);
    let found = dataset
        .load_queries(&options, &mut |_| {})
        .unwrap()
        .unwrap();
    assert!(found.vectors == read(&queries, None).vectors);
    let (found, expected) = (
        read_scored_truth(&path).unwrap(),
        read_scored_truth(&truth).unwrap(),
    );
    assert_eq!((found.rows.n(), found.rows.dim()), (100, 100));
    assert!(found.rows == expected.rows);
    let distances = found.distances.unwrap();
    assert!(distances.rows().all(|row| row.is_sorted()));
}

#[test]
fn what_an_hdf5_file_lacks_is_named() {
    let path = folder().join("h5py_v110.hdf5");
    let check = |vector_column: Option<&str>, id_column: Option<&str>, expected: &str| {
        let options = LoadOptions {
            vector_column: vector_column.map(String::from),
            id_column: id_column.map(String::from),
            ..LoadOptions::default()
        };
        let message = load(&path, &options, &mut |_| {}).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    };
    check(
        Some("tain"),
        None,
        "no column `tain`; did you mean `train`?",
    );
    check(
        Some("neighbors"),
        None,
        "dataset `neighbors`: holds integers, vectors are floats",
    );
    check(None, Some("id"), "HDF5 has no columns; leave out id_column");
}

#[test]
fn h5py_reads_what_is_written() {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let has_h5py = Command::new(&python).args(["-c", "import h5py"]).output();
    if !has_h5py.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: {python} has no h5py; set PYTHON to one that has");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.csv"), folder.path().join("out.hdf5"));
    std::fs::write(&input, "emb\n\"[1, 2]\"\n\"[3, 4.5]\"\n").unwrap();
    let mut companions = samples::companions();
    companions.queries = Some(read(&input, None).vectors.select(&[1]));
    let options = ConvertOptions {
        companions: Some(companions),
        ..ConvertOptions::default()
    };
    convert(&input, &output, &options, &mut |_| {}).unwrap();
    let script = "import h5py, sys; f = h5py.File(sys.argv[1]); \
        print({name: f[name][:].tolist() for name in sorted(f)}, dict(sorted(f.attrs.items())))";
    let said = Command::new(&python)
        .args(["-c", script])
        .arg(&output)
        .output()
        .unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let expected = "{'distances': [[0.0, 0.5, 1.0], [0.25, 0.5, 2.0]], \
        'neighbors': [[3, 1, 4], [1, 5, 9]], 'test': [[3.0, 4.5]], 'train': [[1.0, 2.0], [3.0, 4.5]]} \
        {'dimension': ";
    assert!(said.starts_with(expected), "{said}");
    for attribute in [
        "'distance': 'euclidean'",
        "'type': 'dense'",
        "'point_type': 'float'",
    ] {
        assert!(said.contains(attribute), "{said}");
    }
}
