//! Damaged bytes are read as something sound or refused, never more.

use std::{path::Path, sync::Arc};

use annbench_store::{
    Dtype, Embeddings, LoadError, LoadOptions, WriteOptions, convert::write_npy, load,
    write_parquet,
};
use annbench_vectors::{Ids, Matrix};
use arrow_array::{Array, ListArray, RecordBatch, StringArray, types::Float32Type};
use arrow_ipc::{
    CompressionType,
    writer::{FileWriter, IpcWriteOptions},
};
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

#[test]
fn files_without_a_mark_survive_mutation() {
    let folder = tempfile::tempdir().unwrap();
    let names = [
        "vectors.fvecs",
        "vectors.bvecs",
        "vectors.fbin",
        "vectors.u8bin",
        "vectors.i8bin",
        "truth_l2.ivecs",
        "vectors_u8.npy",
    ];
    for (seed, name) in names.into_iter().enumerate() {
        let Some(path) = fixture(name) else { return };
        let scratch = folder
            .path()
            .join("scratch")
            .with_extension(path.extension().unwrap());
        mutate(&std::fs::read(path).unwrap(), seed as u64, 200, &scratch);
    }
}

#[test]
fn arrow_files_survive_mutation() {
    let folder = tempfile::tempdir().unwrap();
    let scratch = folder.path().join("scratch.arrow");
    let kinds = [
        None,
        Some(CompressionType::LZ4_FRAME),
        Some(CompressionType::ZSTD),
    ];
    for (seed, compression) in kinds.into_iter().enumerate() {
        mutate(&arrow_file(compression), seed as u64, 400, &scratch);
    }
}

/// 100 rows of 6 components with text ids, in two batches.
fn arrow_file(compression: Option<CompressionType>) -> Vec<u8> {
    let small = small();
    let row = |row: &[f32]| Some(row.iter().copied().map(Some).collect::<Vec<_>>());
    let lists = ListArray::from_iter_primitive::<Float32Type, _, _>(small.vectors.rows().map(row));
    let ids = StringArray::from_iter_values((0..100).map(|row| format!("row {row}")));
    let columns: [(&str, Arc<dyn Array>); 2] = [("id", Arc::new(ids)), ("emb", Arc::new(lists))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let options = IpcWriteOptions::default()
        .try_with_compression(compression)
        .unwrap();
    let mut bytes = Vec::new();
    let mut writer =
        FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
    writer.write(&batch.slice(0, 60)).unwrap();
    writer.write(&batch.slice(60, 40)).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

#[test]
fn texts_and_tensors_survive_mutation() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<String> = small()
        .vectors
        .rows()
        .map(|row| format!("{row:?}"))
        .collect();
    let csv: String = rows
        .iter()
        .enumerate()
        .map(|(id, row)| format!("{id},\"{row}\"\n"))
        .collect();
    let json: String = rows
        .iter()
        .enumerate()
        .map(|(id, row)| format!("{{\"id\": {id}, \"emb\": {row}}}\n"))
        .collect();
    let header = br#"{"emb":{"dtype":"F32","shape":[100,6],"data_offsets":[0,2400]}}"#;
    let values: &[u8] = bytemuck::cast_slice(&[0.5f32; 600]);
    let tensors = [&(header.len() as u64).to_le_bytes()[..], header, values].concat();
    let files = [
        ("scratch.csv", [b"id,emb\n", csv.as_bytes()].concat()),
        ("scratch.jsonl", json.into_bytes()),
        ("scratch.safetensors", tensors),
    ];
    for (seed, (name, bytes)) in files.into_iter().enumerate() {
        let scratch = folder.path().join(name);
        assert!(
            survives(&bytes, &scratch),
            "{name} is sound before it is damaged"
        );
        mutate(&bytes, seed as u64, 400, &scratch);
    }
}
