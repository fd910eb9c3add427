//! Ground truth as Parquet.

use std::{collections::HashMap, path::Path, sync::Arc};

use annbench_vectors::{Ids, Matrix};
use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, Float64Array, Int64Array, RecordBatch, StringArray,
    UInt64Array,
    cast::AsArray,
    types::{Int64Type, UInt64Type},
};
use arrow_schema::{ArrowError, DataType, Field, Schema};

use super::{KnownTruth, TruthTable};
use crate::{LoadError, WriteError, parquet::TableFile};

/// The column of neighbours.
const ROWS: &str = "rows";

/// The key of the file's metadata that names the metric.
const METRIC: &str = "annbench.metric";

pub(super) fn write(path: &Path, truth: &TruthTable<'_>) -> Result<(), WriteError> {
    TableFile::write(path, || batch(truth))
}

fn batch(truth: &TruthTable<'_>) -> Result<RecordBatch, ArrowError> {
    let found = truth.rows.dim();
    let numbers = (0..truth.rows.n() as u64).collect::<Vec<_>>();
    let rows = UInt64Array::from(truth.rows.as_slice().to_vec());
    let scores = Float64Array::from(truth.scores.as_slice().to_vec());
    let mut columns: Vec<(&str, ArrayRef)> = vec![("query", Arc::new(UInt64Array::from(numbers)))];
    columns.extend(truth.query_ids.map(|ids| ("query_id", names(ids))));
    columns.push((ROWS, lists(Arc::new(rows), found)?));
    if let Some(ids) = truth.ids {
        columns.push(("ids", lists(names(ids), found)?));
    }
    columns.push(("scores", lists(Arc::new(scores), found)?));
    let ties = UInt64Array::from(truth.ties_at_k.to_vec());
    columns.push(("ties_at_k", Arc::new(ties)));
    let fields = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), false));
    let metadata = HashMap::from([
        (METRIC.to_owned(), truth.metric.name().to_owned()),
        ("annbench.n".to_owned(), truth.n.to_string()),
    ]);
    let schema = Schema::new(fields.collect::<Vec<_>>()).with_metadata(metadata);
    let arrays = columns.into_iter().map(|(_, array)| array);
    RecordBatch::try_new(Arc::new(schema), arrays.collect())
}

fn lists(values: ArrayRef, length: usize) -> Result<ArrayRef, ArrowError> {
    let element = Field::new("element", values.data_type().clone(), false);
    let lists = FixedSizeListArray::try_new(Arc::new(element), length as i32, values, None)?;
    Ok(Arc::new(lists))
}

fn names(ids: &Ids) -> ArrayRef {
    match ids {
        Ids::Rows(n) => Arc::new(Int64Array::from_iter_values(0..*n as i64)),
        Ids::Integers(ids) => Arc::new(Int64Array::from(ids.clone())),
        Ids::Strings(ids) => Arc::new(StringArray::from_iter_values(ids)),
    }
}

pub(super) fn read(path: &Path) -> Result<KnownTruth, LoadError> {
    let file = TableFile::open(path)?;
    let metadata = file.schema().metadata();
    let metric = metadata.get(METRIC).and_then(|name| name.parse().ok());
    let Some((place, field)) = file.schema().column_with_name(ROWS) else {
        let columns = file.schema().fields().iter();
        return Err(LoadError::NoSuchColumn {
            path: path.into(),
            column: ROWS.into(),
            nearest: None,
            columns: columns.map(|field| field.name().clone()).collect(),
        });
    };
    if !is_integer_list(field.data_type()) {
        return Err(LoadError::ColumnType {
            path: path.into(),
            column: ROWS.into(),
            key: "ground_truth",
            found: field.data_type().to_string(),
            expected: "lists of int64 or uint64",
        });
    }
    let mut lists = Lists::new(path);
    file.read_column(place, &mut |column| lists.append(column))?;
    Ok(KnownTruth {
        rows: lists.finish()?,
        metric,
    })
}

fn is_integer_list(data_type: &DataType) -> bool {
    let element = match data_type {
        DataType::FixedSizeList(element, _) | DataType::List(element) => element,
        _ => return false,
    };
    matches!(element.data_type(), DataType::Int64 | DataType::UInt64)
}

/// The lists read so far, all of one length.
struct Lists<'a> {
    path: &'a Path,
    values: Vec<u64>,
    length: Option<usize>,
    queries: usize,
}

impl<'a> Lists<'a> {
    fn new(path: &'a Path) -> Self {
        Self {
            path,
            values: Vec::new(),
            length: None,
            queries: 0,
        }
    }

    fn append(&mut self, column: &ArrayRef) -> Result<(), LoadError> {
        for at in 0..column.len() {
            let list = match column.data_type() {
                _ if column.is_null(at) => None,
                DataType::FixedSizeList(..) => Some(column.as_fixed_size_list().value(at)),
                _ => Some(column.as_list::<i32>().value(at)),
            };
            let list = list.filter(|list| list.null_count() == 0);
            let list = list.ok_or_else(|| LoadError::NullVector {
                path: self.path.into(),
                column: ROWS.into(),
                row: self.queries,
            })?;
            self.take(&list)?;
        }
        Ok(())
    }

    fn take(&mut self, list: &ArrayRef) -> Result<(), LoadError> {
        let length = *self.length.get_or_insert(list.len());
        if list.len() != length {
            return Err(LoadError::Ragged {
                path: self.path.into(),
                column: ROWS.into(),
                row: self.queries,
                found: list.len(),
                dim: length,
            });
        }
        match list.data_type() {
            DataType::UInt64 => {
                let rows = list.as_primitive::<UInt64Type>().values();
                self.values.extend_from_slice(rows);
            }
            // A number below 0 becomes one that no base has, and is refused as such.
            _ => {
                let rows = list.as_primitive::<Int64Type>().values();
                self.values
                    .extend(rows.iter().map(|row| row.cast_unsigned()));
            }
        }
        self.queries += 1;
        Ok(())
    }

    fn finish(self) -> Result<Matrix<u64>, LoadError> {
        let no_rows = || LoadError::NoRows {
            path: self.path.into(),
        };
        let length = self.length.ok_or_else(no_rows)?;
        Matrix::from_vec(self.values, length).map_err(|_| no_rows())
    }
}
