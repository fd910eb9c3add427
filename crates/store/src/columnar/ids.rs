//! Ids, batch by batch, and the check that they are distinct.

use std::path::Path;

use annbench_vectors::Ids;
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType,
    cast::AsArray,
    types::{
        Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_schema::DataType;

use super::vectors::first_null;
use crate::LoadError;

/// Collects the ids of a column.
pub(crate) struct IdSink<'a> {
    path: &'a Path,
    column: String,
    ids: Ids,
    /// Ids that were handed over already.
    drained: usize,
}

impl<'a> IdSink<'a> {
    pub(crate) fn new(path: &'a Path, column: &str, data_type: &DataType) -> Self {
        let value_type = match data_type {
            DataType::Dictionary(_, values) => values,
            other => other,
        };
        let ids = match value_type.is_integer() {
            true => Ids::Integers(Vec::new()),
            false => Ids::Strings(Vec::new()),
        };
        Self {
            path,
            column: column.into(),
            ids,
            drained: 0,
        }
    }

    /// Appends a batch of ids.
    pub(crate) fn append(&mut self, array: &ArrayRef) -> Result<(), LoadError> {
        let array = without_dictionary(array);
        if let Some(row) = first_null(&array) {
            return Err(LoadError::NullId {
                path: self.path.into(),
                column: self.column.clone(),
                row: self.drained + self.ids.len() + row,
            });
        }
        match &mut self.ids {
            Ids::Integers(ids) => {
                let appended = append_integers(ids, &array);
                appended.map_err(|(row, id)| LoadError::IdTooLarge {
                    path: self.path.into(),
                    column: self.column.clone(),
                    row: self.drained + row,
                    id,
                })
            }
            Ids::Strings(ids) => {
                append_strings(ids, &array);
                Ok(())
            }
            Ids::Rows(_) => Ok(()),
        }
    }

    /// [`append`](Self::append), and the batch's own ids.
    pub(crate) fn append_batch(&mut self, array: &ArrayRef) -> Result<Ids, LoadError> {
        let start = self.ids.len();
        self.append(array)?;
        Ok(self
            .ids
            .select(&(start..self.ids.len()).collect::<Vec<_>>()))
    }

    /// The ids since the last time; whether all are distinct is not asked.
    pub(crate) fn drain(&mut self) -> Ids {
        self.drained += self.ids.len();
        let empty = match &self.ids {
            Ids::Integers(_) => Ids::Integers(Vec::new()),
            _ => Ids::Strings(Vec::new()),
        };
        std::mem::replace(&mut self.ids, empty)
    }

    /// Refuses ids that repeat one another.
    pub(crate) fn check_distinct(&self) -> Result<(), LoadError> {
        check_distinct(self.path, &self.column, &self.ids)
    }
}

/// Refuses ids that repeat one another; `column` is what the message calls them.
pub(crate) fn check_distinct(path: &Path, column: &str, ids: &Ids) -> Result<(), LoadError> {
    let duplicate = match ids {
        Ids::Integers(ids) => first_duplicate(ids),
        Ids::Strings(ids) => first_duplicate(ids),
        Ids::Rows(_) => None,
    };
    match duplicate {
        Some(rows) => Err(LoadError::duplicate_id(path, column, (ids, rows.1), rows)),
        None => Ok(()),
    }
}

/// The values themselves. To be called under [`guard`](crate::parquet::guard), for a damaged file may
/// name entries that are not there.
pub(crate) fn without_dictionary(array: &ArrayRef) -> ArrayRef {
    let Some(dictionary) = array.as_any_dictionary_opt() else {
        return array.clone();
    };
    // Keys that name no entry would be the decoder's fault; the guard around it reports them.
    #[expect(
        clippy::expect_used,
        reason = "under `guard`, which turns it into an error"
    )]
    arrow_select::take::take(dictionary.values(), dictionary.keys(), None)
        .expect("keys name entries")
}

