//! The canonical form: a fixed-size list of floats a row, an id column, the kept columns.

use std::{path::Path, sync::Arc};

use annbench_vectors::{Ids, MatrixView};
use arrow_array::{
    ArrayRef, FixedSizeListArray, Float16Array, Float32Array, Float64Array, Int64Array,
    RecordBatch, StringArray, UInt8Array,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use half::f16;
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, Encoding, ZstdLevel},
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties},
    },
    schema::types::ColumnPath,
};

use super::write_error::{Failure, WriteError};
use crate::{Dtype, Embeddings, Format, Progress, atomic, convert::check_dtype};

/// How to write embeddings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOptions {
    /// How components are stored.
    pub dtype: Dtype,
    /// Rows in a row group: what a reader that streams holds at a time.
    pub row_group_rows: usize,
    /// Name of the vector column.
    pub vector_column: String,
    /// Name of the id column. Row numbers are not written: a file without ids has them anyway.
    pub id_column: String,
    /// What else the file is to say of itself, by key: Parquet's key-value metadata.
    pub notes: Vec<(String, String)>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            dtype: Dtype::F32,
            row_group_rows: 1 << 14,
            vector_column: "embedding".into(),
            id_column: "id".into(),
            notes: Vec::new(),
        }
    }
}

/// Writes embeddings as Parquet, atomically: a non-null fixed-size list column, the ids unless they
/// are row numbers, and the other columns. Components are byte-stream-split, then zstd.
///
/// # Errors
/// [`WriteError`] if something cannot be written; the path is then as it was.
pub fn write_parquet(
    path: &Path,
    embeddings: &Embeddings,
    options: &WriteOptions,
) -> Result<(), WriteError> {
    write_with_progress(path, embeddings, options, &mut |_| {})
}

pub(crate) fn write_with_progress(
    path: &Path,
    embeddings: &Embeddings,
    options: &WriteOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), WriteError> {
    check_rows(path, embeddings)?;
    check_dtype(path, Format::Parquet, options.dtype)?;
    check_range(path, embeddings.vectors.view(), options.dtype)?;
    let schema = schema(path, embeddings, options)?;
    let properties = properties(options);
    let write = |file: &mut atomic::AtomicWriter<'_>| -> Result<(), Failure> {
        let mut writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))?;
        let total = embeddings.n();
        let group = options.row_group_rows.max(1);
        for start in (0..total).step_by(group) {
            let end = total.min(start + group);
            writer.write(&batch(&schema, embeddings, options.dtype, start..end)?)?;
            writer.flush()?;
            progress(Progress { done: end, total });
        }
        writer.close()?;
        Ok(())
    };
    atomic::write_with(path, write).map_err(|failure| failure.at(path))
}

pub(super) fn check_rows(path: &Path, embeddings: &Embeddings) -> Result<(), WriteError> {
    let n = embeddings.n();
    let others = embeddings.columns.as_ref().map(RecordBatch::num_rows);
    let lengths = [Some(embeddings.ids.len()), others];
    match lengths.into_iter().flatten().find(|&rows| rows != n) {
        None => Ok(()),
        Some(rows) => Err(WriteError::RowCount {
            path: path.into(),
            n,
            rows,
        }),
    }
}

/// Refuses components that would become infinite.
pub(crate) fn check_range(
    path: &Path,
    vectors: MatrixView<'_>,
    dtype: Dtype,
) -> Result<(), WriteError> {
    let overflows = |value: &f32| dtype == Dtype::F16 && !f16::from_f32(*value).is_finite();
    match vectors.as_slice().iter().position(overflows) {
        None => Ok(()),
        Some(index) => Err(WriteError::Overflow {
            path: path.into(),
            row: index / vectors.dim(),
            value: vectors.as_slice()[index],
            dtype,
        }),
    }
}

