//! The canonical form written block by block: vectors alone, as many as the disk holds.

use std::sync::Arc;

use annbench_vectors::MatrixView;
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;

use super::{
    write::{WriteOptions, element, lists, properties},
    write_error::Failure,
};
use crate::{Dtype, atomic::AtomicWriter};

/// A Parquet file that vectors are appended to.
pub(crate) struct RowGroups<'f, 'w> {
    writer: ArrowWriter<&'f mut AtomicWriter<'w>>,
    schema: SchemaRef,
    dtype: Dtype,
}

impl<'f, 'w: 'f> RowGroups<'f, 'w> {
    /// Begins a file of vectors of `dim` components, which fits into 32 bits.
    pub(crate) fn begin(
        file: &'f mut AtomicWriter<'w>,
        dim: usize,
        options: &WriteOptions,
    ) -> Result<Self, Failure> {
        let list = DataType::FixedSizeList(element(options.dtype), dim as i32);
        let field = Field::new(&options.vector_column, list, false);
        let schema = Arc::new(Schema::new(vec![field]));
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties(options)))?;
        Ok(Self {
            writer,
            schema,
            dtype: options.dtype,
        })
    }

    /// Appends vectors.
    pub(crate) fn append(&mut self, vectors: MatrixView<'_>) -> Result<(), Failure> {
        let lists = lists(vectors, self.dtype)?;
        let batch = RecordBatch::try_new(self.schema.clone(), vec![lists])?;
        Ok(self.writer.write(&batch)?)
    }

    /// Writes the footer.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        self.writer.close()?;
        Ok(())
    }
}
