//! What the other columns of a table say of some of its rows: for whoever reads about single rows.

use std::{collections::BTreeMap, fmt::Display, ops::Range, path::Path};

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, RecordBatch,
    cast::AsArray,
    types::{
        Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_schema::DataType;
use serde::{Deserialize, Serialize};

use crate::{
    Format, LoadError, LoadOptions,
    columnar::{Roles, Table, id_column, is_text, select_rows, without_dictionary},
    format::Opened,
    parquet::guard,
    shards,
    texts::TEXT_NAMES,
};

/// Most values a column of groups has: more of them are names, not groups.
const MOST_GROUPS: usize = 12;

/// Columns of groups that are kept; the first of the table.
const MOST_GROUP_COLUMNS: usize = 8;

/// Characters of a text that are kept.
const TEXT_CHARS: usize = 240;

/// What a group without a value is called.
const NO_VALUE: &str = "(none)";

/// What is known of one row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFacts {
    /// What the user calls it.
    pub id: Option<String>,
    /// Its text, cut after 240 characters.
    pub text: Option<String>,
    /// Its value in each column of groups: strings, booleans or integers, of which there are 2 to
    /// 12 different ones among the rows asked for.
    pub groups: BTreeMap<String, String>,
}

/// What `columns` say of their rows: ids of a column with a usual name, texts of one called `text`
/// or the like or else of the longest strings, groups of the others. `path` is told in errors.
///
/// # Errors
/// [`LoadError`] if a column is damaged.
pub fn row_facts(path: &Path, columns: &RecordBatch) -> Result<Vec<RowFacts>, LoadError> {
    guard(path, "other columns", || {
        let schema = columns.schema();
        let id = id_column(path, &schema, None)?;
        let mut all: Vec<Column> = Vec::new();
        for (place, array) in columns.columns().iter().enumerate() {
            all.extend(values(array).map(|values| Column {
                name: schema.field(place).name().clone(),
                is_id: Some(place) == id,
                is_text: is_text(array.data_type()),
                values,
            }));
        }
        Ok(facts(all, columns.num_rows()))
    })
}

/// The same of some rows (ascending) of a table: Parquet, in several files too, Arrow, JSON lines or
/// CSV. Columns that hold neither strings, booleans nor integers are not decoded, the vectors least
/// of all. None of a format that has no columns: npy, HDF5, safetensors and the flat ones.
///
/// # Errors
/// [`LoadError`] if a file cannot be read, or does not have the columns that `options` names.
pub fn read_row_facts(
    path: &Path,
    options: &LoadOptions,
    rows: &[usize],
) -> Result<Vec<RowFacts>, LoadError> {
    let files = shards::find(path)?.unwrap_or_else(|| vec![path.into()]);
    let (mut first, mut parts) = (0, Vec::new());
    for file in &files {
        let Opened::Rows(mut table) = Format::detect(file)?.open(file, options)? else {
            return Ok(Vec::new());
        };
        // Several files are Parquet, which says how many rows it has.
        let end = table.claimed().map_or(usize::MAX, |n| first + n);
        let wanted = within(rows, first..end);
        parts.extend(rows_of(file, table.as_mut(), options, &wanted)?);
        first = end;
    }
    let Some(schema) = parts.first().map(RecordBatch::schema) else {
        return Ok(Vec::new());
    };
    let whole = arrow_select::concat::concat_batches(&schema, &parts);
    let whole = whole.map_err(|error| LoadError::Parts {
        path: path.into(),
        problem: format!("other columns differ between the files: {error}"),
    })?;
    row_facts(path, &whole)
}