pub(super) fn schema(
    path: &Path,
    embeddings: &Embeddings,
    options: &WriteOptions,
) -> Result<SchemaRef, WriteError> {
    let mut fields = Vec::new();
    match &embeddings.ids {
        Ids::Rows(_) => {}
        Ids::Integers(_) => fields.push(Field::new(&options.id_column, DataType::Int64, false)),
        Ids::Strings(_) => fields.push(Field::new(&options.id_column, DataType::Utf8, false)),
    }
    let list = DataType::FixedSizeList(element(options.dtype), embeddings.dim() as i32);
    fields.push(Field::new(&options.vector_column, list, false));
    if let Some(columns) = &embeddings.columns {
        fields.extend(
            columns
                .schema()
                .fields()
                .iter()
                .map(|field| field.as_ref().clone()),
        );
    }
    let taken = (1..fields.len())
        .map(|place| fields[place].name())
        .find(|name| fields.iter().filter(|field| field.name() == *name).count() > 1);
    match taken {
        None => Ok(Arc::new(Schema::new(fields))),
        Some(column) => Err(WriteError::ColumnTaken {
            path: path.into(),
            column: column.clone(),
        }),
    }
}

pub(super) fn element(dtype: Dtype) -> Arc<Field> {
    let data_type = match dtype {
        Dtype::F16 => DataType::Float16,
        Dtype::F64 => DataType::Float64,
        Dtype::U8 => DataType::UInt8,
        _ => DataType::Float32,
    };
    Arc::new(Field::new("element", data_type, false))
}

pub(super) fn properties(options: &WriteOptions) -> WriterProperties {
    let parts = [&options.vector_column, "list", "element"].map(String::from);
    let vectors = ColumnPath::new(parts.into());
    // Components of embeddings hardly repeat: a dictionary would only be built to be given up.
    // Their bounds help no reader either.
    let note = |(key, value): &(String, String)| KeyValue::new(key.clone(), value.clone());
    let notes: Vec<KeyValue> = options.notes.iter().map(note).collect();
    WriterProperties::builder()
        .set_key_value_metadata((!notes.is_empty()).then_some(notes))
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_column_encoding(vectors.clone(), Encoding::BYTE_STREAM_SPLIT)
        .set_column_dictionary_enabled(vectors.clone(), false)
        .set_column_statistics_enabled(vectors, EnabledStatistics::None)
        .set_max_row_group_row_count(Some(options.row_group_rows.max(1)))
        .build()
}

pub(super) fn batch(
    schema: &SchemaRef,
    embeddings: &Embeddings,
    dtype: Dtype,
    rows: std::ops::Range<usize>,
) -> Result<RecordBatch, ArrowError> {
    let mut arrays: Vec<ArrayRef> = Vec::new();
    match &embeddings.ids {
        Ids::Rows(_) => {}
        Ids::Integers(ids) => {
            arrays.push(Arc::new(Int64Array::from_iter_values(
                ids[rows.clone()].iter().copied(),
            )));
        }
        Ids::Strings(ids) => {
            arrays.push(Arc::new(StringArray::from_iter_values(&ids[rows.clone()])));
        }
    }
    arrays.push(lists(embeddings.vectors.view().slice(rows.clone()), dtype)?);
    if let Some(columns) = &embeddings.columns {
        arrays.extend(
            columns
                .slice(rows.start, rows.len())
                .columns()
                .iter()
                .cloned(),
        );
    }
    RecordBatch::try_new(schema.clone(), arrays)
}

pub(super) fn lists(vectors: MatrixView<'_>, dtype: Dtype) -> Result<ArrayRef, ArrowError> {
    let values = vectors.as_slice().iter();
    let elements: ArrayRef = match dtype {
        Dtype::F16 => Arc::new(Float16Array::from_iter_values(
            values.map(|&v| f16::from_f32(v)),
        )),
        Dtype::F64 => Arc::new(Float64Array::from_iter_values(
            values.map(|&v| f64::from(v)),
        )),
        Dtype::U8 => Arc::new(UInt8Array::from_iter_values(values.map(|&v| v as u8))),
        _ => Arc::new(Float32Array::from(vectors.as_slice().to_vec())),
    };
    let dim = vectors.dim() as i32;
    Ok(Arc::new(FixedSizeListArray::try_new(
        element(dtype),
        dim,
        elements,
        None,
    )?))
}
