//! Ids without vectors: what tells, beside a persisted index, how the user calls its rows.

use std::{path::Path, sync::Arc};

use annbench_vectors::Ids;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::DataType;
use parquet::arrow::ArrowWriter;

use super::{
    file::{ParquetFile, guard},
    write_error::{Failure, WriteError},
};
use crate::{LoadError, atomic, columnar::IdSink};

const COLUMN: &str = "id";
const BATCH_ROWS: usize = 1 << 16;

/// Writes ids as a Parquet table of one column, atomically. Row numbers are written out.
///
/// # Errors
/// [`WriteError`] if the file cannot be written; the path is then as it was.
pub fn write_ids(path: &Path, ids: &Ids) -> Result<(), WriteError> {
    let array: ArrayRef = match ids {
        Ids::Rows(n) => Arc::new(Int64Array::from_iter_values(0..*n as i64)),
        Ids::Integers(ids) => Arc::new(Int64Array::from_iter_values(ids.iter().copied())),
        Ids::Strings(ids) => Arc::new(StringArray::from_iter_values(ids)),
    };
    let write = |file: &mut atomic::AtomicWriter<'_>| -> Result<(), Failure> {
        let batch = RecordBatch::try_from_iter([(COLUMN, array)])?;
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None)?;
        writer.write(&batch)?;
        writer.close()?;
        Ok(())
    };
    atomic::write_with(path, write).map_err(|failure| failure.at(path))
}

/// Reads what [`write_ids`] wrote.
///
/// # Errors
/// [`LoadError`] if the file is missing, damaged or no table of distinct ids.
pub fn read_ids(path: &Path) -> Result<Ids, LoadError> {
    let file = ParquetFile::open(path)?;
    let Some((place, field)) = file.schema().column_with_name(COLUMN) else {
        let columns = file.schema().fields().iter();
        return Err(LoadError::NoSuchColumn {
            path: path.into(),
            column: COLUMN.into(),
            nearest: None,
            columns: columns.map(|field| field.name().clone()).collect(),
        });
    };
    if !(field.data_type().is_integer() || *field.data_type() == DataType::Utf8) {
        return Err(LoadError::ColumnType {
            path: path.into(),
            column: COLUMN.into(),
            key: "id_column",
            found: field.data_type().to_string(),
            expected: "integers or strings",
        });
    }
    let mut sink = IdSink::new(path, COLUMN, field.data_type());
    let mut batches = file.batches(&[place], BATCH_ROWS)?;
    while let Some(batch) = batches.next()? {
        guard(path, "ids", || sink.append(batch.column(0)))?;
    }
    sink.check_distinct()?;
    Ok(sink.drain())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_the_way_through_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ids.parquet");
        for (ids, expected) in [
            (Ids::Rows(3), Ids::Integers(vec![0, 1, 2])),
            (Ids::Integers(vec![7, -1]), Ids::Integers(vec![7, -1])),
            (
                Ids::Strings(vec!["b".into(), "a".into()]),
                Ids::Strings(vec!["b".into(), "a".into()]),
            ),
        ] {
            write_ids(&path, &ids).unwrap();
            assert_eq!(read_ids(&path).unwrap(), expected);
        }
    }

    #[test]
    fn a_table_without_ids_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ids.parquet");
        let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        let batch = RecordBatch::try_from_iter([("row", column)]).unwrap();
        let file = std::fs::File::create(&path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let message = read_ids(&path).unwrap_err().to_string();
        assert!(message.contains("no column `id`; it has row"), "{message}");
    }
}
