//! A Parquet file to columns.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use arrow_array::{
    Array, RecordBatch,
    cast::AsArray,
    types::{Float64Type, Int64Type, UInt64Type},
};
use arrow_schema::DataType;
use parquet::{arrow::arrow_reader::ParquetRecordBatchReaderBuilder, errors::ParquetError};
use serde::de::DeserializeOwned;

use super::{READ, TableError, io_error};

/// A table that was read.
pub(super) struct Table {
    path: PathBuf,
    rows: RecordBatch,
}

impl Table {
    pub(super) fn read(path: &Path) -> Result<Self, TableError> {
        let file = File::open(path).map_err(io_error(READ, path))?;
        let rows = decode(file).map_err(|source| TableError::Parquet {
            doing: READ,
            path: path.into(),
            source,
        })?;
        Ok(Self {
            path: path.into(),
            rows,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.rows.num_rows()
    }

    pub(super) fn counts(&self, name: &str) -> Result<Vec<usize>, TableError> {
        let values = self
            .column(name, "int64", &DataType::Int64)?
            .as_primitive::<Int64Type>();
        let count = |value: i64| usize::try_from(value).ok();
        self.filled(name, values.iter().map(|value| value.and_then(count)))
    }

    pub(super) fn seeds(&self, name: &str) -> Result<Vec<u64>, TableError> {
        let values = self.optional_counts(name)?;
        self.filled(name, values.into_iter())
    }

    pub(super) fn optional_counts(&self, name: &str) -> Result<Vec<Option<u64>>, TableError> {
        let values = self.column(name, "uint64", &DataType::UInt64)?;
        Ok(values.as_primitive::<UInt64Type>().iter().collect())
    }

    pub(super) fn floats(&self, name: &str) -> Result<Vec<f64>, TableError> {
        let values = self.optional_floats(name)?;
        self.filled(name, values.into_iter())
    }

    pub(super) fn optional_floats(&self, name: &str) -> Result<Vec<Option<f64>>, TableError> {
        let values = self.column(name, "float64", &DataType::Float64)?;
        Ok(values.as_primitive::<Float64Type>().iter().collect())
    }

    pub(super) fn flags(&self, name: &str) -> Result<Vec<bool>, TableError> {
        let values = self.column(name, "boolean", &DataType::Boolean)?;
        self.filled(name, values.as_boolean().iter())
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, TableError> {
        let values = self.optional_texts(name)?;
        self.filled(name, values.into_iter())
    }

    pub(super) fn optional_texts(&self, name: &str) -> Result<Vec<Option<String>>, TableError> {
        let values = self.column(name, "string", &DataType::Utf8)?;
        let values = values.as_string::<i32>().iter();
        Ok(values.map(|value| value.map(str::to_owned)).collect())
    }

    pub(super) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, TableError> {
        let parse = |(row, text): (usize, String)| {
            serde_json::from_str(&text).map_err(|error| self.cell(name, row, error.to_string()))
        };
        self.texts(name)?
            .into_iter()
            .enumerate()
            .map(parse)
            .collect()
    }

    /// [`json`](Self::json); defaults where the file is of a time before there was such a column.
    pub(super) fn json_or_default<T: DeserializeOwned + Default>(
        &self,
        name: &str,
    ) -> Result<Vec<T>, TableError> {
        match self.rows.column_by_name(name) {
            Some(_) => self.json(name),
            None => Ok((0..self.len()).map(|_| T::default()).collect()),
        }
    }

    pub(super) fn float_lists(&self, name: &str) -> Result<Vec<Vec<f64>>, TableError> {
        let expected = DataType::new_list(DataType::Float64, true);
        let lists = self
            .column(name, "list of float64", &expected)?
            .as_list::<i32>();
        let floats =
            |list: arrow_array::ArrayRef| list.as_primitive::<Float64Type>().values().to_vec();
        self.filled(name, lists.iter().map(|list| list.map(floats)))
    }

    pub(super) fn row_lists(&self, name: &str) -> Result<Vec<Vec<u64>>, TableError> {
        let expected = DataType::new_list(DataType::UInt64, true);
        let lists = self
            .column(name, "list of uint64", &expected)?
            .as_list::<i32>();
        let rows =
            |list: arrow_array::ArrayRef| list.as_primitive::<UInt64Type>().values().to_vec();
        self.filled(name, lists.iter().map(|list| list.map(rows)))
    }

    /// What is wrong with a cell.
    pub(super) fn cell(&self, name: &str, row: usize, problem: String) -> TableError {
        TableError::Cell {
            path: self.path.clone(),
            column: name.into(),
            row,
            problem,
        }
    }

    fn filled<T>(
        &self,
        name: &str,
        values: impl Iterator<Item = Option<T>>,
    ) -> Result<Vec<T>, TableError> {
        let filled = |(row, value): (usize, Option<T>)| {
            value.ok_or_else(|| self.cell(name, row, "it is empty or out of range".into()))
        };
        values.enumerate().map(filled).collect()
    }

    fn column(
        &self,
        name: &str,
        type_name: &'static str,
        data_type: &DataType,
    ) -> Result<&dyn Array, TableError> {
        let column = self.rows.column_by_name(name).map(AsRef::as_ref);
        let typed = column.filter(|column: &&dyn Array| column.data_type() == data_type);
        typed.ok_or_else(|| TableError::Column {
            path: self.path.clone(),
            column: name.into(),
            expected: type_name,
        })
    }
}

fn decode(file: File) -> Result<RecordBatch, ParquetError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let schema = builder.schema().clone();
    let batches = builder.build()?.collect::<Result<Vec<_>, _>>()?;
    Ok(arrow_select::concat::concat_batches(&schema, &batches)?)
}

#[cfg(test)]
mod tests {
    use super::super::writer::Columns;
    use super::*;

    #[test]
    fn a_column_that_an_older_file_lacks_has_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.parquet");
        let rows = Columns::default().counts("point", 0..2);
        rows.json("told", [vec![1], vec![]].iter())
            .write(&path)
            .unwrap();
        let table = Table::read(&path).unwrap();
        let read = |name| table.json_or_default::<Vec<usize>>(name).unwrap();
        assert_eq!(read("told"), vec![vec![1], vec![]]);
        assert_eq!(read("recall_at"), vec![Vec::<usize>::new(); 2]);
        assert!(table.json::<Vec<usize>>("recall_at").is_err());
    }
}
