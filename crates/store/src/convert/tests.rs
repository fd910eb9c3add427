use std::path::PathBuf;

use annbench_vectors::Ids;

use super::*;
use crate::{LoadOptions, load, npy};

fn ten_rows(folder: &Path) -> PathBuf {
    let path = folder.join("in.npy");
    let values: Vec<f32> = (0..20).map(|i| i as f32).collect();
    npy::write(&path, &values, &[10, 2]).unwrap();
    path
}

fn check(options: ConvertOptions) -> Result<Vec<i64>, String> {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (ten_rows(folder.path()), folder.path().join("out.parquet"));
    convert(&input, &output, &options, &mut |_| {}).map_err(|error| {
        assert!(!output.exists());
        error.to_string()
    })?;
    let read = load(&output, &LoadOptions::default(), &mut |_| {}).unwrap();
    let Ids::Integers(ids) = read.ids else {
        return Ok(vec![]);
    };
    for (row, &id) in ids.iter().enumerate() {
        assert_eq!(
            read.vectors.row(row),
            [2.0 * id as f32, 2.0 * id as f32 + 1.0]
        );
    }
    Ok(ids)
}

#[test]
fn repeated_ids_are_refused_across_blocks_and_where_the_rows_are_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (
        folder.path().join("in.csv"),
        folder.path().join("out.parquet"),
    );
    let n = 20_000;
    let id = |row: usize| if row == n - 1 { 3 } else { row };
    let lines: String = (0..n)
        .map(|row| format!("doc-{},\"[{row}, 1]\"\n", id(row)))
        .collect();
    std::fs::write(&input, format!("id,embedding\n{lines}")).unwrap();
    let check = |options: ConvertOptions| {
        let converted = convert(&input, &output, &options, &mut |_| {});
        converted
            .map(|done| done.n)
            .map_err(|error| error.to_string())
    };
    let message = check(ConvertOptions::default()).unwrap_err();
    let expected = "rows 3 and 19999 both have the id `doc-3`";
    assert!(message.contains(expected), "{message}");
    assert!(!output.exists());
    let without = |row| ConvertOptions {
        skip_rows: vec![row],
        ..ConvertOptions::default()
    };
    assert_eq!(check(without(3)), Ok(n - 1));
    assert!(check(without(4)).unwrap_err().contains(expected));
}

#[test]
fn chosen_rows_keep_their_number_as_id() {
    let default = ConvertOptions::default;
    let cases = [
        (
            ConvertOptions {
                rows: Some(vec![7, 3, 5]),
                ..default()
            },
            vec![7, 3, 5],
        ),
        (
            ConvertOptions {
                rows: Some(vec![7, 3, 5]),
                limit: Some(2),
                ..default()
            },
            vec![7, 3],
        ),
        (
            ConvertOptions {
                skip_rows: vec![0, 1, 2, 9],
                limit: Some(4),
                ..default()
            },
            vec![3, 4, 5, 6],
        ),
        (
            ConvertOptions {
                skip_rows: vec![1, 2],
                sample: Some(99),
                ..default()
            },
            vec![0, 3, 4, 5, 6, 7, 8, 9],
        ),
        (default(), vec![]),
    ];
    for (options, expected) in cases {
        assert_eq!(check(options).unwrap(), expected);
    }
    let sampled = check(ConvertOptions {
        skip_rows: vec![4],
        sample: Some(5),
        ..default()
    })
    .unwrap();
    assert_eq!(sampled.len(), 5);
    assert!(sampled.is_sorted() && !sampled.contains(&4));
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let default = ConvertOptions::default;
    let cases = [
        (
            ConvertOptions {
                rows: Some(vec![3, 10]),
                ..default()
            },
            "row 10 is asked for, it has 10 rows",
        ),
        (
            ConvertOptions {
                skip_rows: vec![11],
                ..default()
            },
            "row 11 is asked for",
        ),
        (
            ConvertOptions {
                rows: Some(vec![3, 3]),
                ..default()
            },
            "row 3 is asked for twice",
        ),
        (
            ConvertOptions {
                rows: Some(vec![3]),
                skip_rows: vec![3],
                ..default()
            },
            "no row is left",
        ),
        (
            ConvertOptions {
                limit: Some(0),
                ..default()
            },
            "no row is left",
        ),
    ];
    for (options, expected) in cases {
        let message = check(options).unwrap_err();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn every_format_and_type_holds_the_values() {
    let folder = tempfile::tempdir().unwrap();
    let input = ten_rows(folder.path());
    let expected = load(&input, &LoadOptions::default(), &mut |_| {}).unwrap();
    for name in ["out.npy", "out.parquet"] {
        for dtype in [Dtype::F16, Dtype::F32, Dtype::F64] {
            let output = folder.path().join(name);
            let options = ConvertOptions {
                dtype,
                ..ConvertOptions::default()
            };
            let converted = convert(&input, &output, &options, &mut |_| {}).unwrap();
            assert_eq!((converted.n_input, converted.n, converted.dim), (10, 10, 2));
            assert_eq!(
                load(&output, &LoadOptions::default(), &mut |_| {}).unwrap(),
                expected
            );
        }
    }
    for name in ["out.fvecs", "out.fbin"] {
        let output = folder.path().join(name);
        convert(&input, &output, &ConvertOptions::default(), &mut |_| {}).unwrap();
        let read = load(&output, &LoadOptions::default(), &mut |_| {}).unwrap();
        assert_eq!(read, expected, "{name}");
    }
}

#[test]
fn a_type_that_the_format_does_not_take_is_refused() {
    let cases = [
        ("out.fbin", Dtype::F16, "fbin takes f32, not f16"),
        ("out.npy", Dtype::I8, "npy takes f16, f32, f64, u8, not i8"),
        (
            "out.parquet",
            Dtype::Bf16,
            "Parquet takes f16, f32, f64, u8, not bf16",
        ),
    ];
    for (output, dtype, expected) in cases {
        let options = ConvertOptions {
            dtype,
            ..ConvertOptions::default()
        };
        let missing = Path::new("missing.npy");
        let error = convert(missing, Path::new(output), &options, &mut |_| {});
        let message = error.unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn an_output_of_no_known_format_is_refused_before_reading() {
    let error = convert(
        Path::new("missing.npy"),
        Path::new("out.ivecs"),
        &ConvertOptions::default(),
        &mut |_| {},
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("end it in .parquet, .npy, .hdf5, .fvecs or .fbin")
    );
}

#[test]
fn a_component_beyond_half_precision_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.npy"), folder.path().join("out.npy"));
    npy::write(&input, &[1.0, 2.0, 3.0, 70_000.0f32], &[2, 2]).unwrap();
    let options = ConvertOptions {
        dtype: Dtype::F16,
        ..ConvertOptions::default()
    };
    let error = convert(&input, &output, &options, &mut |_| {}).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("row 1 holds 70000, which f16 has no place for"),
        "{error}"
    );
}
