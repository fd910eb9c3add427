//! Lists of numbers, batch by batch, into one row-major buffer.

use std::{ops::Range, path::Path};

use annbench_vectors::Matrix;
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, OffsetSizeTrait,
    cast::AsArray,
    types::{Float16Type, Float32Type, Float64Type, Int8Type, UInt8Type},
};
use arrow_schema::DataType;
use half::slice::HalfFloatSliceExt;

use super::TableSize;
use crate::{Faults, LoadError, embeddings::first_not_finite};

/// Collects the vectors of a column.
pub(super) struct VectorSink<'a> {
    path: &'a Path,
    column: String,
    values: Vec<f32>,
    dim: Option<usize>,
    rows: usize,
    faults: Faults,
}

impl<'a> VectorSink<'a> {
    pub(super) fn new(path: &'a Path, column: &str, faults: Faults) -> Self {
        Self {
            path,
            column: column.into(),
            values: Vec::new(),
            dim: None,
            rows: 0,
            faults,
        }
    }

    /// Appends a batch of lists of a table that says it is of the given size.
    pub(super) fn append(&mut self, lists: &dyn Array, size: TableSize) -> Result<(), LoadError> {
        self.refuse_null_vectors(lists)?;
        let (elements, range) = match lists.data_type() {
            DataType::FixedSizeList(..) => self.fixed_size(lists)?,
            DataType::LargeList(_) => self.variable_size::<i64>(lists)?,
            _ => self.variable_size::<i32>(lists)?,
        };
        let elements = elements.slice(range.start, range.len());
        self.refuse_null_components(&elements)?;
        let start = self.values.len();
        self.reserve(size)?;
        append_numbers(&mut self.values, &elements);
        self.refuse_not_finite(start)?;
        self.rows += lists.len();
        Ok(())
    }

    /// The vectors since the last time.
    pub(super) fn drain(&mut self) -> Result<Matrix<f32>, LoadError> {
        let no_rows = || LoadError::NoRows {
            path: self.path.into(),
        };
        let dim = self.dim.ok_or_else(no_rows)?;
        Matrix::from_vec(std::mem::take(&mut self.values), dim).map_err(|_| no_rows())
    }

    fn fixed_size<'b>(
        &mut self,
        lists: &'b dyn Array,
    ) -> Result<(&'b ArrayRef, Range<usize>), LoadError> {
        let lists = lists.as_fixed_size_list();
        let dim = lists.value_length() as usize;
        self.check_dim(0, dim)?;
        let start = lists.value_offset_at(0);
        Ok((lists.values(), start..start + lists.len() * dim))
    }

    fn variable_size<'b, O: OffsetSizeTrait>(
        &mut self,
        lists: &'b dyn Array,
    ) -> Result<(&'b ArrayRef, Range<usize>), LoadError> {
        let lists = lists.as_list::<O>();
        for (row, length) in lists.offsets().lengths().enumerate() {
            self.check_dim(row, length)?;
        }
        let offsets = lists.value_offsets();
        let ends = offsets.first().zip(offsets.last());
        let (start, end) = ends.map_or((0, 0), |(start, end)| (start.as_usize(), end.as_usize()));
        Ok((lists.values(), start..end))
    }

    /// Compares the length of a row of the batch with the rows before it; the first one sets it.
    fn check_dim(&mut self, row: usize, found: usize) -> Result<(), LoadError> {
        match *self.dim.get_or_insert(found) {
            0 => Err(LoadError::ZeroDim {
                path: self.path.into(),
                column: self.column.clone(),
            }),
            dim if dim != found => Err(LoadError::Ragged {
                path: self.path.into(),
                column: self.column.clone(),
                row: self.rows + row,
                found,
                dim,
            }),
            _ => Ok(()),
        }
    }

    /// Makes room for the whole matrix once its dim is known, so that it never grows by copying.
    fn reserve(&mut self, size: TableSize) -> Result<(), LoadError> {
        let dim = self.dim.unwrap_or(1);
        if !self.values.is_empty() {
            return Ok(());
        }
        // A value takes a byte or more in all but very repetitive files; those grow as they go.
        let file_bytes = usize::try_from(size.file_bytes).unwrap_or(usize::MAX);
        let claimed = size.rows.saturating_mul(dim);
        self.values
            .try_reserve_exact(claimed.min(file_bytes.saturating_mul(2)))
            .map_err(|_| LoadError::TooLarge {
                path: self.path.into(),
                n: size.rows,
                dim,
            })
    }

    fn refuse_null_vectors(&self, lists: &dyn Array) -> Result<(), LoadError> {
        match first_null(lists) {
            None => Ok(()),
            Some(row) => Err(LoadError::NullVector {
                path: self.path.into(),
                column: self.column.clone(),
                row: self.rows + row,
            }),
        }
    }

    fn refuse_null_components(&self, elements: &dyn Array) -> Result<(), LoadError> {
        let dim = self.dim.unwrap_or(1);
        match first_null(elements) {
            None => Ok(()),
            Some(element) => Err(LoadError::NullComponent {
                path: self.path.into(),
                column: self.column.clone(),
                row: self.rows + element / dim,
                component: element % dim,
            }),
        }
    }

    fn refuse_not_finite(&self, start: usize) -> Result<(), LoadError> {
        let dim = self.dim.unwrap_or(1);
        match first_not_finite(&self.values[start..]) {
            None => Ok(()),
            Some(_) if self.faults == Faults::Keep => Ok(()),
            Some(index) => Err(LoadError::NotFinite {
                path: self.path.into(),
                place: format!("column `{}`", self.column),
                row: self.rows + index / dim,
                component: index % dim,
                value: self.values[start + index],
            }),
        }
    }
}

