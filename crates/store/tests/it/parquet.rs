//! The canonical form holds what was put in.

use std::sync::Arc;

use annbench_store::{
    Dtype, Embeddings, LoadOptions, WriteError, WriteOptions, load, write_parquet,
};
use annbench_vectors::{Ids, Matrix};
use arrow_array::{Array, Int32Array, RecordBatch, StringArray};
use proptest::prelude::*;

fn keep() -> LoadOptions {
    LoadOptions {
        keep_columns: true,
        ..LoadOptions::default()
    }
}

fn ids(kind: u8, n: usize) -> Ids {
    match kind {
        0 => Ids::Rows(n),
        1 => Ids::Integers((0..n as i64).map(|row| row * 7 - 3).collect()),
        _ => Ids::Strings((0..n).map(|row| format!("doc-{row}")).collect()),
    }
}

fn columns(n: usize) -> RecordBatch {
    let texts: StringArray = (0..n)
        .map(|row| (row % 3 > 0).then(|| format!("text {row}")))
        .collect();
    let numbers: Int32Array = (0..n as i32).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("text", Arc::new(texts) as Arc<dyn Array>, true),
        ("number", Arc::new(numbers), false),
    ])
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn embeddings_round_trip(
        n in 1usize..60,
        dim in 1usize..20,
        kind in 0u8..3,
        row_group_rows in 1usize..70,
        double: bool,
        seed in -1e30f32..1e30,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("base.parquet");
        let values = (0..n * dim).map(|i| seed / (1 + i) as f32).collect();
        let mut written = Embeddings::new(Matrix::from_vec(values, dim).unwrap(), ids(kind, n)).unwrap();
        written.columns = Some(columns(n));
        let dtype = if double { Dtype::F64 } else { Dtype::F32 };
        let options = WriteOptions { dtype, row_group_rows, ..WriteOptions::default() };
        write_parquet(&path, &written, &options).unwrap();
        prop_assert_eq!(load(&path, &keep(), &mut |_| {}).unwrap(), written);
    }
}

#[test]
fn progress_counts_all_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base.parquet");
    let vectors = Matrix::from_vec(vec![0.5; 100_000], 1).unwrap();
    let written = Embeddings::new(vectors, Ids::Rows(100_000)).unwrap();
    write_parquet(&path, &written, &WriteOptions::default()).unwrap();
    let mut seen = Vec::new();
    load(&path, &LoadOptions::default(), &mut |progress| {
        seen.push(progress)
    })
    .unwrap();
    assert!(seen.len() > 1 && seen.is_sorted_by_key(|progress| progress.done));
    assert!(seen.iter().all(|progress| progress.total == 100_000));
    assert_eq!(seen.last().unwrap().done, 100_000);
}

#[test]
fn repetitive_vectors_that_compress_to_nothing_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base.parquet");
    let vectors = Matrix::from_vec(vec![0.25; 1_000_000], 100).unwrap();
    let written = Embeddings::new(vectors, Ids::Rows(10_000)).unwrap();
    write_parquet(&path, &written, &WriteOptions::default()).unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() < 50_000);
    assert_eq!(
        load(&path, &LoadOptions::default(), &mut |_| {}).unwrap(),
        written
    );
}

#[test]
fn two_columns_of_one_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base.parquet");
    let mut written =
        Embeddings::new(Matrix::from_vec(vec![0.5; 6], 2).unwrap(), ids(1, 3)).unwrap();
    written.columns = Some(columns(3));
    let options = WriteOptions {
        id_column: "text".into(),
        ..WriteOptions::default()
    };
    let error = write_parquet(&path, &written, &options).unwrap_err();
    assert!(matches!(error, WriteError::ColumnTaken { column, .. } if column == "text"));
    assert!(!path.exists());
}
