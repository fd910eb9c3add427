//! Every fixture holds the same vectors, whoever wrote it.

use annbench_store::{
    Embeddings, LoadOptions,
    convert::{ConvertOptions, convert},
    inspect::inspect,
    load, load_on, npy, read_truth,
};
use annbench_vectors::{Id, Ids};

use crate::shared::fixture;

fn read(name: &str, options: &LoadOptions) -> Option<Embeddings> {
    let path = fixture(name)?;
    Some(load(&path, options, &mut |_| {}).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn every_producer_gives_the_same_vectors() {
    let default = LoadOptions::default();
    let (Some(f32), Some(f16), Some(u8)) = (
        read("vectors_f32.npy", &default),
        read("vectors_f16.npy", &default),
        read("vectors_u8.npy", &default),
    ) else {
        return;
    };
    let cases = [
        ("pyarrow_fixed_size_list.parquet", &f32),
        ("pyarrow_list_f32_zstd.parquet", &f32),
        ("pyarrow_byte_stream_split.parquet", &f32),
        ("pyarrow_data_page_v2.parquet", &f32),
        ("pandas_list_f64_string_id.parquet", &f32),
        ("polars_array_f32.parquet", &f32),
        ("pyarrow_fixed_size_list_f16.parquet", &f16),
        ("vectors_f32_fortran.npy", &f32),
        ("vectors_f64.npy", &f32),
        ("vectors.fvecs", &f32),
        ("vectors.fbin", &f32),
        ("vectors.bvecs", &u8),
        ("vectors.u8bin", &u8),
    ];
    for (name, expected) in cases {
        let Some(found) = read(name, &default) else {
            return;
        };
        assert!(
            found.vectors == expected.vectors,
            "{name} holds other values"
        );
        let inspected = inspect(&fixture(name).unwrap(), &default, &mut |_| {}).unwrap();
        let outline = inspected.outline;
        assert_eq!((outline.n, outline.dim), (1_000, 32), "{name}");
    }
    let Some(i8) = read("vectors.i8bin", &default) else {
        return;
    };
    let pairs = i8.vectors.as_slice().iter().zip(u8.vectors.as_slice());
    assert!(pairs.into_iter().all(|(i8, u8)| *i8 == u8 - 128.0));
}

#[test]
fn ground_truth_is_read_as_rows_and_as_vectors() {
    let (Some(path), Some(npy)) = (fixture("truth_l2.ivecs"), fixture("truth_l2sq_rows.npy"))
    else {
        return;
    };
    let expected = npy::read::<i64>(&npy).unwrap();
    let rows = read_truth(&path).unwrap().rows;
    assert_eq!(rows, read_truth(&npy).unwrap().rows);
    assert_eq!((rows.n(), rows.dim()), (expected.n(), expected.dim()));
    let vectors = read("truth_l2.ivecs", &LoadOptions::default())
        .unwrap()
        .vectors;
    let expected = expected.as_slice().iter();
    for ((row, value), expected) in rows.as_slice().iter().zip(vectors.as_slice()).zip(expected) {
        assert_eq!((*row as i64, *value as i64), (*expected, *expected));
    }
}

#[test]
fn threads_change_nothing() {
    let default = LoadOptions::default();
    let names = [
        "pyarrow_fixed_size_list.parquet",
        "pyarrow_fixed_size_list_f16.parquet",
    ];
    for name in names {
        let (Some(path), Some(alone)) = (fixture(name), read(name, &default)) else {
            return;
        };
        for threads in [0, 2, 3, 16] {
            let mut done = Vec::new();
            let read = load_on(&path, &default, threads, &mut |progress| {
                done.push(progress.done)
            });
            assert!(read.unwrap() == alone, "{name} on {threads} threads");
            assert_eq!(done.last(), Some(&1_000));
        }
    }
}

#[test]
fn a_file_converted_to_any_format_holds_the_same_vectors() {
    let folder = tempfile::tempdir().unwrap();
    let Some(input) = fixture("pyarrow_fixed_size_list.parquet") else {
        return;
    };
    let expected = read("vectors_f32.npy", &LoadOptions::default())
        .unwrap()
        .vectors;
    for name in ["out.npy", "out.fvecs", "out.fbin", "out.parquet"] {
        let output = folder.path().join(name);
        convert(&input, &output, &ConvertOptions::default(), &mut |_| {}).unwrap();
        let found = load(&output, &LoadOptions::default(), &mut |_| {}).unwrap();
        assert!(found.vectors == expected, "{name}");
    }
}

#[test]
fn half_precision_is_the_nearest_to_single() {
    let default = LoadOptions::default();
    let (Some(f32), Some(f16)) = (
        read("vectors_f32.npy", &default),
        read("vectors_f16.npy", &default),
    ) else {
        return;
    };
    for (single, half) in f32.vectors.as_slice().iter().zip(f16.vectors.as_slice()) {
        assert_eq!(half::f16::from_f32(*single).to_f32(), *half);
    }
}

#[test]
fn ids_and_other_columns_come_along() {
    let keep = LoadOptions {
        keep_columns: true,
        ..LoadOptions::default()
    };
    let Some(integers) = read("pyarrow_fixed_size_list.parquet", &keep) else {
        return;
    };
    let Ids::Integers(ids) = &integers.ids else {
        panic!("{:?}", integers.ids)
    };
    assert_eq!((ids.len(), &ids[..3]), (1_000, &[10, 13, 16][..]));
    let columns = integers.columns.expect("text and lang were asked for");
    let names: Vec<_> = columns
        .schema()
        .fields()
        .iter()
        .map(|f| f.name().clone())
        .collect();
    assert_eq!(
        (names.join(" ").as_str(), columns.num_rows()),
        ("text lang", 1_000)
    );

    let Some(strings) = read("pandas_list_f64_string_id.parquet", &LoadOptions::default()) else {
        return;
    };
    assert_eq!(strings.ids.get(999), Some(Id::String("doc-999")));
    let Some(none) = read(
        "pyarrow_fixed_size_list_f16.parquet",
        &LoadOptions::default(),
    ) else {
        return;
    };
    assert_eq!(none.ids, Ids::Rows(1_000));
}

#[test]
fn one_of_two_vector_columns_is_read_when_named() {
    let name = "bad/two_vector_columns.parquet";
    let Some(path) = fixture(name) else { return };
    let message = load(&path, &LoadOptions::default(), &mut |_| {})
        .unwrap_err()
        .to_string();
    let columns = message.split("vectors: ").nth(1).unwrap();
    let column = columns.split([',', ';']).next().unwrap();
    let options = LoadOptions {
        vector_column: Some(column.into()),
        ..LoadOptions::default()
    };
    assert!(read(name, &options).is_some());
}

#[test]
fn an_inspection_tells_the_fixture_s_outline() {
    let Some(path) = fixture("pyarrow_fixed_size_list.parquet") else {
        return;
    };
    let found = inspect(&path, &LoadOptions::default(), &mut |_| {}).unwrap();
    let outline = found.outline;
    assert_eq!(
        (outline.n, outline.dim, outline.row_groups),
        (1_000, 32, Some(4))
    );
    serde_json::to_string(&outline).unwrap();
}
