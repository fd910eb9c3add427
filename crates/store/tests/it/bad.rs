//! Every bad file is refused by name, with what is wrong and what to do.

use std::error::Error;

use annbench_store::{LoadOptions, load};
use annbench_vectors::normalize_rows;

use crate::shared::fixture;

#[test]
fn bad_files_are_refused_with_place_and_remedy() {
    let cases = [
        (
            "corrupt_page.parquet",
            "row 2: component",
            "make the file again",
        ),
        (
            "duplicate_ids.parquet",
            "both have the id `",
            "make ids distinct",
        ),
        ("empty.parquet", "holds no rows", "give at least one"),
        ("inf_row_4.parquet", "row 4: component", "drop the row"),
        ("nan_row_3.parquet", "row 3: component", "drop the row"),
        (
            "no_vector_column.parquet",
            "no column of float lists; it has ",
            "write the vectors",
        ),
        (
            "not_parquet.parquet",
            "it looks like text",
            "give a .parquet",
        ),
        (
            "null_element_row_2.parquet",
            "row 2: component",
            "fill it in",
        ),
        ("null_vector.parquet", "the vector is null", "drop the row"),
        ("ragged_row_7.parquet", "row 7: ", "one model"),
        (
            "truncated.parquet",
            "damaged or cut off (footer)",
            "get the file again",
        ),
        (
            "two_vector_columns.parquet",
            "2 columns could hold the vectors",
            "vector_column",
        ),
        ("header_lies.fbin", "header: n = ", "get it again"),
        ("huge_dim.fvecs", "dim = ", "get it again"),
        ("negative_dim.fvecs", "dim = -", "get it again"),
        ("truncated.fvecs", "row 999: the file ends", "get it again"),
        ("int64.npy", "dtype <i8", "astype"),
        ("one_dimensional.npy", "shape [10]", "reshape"),
        (
            "truncated.npy",
            "5000 bytes where the header says 128128",
            "get it again",
        ),
    ];
    for (name, problem, remedy) in cases {
        let Some(path) = fixture(&format!("bad/{name}")) else {
            return;
        };
        let error = load(&path, &LoadOptions::default(), &mut |_| {}).expect_err(name);
        let message = error.to_string();
        for part in [name, problem, remedy] {
            assert!(message.contains(part), "{name}: {message}");
        }
        assert_ne!(
            error.source().map(ToString::to_string),
            Some(message),
            "said twice"
        );
    }
}

#[test]
fn a_zero_vector_is_refused_under_cosine_alone() {
    let Some(path) = fixture("bad/zero_vector_row_9.parquet") else {
        return;
    };
    let mut read = load(&path, &LoadOptions::default(), &mut |_| {}).unwrap();
    let error = normalize_rows(&mut read.vectors).unwrap_err();
    assert_eq!(error.row, 9);
}