/// The first null of an array; free where it has none.
pub(super) fn first_null(array: &dyn Array) -> Option<usize> {
    match array.null_count() {
        0 => None,
        _ => (0..array.len()).find(|&row| array.is_null(row)),
    }
}

fn append_numbers(values: &mut Vec<f32>, elements: &dyn Array) {
    match elements.data_type() {
        DataType::Float16 => {
            let halves = numbers::<Float16Type>(elements);
            let start = values.len();
            values.resize(start + halves.len(), 0.0);
            halves.convert_to_f32_slice(&mut values[start..]);
        }
        DataType::Float32 => values.extend_from_slice(numbers::<Float32Type>(elements)),
        DataType::UInt8 => {
            values.extend(numbers::<UInt8Type>(elements).iter().map(|&v| f32::from(v)))
        }
        DataType::Int8 => {
            values.extend(numbers::<Int8Type>(elements).iter().map(|&v| f32::from(v)))
        }
        _ => values.extend(numbers::<Float64Type>(elements).iter().map(|&v| v as f32)),
    }
}

fn numbers<T: ArrowPrimitiveType>(elements: &dyn Array) -> &[T::Native] {
    elements.as_primitive::<T>().values()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{FixedSizeListArray, LargeListArray, ListArray};
    use std::sync::Arc;

    type Row = Option<Vec<Option<f32>>>;

    fn list(rows: Vec<Row>) -> ArrayRef {
        Arc::new(ListArray::from_iter_primitive::<Float32Type, _, _>(rows))
    }

    fn large(rows: Vec<Row>) -> ArrayRef {
        Arc::new(LargeListArray::from_iter_primitive::<Float32Type, _, _>(
            rows,
        ))
    }

    fn fixed(rows: Vec<Row>) -> ArrayRef {
        Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(rows, 2))
    }

    fn row(values: [f32; 2]) -> Row {
        Some(values.map(Some).to_vec())
    }

    fn check(batches: &[ArrayRef]) -> Result<Vec<f32>, String> {
        let mut sink = VectorSink::new(Path::new("x.parquet"), "embedding", Faults::Refuse);
        let size = TableSize {
            rows: 4,
            file_bytes: 1_000,
        };
        batches
            .iter()
            .try_for_each(|batch| sink.append(batch, size))
            .and_then(|()| sink.drain())
            .map(Matrix::into_vec)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_list_layout_gives_the_same_rows() {
        for layout in [list, large, fixed] {
            let whole = layout(vec![row([1.0, 2.0]), row([3.0, 4.0]), row([5.0, 6.0])]);
            let expected = Ok(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
            assert_eq!(check(&[whole.slice(0, 1), whole.slice(1, 2)]), expected);
        }
    }

    #[test]
    fn rows_of_refused_vectors_count_over_batches() {
        for layout in [list, large, fixed] {
            let cases = [
                (None, "row 3: the vector is null"),
                (Some(vec![Some(1.0), None]), "row 3: component 1 is null"),
                (row([1.0, f32::NAN]), "row 3: component 1 is NaN"),
                (row([f32::NEG_INFINITY, 1.0]), "row 3: component 0 is -inf"),
            ];
            for (bad, expected) in cases {
                let batch = |last: Row| layout(vec![row([1.0, 2.0]), last]);
                let message = check(&[batch(row([3.0, 4.0])), batch(bad)]).unwrap_err();
                assert!(message.contains(expected), "{message}");
            }
        }
    }

    #[test]
    fn a_row_of_another_length_is_refused_in_every_batch() {
        let short = || list(vec![row([1.0, 2.0]), Some(vec![Some(1.0)])]);
        let good = || list(vec![row([1.0, 2.0])]);
        let cases = [
            (
                vec![short()],
                "row 1: 1 components where the rows before have 2",
            ),
            (vec![good(), short()], "row 2: 1 components"),
            (
                vec![list(vec![Some(vec![])])],
                "the vectors have no components",
            ),
        ];
        for (batches, expected) in cases {
            let message = check(&batches).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