/// Appends integers of any width; an id beyond i64 is handed back with its row.
fn append_integers(ids: &mut Vec<i64>, array: &dyn Array) -> Result<(), (usize, u64)> {
    match array.data_type() {
        DataType::Int8 => extend::<Int8Type>(ids, array),
        DataType::Int16 => extend::<Int16Type>(ids, array),
        DataType::Int32 => extend::<Int32Type>(ids, array),
        DataType::UInt8 => extend::<UInt8Type>(ids, array),
        DataType::UInt16 => extend::<UInt16Type>(ids, array),
        DataType::UInt32 => extend::<UInt32Type>(ids, array),
        DataType::UInt64 => {
            for &id in array.as_primitive::<UInt64Type>().values() {
                ids.push(i64::try_from(id).map_err(|_| (ids.len(), id))?);
            }
        }
        _ => extend::<Int64Type>(ids, array),
    }
    Ok(())
}

fn extend<T: ArrowPrimitiveType<Native: Into<i64>>>(ids: &mut Vec<i64>, array: &dyn Array) {
    ids.extend(
        array
            .as_primitive::<T>()
            .values()
            .iter()
            .map(|&id| id.into()),
    );
}

fn append_strings(ids: &mut Vec<String>, array: &dyn Array) {
    let owned = |id: Option<&str>| id.unwrap_or_default().to_owned();
    match array.data_type() {
        DataType::LargeUtf8 => ids.extend(array.as_string::<i64>().iter().map(owned)),
        DataType::Utf8View => ids.extend(array.as_string_view().iter().map(owned)),
        _ => ids.extend(array.as_string::<i32>().iter().map(owned)),
    }
}

/// The pair of rows with one id whose second row comes first.
fn first_duplicate<T: Ord>(ids: &[T]) -> Option<(usize, usize)> {
    let mut rows: Vec<usize> = (0..ids.len()).collect();
    rows.sort_unstable_by(|&a, &b| ids[a].cmp(&ids[b]).then(a.cmp(&b)));
    rows.windows(2)
        .filter(|pair| ids[pair[0]] == ids[pair[1]])
        .map(|pair| (pair[0], pair[1]))
        .min_by_key(|&(_, second)| second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{DictionaryArray, StringViewArray, UInt8Array, UInt64Array};
    use std::sync::Arc;

    fn check(batches: &[ArrayRef]) -> Result<Ids, String> {
        let mut sink = IdSink::new(Path::new("x.parquet"), "id", batches[0].data_type());
        batches
            .iter()
            .try_for_each(|batch| sink.append(batch))
            .and_then(|()| sink.check_distinct())
            .map(|()| sink.drain())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn ids_of_every_type_are_read() {
        let strings = Ids::Strings(vec!["b".into(), "a".into()]);
        let dictionary: DictionaryArray<Int32Type> = ["b", "a"].into_iter().collect();
        let cases: [(ArrayRef, Ids); 3] = [
            (
                Arc::new(UInt8Array::from(vec![7, 3])),
                Ids::Integers(vec![7, 3]),
            ),
            (
                Arc::new(StringViewArray::from(vec!["b", "a"])),
                strings.clone(),
            ),
            (Arc::new(dictionary), strings),
        ];
        for (array, expected) in cases {
            assert_eq!(check(&[array]).unwrap(), expected);
        }
    }

    #[test]
    fn rows_of_refused_ids_count_over_batches() {
        let batch = |ids: Vec<Option<u64>>| -> ArrayRef { Arc::new(UInt64Array::from(ids)) };
        let cases = [
            (batch(vec![Some(5), None]), "row 3: the id is null"),
            (
                batch(vec![Some(5), Some(u64::MAX)]),
                "row 3: the id 18446744073709551615 is beyond",
            ),
            (
                batch(vec![Some(5), Some(1)]),
                "rows 0 and 3 both have the id `1`",
            ),
            (
                batch(vec![Some(2), Some(1)]),
                "rows 1 and 2 both have the id `2`",
            ),
            (
                batch(vec![Some(5), Some(5)]),
                "rows 2 and 3 both have the id `5`",
            ),
        ];
        for (second, expected) in cases {
            let message = check(&[batch(vec![Some(1), Some(2)]), second]).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
