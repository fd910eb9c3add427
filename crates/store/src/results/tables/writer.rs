//! Columns to a Parquet file.

use std::{path::Path, sync::Arc};

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, UInt64Array,
    builder::{Float64Builder, ListBuilder, UInt64Builder},
};
use arrow_schema::{ArrowError, Field, Schema};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::properties::WriterProperties,
};
use serde::Serialize;

use super::{TableError, io_error};
use crate::atomic;

/// A table being put together, column by column.
#[derive(Default)]
pub(super) struct Columns {
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl Columns {
    pub(super) fn counts(self, name: &str, values: impl Iterator<Item = usize>) -> Self {
        let values = Int64Array::from_iter_values(values.map(|value| value as i64));
        self.column(name, values, false)
    }

    pub(super) fn seeds(self, name: &str, values: impl Iterator<Item = u64>) -> Self {
        self.column(name, UInt64Array::from_iter_values(values), false)
    }

    pub(super) fn optional_counts(
        self,
        name: &str,
        values: impl Iterator<Item = Option<u64>>,
    ) -> Self {
        self.column(name, values.collect::<UInt64Array>(), true)
    }

    pub(super) fn floats(self, name: &str, values: impl Iterator<Item = f64>) -> Self {
        self.column(name, Float64Array::from_iter_values(values), false)
    }

    pub(super) fn optional_floats(
        self,
        name: &str,
        values: impl Iterator<Item = Option<f64>>,
    ) -> Self {
        self.column(name, values.collect::<Float64Array>(), true)
    }

    pub(super) fn flags(self, name: &str, values: impl Iterator<Item = bool>) -> Self {
        let values: BooleanArray = values.map(Some).collect();
        self.column(name, values, false)
    }

    pub(super) fn texts<'t>(self, name: &str, values: impl Iterator<Item = &'t str>) -> Self {
        self.column(name, StringArray::from_iter_values(values), false)
    }

    pub(super) fn optional_texts<'t>(
        self,
        name: &str,
        values: impl Iterator<Item = Option<&'t str>>,
    ) -> Self {
        self.column(name, values.collect::<StringArray>(), true)
    }

    /// Values of no plain type, each as JSON text.
    pub(super) fn json<T: Serialize>(self, name: &str, values: impl Iterator<Item = T>) -> Self {
        // Maps with text keys, as all of ours are, always have a JSON form.
        let text = |value: T| serde_json::to_string(&value).unwrap_or_else(|_| "null".into());
        self.column(name, StringArray::from_iter_values(values.map(text)), false)
    }

    pub(super) fn float_lists<'t>(
        self,
        name: &str,
        values: impl Iterator<Item = &'t [f64]>,
    ) -> Self {
        let mut lists = ListBuilder::new(Float64Builder::new());
        for list in values {
            lists.values().append_slice(list);
            lists.append(true);
        }
        self.column(name, lists.finish(), false)
    }

    /// Lists of rows of the base.
    pub(super) fn row_lists<'t>(self, name: &str, values: impl Iterator<Item = &'t [u64]>) -> Self {
        let mut lists = ListBuilder::new(UInt64Builder::new());
        for list in values {
            lists.values().append_slice(list);
            lists.append(true);
        }
        self.column(name, lists.finish(), false)
    }

    /// Writes the table, zstd-compressed, atomically.
    pub(super) fn write(self, path: &Path) -> Result<(), TableError> {
        let bytes = self.encode().map_err(|source| TableError::Parquet {
            doing: "write",
            path: path.into(),
            source,
        })?;
        atomic::write_atomic(path, &bytes).map_err(io_error("write", path))
    }

    fn encode(self) -> Result<Vec<u8>, ParquetError> {
        let schema = Arc::new(Schema::new(self.fields));
        let batch = RecordBatch::try_new(schema.clone(), self.arrays).map_err(as_parquet)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
        writer.write(&batch)?;
        writer.into_inner()
    }

    fn column(
        mut self,
        name: &str,
        array: impl arrow_array::Array + 'static,
        nullable: bool,
    ) -> Self {
        self.fields
            .push(Field::new(name, array.data_type().clone(), nullable));
        self.arrays.push(Arc::new(array));
        self
    }
}

fn as_parquet(error: ArrowError) -> ParquetError {
    error.into()
}