/// Some rows of one file; without those of types that nobody asks for.
fn rows_of(
    path: &Path,
    table: &mut dyn Table,
    options: &LoadOptions,
    rows: &[usize],
) -> Result<Vec<RecordBatch>, LoadError> {
    let schema = table.schema();
    let mut places = Roles::find(path, &schema, options)?.others;
    places.retain(|&place| is_plain(schema.field(place).data_type()));
    let (mut parts, mut first) = (Vec::new(), 0);
    let end = rows.last().map_or(0, |last| last + 1);
    while !places.is_empty()
        && first < end
        && let Some(batch) = table.next(&places)?
    {
        let next = first + batch.num_rows();
        let wanted = within(rows, first..next);
        if !wanted.is_empty() {
            parts.push(guard(path, "other columns", || {
                Ok(select_rows(&batch, &wanted))
            })?);
        }
        first = next;
    }
    Ok(parts)
}

/// The rows that lie in a part of the table, by their numbers in it.
fn within(rows: &[usize], part: Range<usize>) -> Vec<usize> {
    let within = rows.iter().filter(|row| part.contains(*row));
    within.map(|row| row - part.start).collect()
}

/// A column whose values can be told.
struct Column {
    name: String,
    is_id: bool,
    is_text: bool,
    values: Vec<Option<String>>,
}

impl Column {
    fn different(&self) -> usize {
        let mut values: Vec<&Option<String>> = self.values.iter().collect();
        values.sort_unstable();
        values.dedup();
        values.len()
    }

    /// Groups of five rows on average, so that a mean over one says something.
    fn is_group(&self) -> bool {
        let different = self.different();
        (2..=MOST_GROUPS).contains(&different) && self.values.len() >= 5 * different
    }

    fn is_usual_text(&self) -> bool {
        TEXT_NAMES
            .iter()
            .any(|name| self.name.eq_ignore_ascii_case(name))
    }

    fn length(&self) -> usize {
        self.values.iter().flatten().map(String::len).sum()
    }
}

fn facts(mut columns: Vec<Column>, n: usize) -> Vec<RowFacts> {
    let mut facts = vec![RowFacts::default(); n];
    if let Some(at) = columns.iter().position(|column| column.is_id) {
        for (facts, id) in facts.iter_mut().zip(columns.remove(at).values) {
            facts.id = id;
        }
    }
    if let Some(at) = text_column(&columns) {
        for (facts, text) in facts.iter_mut().zip(columns.remove(at).values) {
            facts.text = text.map(|text| cut(&text));
        }
    }
    let groups = columns.into_iter().filter(Column::is_group);
    for column in groups.take(MOST_GROUP_COLUMNS) {
        for (facts, value) in facts.iter_mut().zip(column.values) {
            let value = value.unwrap_or_else(|| NO_VALUE.to_owned());
            facts.groups.insert(column.name.clone(), value);
        }
    }
    facts
}

/// The one with a usual name, or else the longest that makes no groups.
fn text_column(columns: &[Column]) -> Option<usize> {
    let texts = || {
        columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.is_text)
    };
    let usual = texts().find(|(_, column)| column.is_usual_text());
    let others = texts().filter(|(_, column)| !column.is_group());
    let longest = || others.max_by_key(|(_, column)| column.length());
    usual.or_else(longest).map(|(at, _)| at)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn is_plain(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_plain(values),
        DataType::Boolean => true,
        other => is_text(other) || other.is_integer(),
    }
}

/// The values as text; `None` of a column of another type.
fn values(array: &ArrayRef) -> Option<Vec<Option<String>>> {
    if !is_plain(array.data_type()) {
        return None;
    }
    let array = &without_dictionary(array);
    Some(match array.data_type() {
        DataType::Boolean => told(array.as_boolean().iter()),
        DataType::Utf8 => told(array.as_string::<i32>().iter()),
        DataType::LargeUtf8 => told(array.as_string::<i64>().iter()),
        DataType::Utf8View => told(array.as_string_view().iter()),
        DataType::Int8 => integers::<Int8Type>(array),
        DataType::Int16 => integers::<Int16Type>(array),
        DataType::Int32 => integers::<Int32Type>(array),
        DataType::UInt8 => integers::<UInt8Type>(array),
        DataType::UInt16 => integers::<UInt16Type>(array),
        DataType::UInt32 => integers::<UInt32Type>(array),
        DataType::UInt64 => integers::<UInt64Type>(array),
        _ => integers::<Int64Type>(array),
    })
}

