//! Small good files of every format, made here: 100 rows of 6 components.

use std::sync::Arc;

use annbench_store::{
    Dtype, Embeddings, Truth, WriteOptions,
    convert::{Companions, ConvertOptions, convert},
    write_parquet,
};
use annbench_vectors::{Ids, Matrix, Metric};
use arrow_array::{Array, ListArray, RecordBatch, StringArray, types::Float32Type};
use arrow_ipc::{
    CompressionType,
    writer::{FileWriter, IpcWriteOptions, StreamWriter},
};

/// A file.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// One file of each format, and of Arrow and Parquet several.
pub(crate) fn all() -> Vec<Sample> {
    let mut samples = vec![
        sample("vectors.csv", csv()),
        sample("vectors.jsonl", json_lines()),
        sample("vectors.safetensors", safetensors()),
        sample("plain.arrow", arrow(None)),
        sample("lz4.arrow", arrow(Some(CompressionType::LZ4_FRAME))),
        sample("zstd.arrow", arrow(Some(CompressionType::ZSTD))),
        sample("stream.arrow", arrow_stream()),
        sample("vectors.bvecs", vecs(&bytes())),
        sample("vectors.ivecs", vecs(&words())),
        sample("vectors.u8bin", bin(&bytes())),
        sample("vectors.i8bin", bin(&bytes())),
        sample("vectors.ibin", bin(&words())),
        sample("fortran.npy", fortran_npy()),
    ];
    samples.extend(written());
    samples
}

/// 100 rows with texts for ids and one more column.
pub(crate) fn small() -> Embeddings {
    let values = (0..600u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 1e7)
        .collect();
    let vectors = Matrix::from_vec(values, 6).unwrap();
    let ids = Ids::Strings((0..100).map(|row| format!("row {row}")).collect());
    let mut small = Embeddings::new(vectors, ids).unwrap();
    let texts = StringArray::from_iter_values((0..100).map(|row| format!("text of {row}")));
    let columns: [(&str, Arc<dyn Array>); 1] = [("text", Arc::new(texts))];
    small.columns = Some(RecordBatch::try_from_iter(columns).unwrap());
    small
}

fn sample(name: &'static str, bytes: Vec<u8>) -> Sample {
    Sample { name, bytes }
}

/// What the crate itself writes.
fn written() -> Vec<Sample> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut samples = Vec::new();
    let types = [
        ("f16.parquet", "f16.npy", Dtype::F16),
        ("f32.parquet", "f32.npy", Dtype::F32),
        ("f64.parquet", "f64.npy", Dtype::F64),
    ];
    for (parquet, npy, dtype) in types {
        let options = WriteOptions {
            dtype,
            row_group_rows: 40,
            ..WriteOptions::default()
        };
        write_parquet(&path(parquet), &small(), &options).unwrap();
        let options = ConvertOptions {
            dtype,
            ..ConvertOptions::default()
        };
        convert(&path(parquet), &path(npy), &options, &mut |_| {}).unwrap();
        samples.extend([parquet, npy].map(|name| sample(name, std::fs::read(path(name)).unwrap())));
    }
    let options = ConvertOptions {
        companions: Some(companions()),
        ..ConvertOptions::default()
    };
    for name in ["vectors.fvecs", "vectors.fbin", "vectors.hdf5"] {
        convert(&path("f32.npy"), &path(name), &options, &mut |_| {}).unwrap();
        samples.push(sample(name, std::fs::read(path(name)).unwrap()));
    }
    samples
}

/// Queries and ground truth for a file of ann-benchmarks.
pub(crate) fn companions() -> Companions {
    let rows = Matrix::from_vec(vec![3u32, 1, 4, 1, 5, 9], 3).unwrap();
    let distances = Matrix::from_vec(vec![0.0f32, 0.5, 1.0, 0.25, 0.5, 2.0], 3).unwrap();
    Companions {
        metric: Some(Metric::L2),
        queries: Some(small().vectors.select(&[7, 8])),
        truth: Some(Truth {
            rows,
            distances: Some(distances),
        }),
    }
}

fn rows() -> Vec<String> {
    let row = |row: &[f32]| format!("{row:?}");
    small().vectors.rows().map(row).collect()
}

fn csv() -> Vec<u8> {
    let line = |(id, row)| format!("{id},\"{row}\",text {id}\n");
    let lines: String = rows().iter().enumerate().map(line).collect();
    format!("id,emb,text\n{lines}").into_bytes()
}

fn json_lines() -> Vec<u8> {
    let line = |(id, row)| format!("{{\"id\": \"r{id}\", \"emb\": {row}, \"n\": {id}}}\n");
    let lines: String = rows().iter().enumerate().map(line).collect();
    lines.into_bytes()
}

fn safetensors() -> Vec<u8> {
    let header = br#"{"emb":{"dtype":"F32","shape":[100,6],"data_offsets":[0,2400]}}"#;
    let length = (header.len() as u64).to_le_bytes();
    let values = small().vectors.into_vec();
    [&length[..], header, bytemuck::cast_slice(&values)].concat()
}

fn batch() -> RecordBatch {
    let small = small();
    let row = |row: &[f32]| Some(row.iter().copied().map(Some).collect::<Vec<_>>());
    let lists = ListArray::from_iter_primitive::<Float32Type, _, _>(small.vectors.rows().map(row));
    let ids = StringArray::from_iter_values((0..100).map(|row| format!("row {row}")));
    let columns: [(&str, Arc<dyn Array>); 2] = [("id", Arc::new(ids)), ("emb", Arc::new(lists))];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// An Arrow file in two batches.
fn arrow(compression: Option<CompressionType>) -> Vec<u8> {
    let (batch, mut bytes) = (batch(), Vec::new());
    let options = IpcWriteOptions::default()
        .try_with_compression(compression)
        .unwrap();
    let mut writer =
        FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
    writer.write(&batch.slice(0, 60)).unwrap();
    writer.write(&batch.slice(60, 40)).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

fn arrow_stream() -> Vec<u8> {
    let (batch, mut bytes) = (batch(), Vec::new());
    let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

/// Components of one byte: `100 x 6`.
fn bytes() -> Vec<Vec<u8>> {
    let row = |row: u8| (0..6).map(|i| row.wrapping_mul(i + 1)).collect();
    (0..100).map(row).collect()
}

/// Components of four bytes: `100 x 6`.
fn words() -> Vec<Vec<u8>> {
    let row = |row: i32| (0..6).flat_map(|i| (row * 6 + i).to_le_bytes()).collect();
    (0..100).map(row).collect()
}

fn vecs(rows: &[Vec<u8>]) -> Vec<u8> {
    let row = |row: &Vec<u8>| [&6i32.to_le_bytes()[..], row].concat();
    rows.iter().flat_map(row).collect()
}

fn bin(rows: &[Vec<u8>]) -> Vec<u8> {
    let head = [100u32.to_le_bytes(), 6u32.to_le_bytes()].concat();
    [head, rows.concat()].concat()
}

fn fortran_npy() -> Vec<u8> {
    let vectors = small().vectors;
    let columns = (0..6).flat_map(|i| vectors.rows().map(move |row| row[i]).collect::<Vec<_>>());
    let columns: Vec<f32> = columns.collect();
    let text = "{'descr': '<f4', 'fortran_order': True, 'shape': (100, 6), }\n";
    let head = [b"\x93NUMPY\x01\x00", &(text.len() as u16).to_le_bytes()[..]].concat();
    [&head, text.as_bytes(), bytemuck::cast_slice(&columns)].concat()
}
