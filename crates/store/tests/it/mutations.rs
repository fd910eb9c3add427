//! Damaged bytes are read as something sound or refused, never more.

use std::path::Path;

use annbench_store::{
    Dtype, Embeddings, LoadError, LoadOptions, WriteOptions, convert::write_npy, load,
    write_parquet,
};
use annbench_vectors::{Ids, Matrix};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use crate::shared::fixture;

/// Reads the file's bytes after `mutate`; checks what comes out, and says whether it was read.
fn survives(bytes: &[u8], scratch: &Path) -> bool {
    std::fs::write(scratch, bytes).unwrap();
    let options = LoadOptions {
        keep_columns: true,
        ..LoadOptions::default()
    };
    match load(scratch, &options, &mut |_| {}) {
        Ok(read) => {
            assert_eq!(read.vectors.n(), read.ids.len());
            assert!(
                read.vectors
                    .as_slice()
                    .iter()
                    .all(|value| value.is_finite())
            );
            true
        }
        Err(error) => {
            let message = error.to_string();
            assert!(message.contains("scratch"), "names the file: {message}");
            if let LoadError::DecoderPanic { reason, .. } = error {
                eprintln!("the decoder panicked and was caught: {reason}");
            }
            false
        }
    }
}

/// Flips, cuts and overwrites a file in `count` seeded ways.
fn mutate(original: &[u8], seed: u64, count: usize, scratch: &Path) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut below = |bound: usize| (rng.next_u64() % bound as u64) as usize;
    let mut refused = 0;
    for _ in 0..count {
        let mut bytes = original.to_vec();
        // Half of the places near the ends, where headers and footers are.
        let place = match below(4) {
            0 => below(bytes.len().min(200)),
            1 => bytes.len() - 1 - below(bytes.len().min(800)),
            _ => below(bytes.len()),
        };
        match below(8) {
            0 => bytes.truncate(place),
            1 => bytes[place] = 0xff,
            2 => drop(bytes.remove(place)),
            _ => bytes[place] ^= 1 << below(8),
        }
        refused += usize::from(!survives(&bytes, scratch));
    }
    assert!(
        refused > count / 10,
        "only {refused} of {count} were refused"
    );
}

fn small() -> Embeddings {
    let values = (0..600u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 1e7)
        .collect();
    let vectors = Matrix::from_vec(values, 6).unwrap();
    let ids = Ids::Strings((0..100).map(|row| format!("row {row}")).collect());
    Embeddings::new(vectors, ids).unwrap()
}

#[test]
fn our_own_files_survive_mutation() {
    let folder = tempfile::tempdir().unwrap();
    let scratch = folder.path().join("scratch");
    let file = folder.path().join("file");
    for (seed, dtype) in [Dtype::F16, Dtype::F32, Dtype::F64].into_iter().enumerate() {
        let options = WriteOptions {
            dtype,
            row_group_rows: 40,
            ..WriteOptions::default()
        };
        write_parquet(&file, &small(), &options).unwrap();
        mutate(&std::fs::read(&file).unwrap(), seed as u64, 200, &scratch);
        write_npy(&file, &small(), dtype).unwrap();
        mutate(&std::fs::read(&file).unwrap(), seed as u64, 200, &scratch);
    }
}

#[test]
fn files_of_other_producers_survive_mutation() {
    let folder = tempfile::tempdir().unwrap();
    let scratch = folder.path().join("scratch");
    let names = [
        "bad/nan_row_3.parquet",
        "bad/two_vector_columns.parquet",
        "pyarrow_fixed_size_list.parquet",
        "pyarrow_list_f32_zstd.parquet",
        "pyarrow_data_page_v2.parquet",
        "pandas_list_f64_string_id.parquet",
        "polars_array_f32.parquet",
    ];
    for (seed, name) in names.into_iter().enumerate() {
        let Some(path) = fixture(name) else { return };
        mutate(&std::fs::read(path).unwrap(), seed as u64, 200, &scratch);
    }
}