fn integers<T: ArrowPrimitiveType<Native: Display>>(array: &ArrayRef) -> Vec<Option<String>> {
    told(array.as_primitive::<T>().iter())
}

fn told<V: Display>(values: impl Iterator<Item = Option<V>>) -> Vec<Option<String>> {
    values
        .map(|value| value.map(|value| value.to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use annbench_vectors::{Ids, Matrix};
    use arrow_array::{
        BooleanArray, DictionaryArray, Float64Array, Int64Array, ListArray, StringArray,
        types::{Float32Type, Int32Type},
    };

    use super::*;
    use crate::{Embeddings, WriteOptions, write_parquet};

    const ROWS: usize = 40;

    fn columns() -> RecordBatch {
        let rows = || 0..ROWS as i64;
        let titles = rows().map(|row| format!("title {row}"));
        let texts = rows().map(|row| "wörd ".repeat(40 + row as usize));
        let language: DictionaryArray<Int32Type> = rows()
            .map(|row| ["de", "en", "fr"][row as usize % 3])
            .collect();
        let new = rows().map(|row| (row > 3).then_some(row % 2 == 0));
        let columns: [(&str, ArrayRef); 7] = [
            (
                "_id",
                Arc::new(Int64Array::from_iter_values(rows().map(|row| 100 + row))),
            ),
            ("title", Arc::new(StringArray::from_iter_values(titles))),
            ("body", Arc::new(StringArray::from_iter_values(texts))),
            ("language", Arc::new(language)),
            ("new", Arc::new(BooleanArray::from_iter(new))),
            ("year", Arc::new(Int64Array::from_iter_values(rows()))),
            ("weight", Arc::new(Float64Array::from(vec![0.5; ROWS]))),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
            .unwrap()
    }

    #[test]
    fn a_row_is_told_by_its_id_its_text_and_its_groups() {
        let facts = row_facts(Path::new("q.jsonl"), &columns()).unwrap();
        assert_eq!(facts.len(), ROWS);
        assert_eq!(facts[1].id.as_deref(), Some("101"));
        let text = facts[39].text.as_deref().unwrap();
        assert!(text.starts_with("wörd ") && text.ends_with('…'), "{text}");
        assert_eq!(text.chars().count(), TEXT_CHARS + 1);
        let groups = |row: usize| {
            let groups = facts[row].groups.iter();
            groups
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            groups(1),
            ["language=en", "new=(none)"],
            "40 years are no groups"
        );
        assert_eq!(groups(5), ["language=fr", "new=false"]);
    }

    #[test]
    fn a_few_rows_of_a_large_table_are_told_without_its_vectors() {
        let folder = tempfile::tempdir().unwrap();
        let (path, parts) = (
            folder.path().join("base.parquet"),
            folder.path().join("parts"),
        );
        let vectors = || Matrix::from_vec(vec![1.0; 2 * ROWS], 2).unwrap();
        let mut embeddings = Embeddings::new(vectors(), Ids::Rows(ROWS)).unwrap();
        let without_id: Vec<usize> = (1..7).collect();
        embeddings.columns = Some(columns().project(&without_id).unwrap());
        write_parquet(&path, &embeddings, &WriteOptions::default()).unwrap();
        for part in ["a-0.parquet", "a-1.parquet"] {
            write_parquet(&parts.join(part), &embeddings, &WriteOptions::default()).unwrap();
        }
        let rows: Vec<usize> = (0..ROWS).filter(|row| row % 2 == 1).collect();
        let all = row_facts(&path, embeddings.columns.as_ref().unwrap()).unwrap();
        let expected: Vec<RowFacts> = rows.iter().map(|&row| all[row].clone()).collect();
        let read = |path: &Path, rows: &[usize]| {
            let facts = read_row_facts(path, &LoadOptions::default(), rows).unwrap();
            facts
                .into_iter()
                .map(|facts| (facts.text, facts.groups["language"].clone()))
                .collect::<Vec<_>>()
        };
        let expected: Vec<_> = expected
            .into_iter()
            .map(|facts| (facts.text, facts.groups["language"].clone()))
            .collect();
        assert_eq!(read(&path, &rows), expected);
        let behind: Vec<usize> = rows.iter().map(|row| row + ROWS).collect();
        assert_eq!(read(&parts, &behind), expected);
    }

    /// 2,000 rows, which are several batches of text.
    fn check_text(name: &str, head: &str, row: impl Fn(usize, &str) -> String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let rows = (0..2_000).map(|at| row(at, ["even", "odd"][at % 2]));
        std::fs::write(&path, head.to_owned() + &rows.collect::<String>()).unwrap();
        let wanted: Vec<usize> = (0..20).map(|at| 91 * at + 1).collect();
        let facts = read_row_facts(&path, &LoadOptions::default(), &wanted).unwrap();
        assert_eq!(facts.len(), wanted.len(), "{name}");
        for (facts, row) in facts.iter().zip(&wanted) {
            let text = format!("words of {row}");
            assert_eq!(facts.text.as_deref(), Some(text.as_str()), "{name}");
            let parity = facts.groups.get("parity").map(String::as_str);
            assert_eq!(parity, Some(["even", "odd"][row % 2]), "{name}");
        }
    }

    #[test]
    fn a_few_rows_of_text_are_told_by_their_columns() {
        check_text("base.jsonl", "", |at, parity| {
            format!(
                "{{\"id\": {at}, \"v\": [1.0, {at}], \"text\": \"words of {at}\", \
                 \"parity\": \"{parity}\"}}\n"
            )
        });
        check_text("base.csv", "id,v,text,parity\n", |at, parity| {
            format!("{at},\"[1.0, {at}]\",words of {at},{parity}\n")
        });
    }

    #[test]
    fn an_arrow_file_is_told_by_its_columns_and_an_array_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("base.arrow");
        let rows = (0..ROWS).map(|row| Some(vec![Some(row as f32), Some(1.0)]));
        let vectors = ListArray::from_iter_primitive::<Float32Type, _, _>(rows);
        let columns = columns();
        let mut all: Vec<(&str, ArrayRef)> = vec![("v", Arc::new(vectors))];
        let schema = columns.schema();
        let names = schema.fields().iter().map(|field| field.name().as_str());
        all.extend(names.zip(columns.columns().iter().cloned()));
        let batch = RecordBatch::try_from_iter_with_nullable(
            all.into_iter().map(|(name, array)| (name, array, true)),
        );
        let batch = batch.unwrap();
        let file = std::fs::File::create(&path).unwrap();
        let mut writer = arrow_ipc::writer::FileWriter::try_new(file, &batch.schema()).unwrap();
        let half = ROWS / 2;
        writer.write(&batch.slice(0, half)).unwrap();
        writer.write(&batch.slice(half, ROWS - half)).unwrap();
        writer.finish().unwrap();
        let rows: Vec<usize> = (0..ROWS).filter(|row| row % 2 == 1).collect();
        let facts = read_row_facts(&path, &LoadOptions::default(), &rows).unwrap();
        let told: Vec<&str> = facts
            .iter()
            .map(|facts| facts.groups["language"].as_str())
            .collect();
        let expected: Vec<&str> = rows.iter().map(|row| ["de", "en", "fr"][row % 3]).collect();
        assert_eq!(told, expected);

        let array = folder.path().join("base.npy");
        crate::npy::write(&array, &[1.0f32; 6], &[3, 2]).unwrap();
        let options = LoadOptions::default();
        assert_eq!(read_row_facts(&array, &options, &[0]).unwrap(), []);
    }
}
