//! HDF5 of ann-benchmarks, written block by block: small datasets and headers first, the base
//! behind them, and then the headers again with its number of rows.

use std::{io::Write, path::Path};

use annbench_vectors::{Matrix, Metric};

use super::{
    DISTANCE, DISTANCES, NEIGHBORS, TEST, TRAIN,
    encode::{
        HEAP_BYTES, Number, SUPERBLOCK_BYTES, dataset, group, heap, number_attribute, superblock,
        text_attribute,
    },
};
use crate::{
    Embeddings, Format, WriteError,
    atomic::AtomicWriter,
    writer::{BlockWriter, at, replace_head, word},
};

/// What lies beside the base in a file of ann-benchmarks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Companions {
    /// The metric.
    pub metric: Option<Metric>,
    /// The queries, `n_queries x dim`.
    pub queries: Option<Matrix>,
    /// Their true neighbours.
    pub truth: Option<crate::Truth>,
}

/// Writes the file.
pub(crate) struct Hdf5Writer<'f, 'w> {
    path: &'f Path,
    file: &'f mut AtomicWriter<'w>,
    companions: &'f Companions,
    dim: usize,
    n: usize,
}

impl<'f, 'w> Hdf5Writer<'f, 'w> {
    pub(crate) fn begin(
        path: &'f Path,
        file: &'f mut AtomicWriter<'w>,
        dim: usize,
        companions: &'f Companions,
    ) -> Result<Self, WriteError> {
        word(path, Format::Hdf5, dim)?;
        let head = head(companions, 0, dim);
        file.write_all(&head).map_err(at(path))?;
        for part in parts(companions) {
            file.write_all(part.bytes).map_err(at(path))?;
        }
        Ok(Self {
            path,
            file,
            companions,
            dim,
            n: 0,
        })
    }
}

impl BlockWriter for Hdf5Writer<'_, '_> {
    fn append(&mut self, block: &Embeddings) -> Result<(), WriteError> {
        self.n += block.n();
        let values = bytemuck::cast_slice(block.vectors.as_slice());
        self.file.write_all(values).map_err(at(self.path))
    }

    fn finish(self: Box<Self>) -> Result<(), WriteError> {
        let head = head(self.companions, self.n, self.dim);
        replace_head(self.file, &head).map_err(at(self.path))
    }
}

/// A dataset that is small enough to be there already.
struct Part<'c> {
    name: &'static str,
    number: Number,
    shape: [u64; 2],
    bytes: &'c [u8],
}

fn parts(companions: &Companions) -> Vec<Part<'_>> {
    fn part<'c, T: bytemuck::Pod>(
        name: &'static str,
        number: Number,
        matrix: &'c Matrix<T>,
    ) -> Part<'c> {
        Part {
            name,
            number,
            shape: [matrix.n() as u64, matrix.dim() as u64],
            bytes: bytemuck::cast_slice(matrix.as_slice()),
        }
    }
    let truth = companions.truth.as_ref();
    let distances = truth.and_then(|truth| truth.distances.as_ref());
    let queries = companions.queries.as_ref();
    [
        distances.map(|matrix| part(DISTANCES, Number::F32, matrix)),
        truth.map(|truth| part(NEIGHBORS, Number::I32, &truth.rows)),
        queries.map(|matrix| part(TEST, Number::F32, matrix)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// All headers, for a base of `n x dim`, whose length depends on neither.
fn head(companions: &Companions, n: usize, dim: usize) -> Vec<u8> {
    let parts = parts(companions);
    let train = [n as u64, dim as u64];
    let shapes = parts.iter().map(|part| (part.number, part.shape));
    let shapes: Vec<(Number, [u64; 2])> = shapes.chain([(Number::F32, train)]).collect();
    let names = parts.iter().map(|part| part.name).chain([TRAIN]);

    let texts = texts(companions.metric);
    let header_bytes = dataset(Number::F32, train, 0).len() as u64;
    let int_bytes = dataset(Number::I32, train, 0).len() as u64;
    let mut place = SUPERBLOCK_BYTES + HEAP_BYTES as u64;
    let mut links = Vec::new();
    for (name, (number, _)) in names.zip(&shapes) {
        links.push((name, place));
        place += match number {
            Number::F32 => header_bytes,
            Number::I32 => int_bytes,
        };
    }
    let (root, root_bytes) = (place, root(&links, &texts, dim));
    // Numbers begin where any machine may map them.
    let mut data = (root + root_bytes.len() as u64).next_multiple_of(64);
    let headers_end = data as usize;

    let mut headers = Vec::new();
    for (number, shape) in shapes {
        headers.extend(dataset(number, shape, data));
        data += shape[0] * shape[1] * 4;
    }
    let values: Vec<&str> = texts.iter().map(|&(_, value)| value).collect();
    let mut bytes = superblock(root, data);
    bytes.extend(heap(&values));
    bytes.extend(headers);
    bytes.extend(root_bytes);
    bytes.resize(headers_end, 0);
    bytes
}

fn root(links: &[(&str, u64)], texts: &[(&str, &str)], dim: usize) -> Vec<u8> {
    let entries = (1u32..).zip(texts);
    let mut attributes: Vec<Vec<u8>> = entries
        .map(|(entry, (name, text))| text_attribute(name, text, SUPERBLOCK_BYTES, entry))
        .collect();
    attributes.push(number_attribute("dimension", dim as i32));
    group(links, attributes)
}

/// Attributes with their texts, as ann-benchmarks writes them.
fn texts(metric: Option<Metric>) -> Vec<(&'static str, &'static str)> {
    let distance = metric.map(|metric| match metric {
        Metric::L2 => "euclidean",
        Metric::Cosine => "angular",
        Metric::InnerProduct => "ip",
    });
    let kind = [("type", "dense"), ("point_type", "float")];
    let distance = distance.map(|text| (DISTANCE, text));
    kind.into_iter().chain(distance).collect()
}
