//! A column of texts, batch by batch, from the formats of tables.

use std::path::Path;

use annbench_vectors::Ids;
use arrow_array::{Array, RecordBatch, cast::AsArray};
use arrow_schema::{DataType, Schema};

use crate::{
    Format, LoadError,
    columnar::{IdSink, Table, id_column, is_text, place},
    parquet::{ParquetFile, guard},
    text::TextTable,
};

/// What a column of texts is usually called, the likeliest first.
pub(crate) const TEXT_NAMES: [&str; 8] = [
    "text",
    "texts",
    "sentence",
    "paragraph",
    "passage",
    "content",
    "document",
    "body",
];

const BATCH_ROWS: usize = 1 << 12;

/// Which columns of a table to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextColumns {
    /// The column of texts. `None`: one called `text` or the like, else the only one there is.
    pub text: Option<String>,
    /// The column of ids, as in [`LoadOptions`](crate::LoadOptions).
    pub id: Option<String>,
}

/// Some rows of a table: texts and what they are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextRows {
    /// The texts.
    pub texts: Vec<String>,
    /// One name a text; `Ids::Rows` where the table names none.
    pub ids: Ids,
}

/// Reads texts from Parquet, JSON lines or CSV and hands them to `take`, batch by batch, in order.
///
/// # Errors
/// [`LoadError`] names the row or line that is no text, the column that is missing, or the ids that
/// are not distinct (which is known at the end); what `take` fails with ends the reading.
pub fn read_texts<E: From<LoadError>>(
    path: &Path,
    columns: &TextColumns,
    take: &mut dyn FnMut(TextRows) -> Result<(), E>,
) -> Result<(), E> {
    match format(path)? {
        Format::Parquet => {
            let file = ParquetFile::open(path)?;
            let schema = file.schema().clone();
            let mut reader = Reader::new(path, &schema, columns)?;
            let mut batches = file.batches(&reader.places, BATCH_ROWS)?;
            while let Some(batch) = batches.next()? {
                let place = format!("at row {}", reader.row);
                take(guard(path, &place, || reader.rows(&batch, false))?)?;
            }
            reader.finish()?;
        }
        format @ (Format::JsonLines | Format::Csv) => {
            let mut table = TextTable::of_columns(path, format)?;
            let schema = table.schema();
            let mut reader = Reader::new(path, &schema, columns)?;
            while let Some(batch) = table.next(&reader.places)? {
                take(reader.rows(&batch, format == Format::Csv)?)?;
            }
            reader.finish()?;
        }
        format => {
            return Err(LoadError::NoTexts {
                path: path.into(),
                format,
            }
            .into());
        }
    }
    Ok(())
}

/// What the name of a text format says is believed: a byte that is no text is then told with its line.
fn format(path: &Path) -> Result<Format, LoadError> {
    match Format::of_extension(path) {
        Some(format @ (Format::JsonLines | Format::Csv)) => Ok(format),
        _ => Format::detect(path),
    }
}

/// Takes texts and ids out of batches.
struct Reader<'a> {
    path: &'a Path,
    column: &'a str,
    /// Places in the table of the columns that are read, ascending.
    places: Vec<usize>,
    /// Place of the texts in a batch.
    text: usize,
    /// Place of the ids in a batch, and all ids so far.
    id: Option<(usize, IdSink<'a>)>,
    row: usize,
}

impl<'a> Reader<'a> {
    fn new(path: &'a Path, schema: &'a Schema, columns: &TextColumns) -> Result<Self, LoadError> {
        let id = id_column(path, schema, columns.id.as_deref())?;
        let text = text_column(path, schema, columns.text.as_deref(), id)?;
        // A table whose only column of strings is called `key` or the like has texts, no ids.
        let id = id.filter(|&id| id != text);
        let mut places: Vec<usize> = id.into_iter().chain([text]).collect();
        places.sort_unstable();
        let sink = |id: usize| {
            let field = schema.field(id);
            IdSink::new(path, field.name(), field.data_type())
        };
        Ok(Self {
            path,
            column: schema.field(text).name(),
            text: usize::from(id.is_some_and(|id| id < text)),
            id: id.map(|id| (usize::from(id > text), sink(id))),
            places,
            row: 0,
        })
    }

    fn rows(&mut self, batch: &RecordBatch, null_is_empty: bool) -> Result<TextRows, LoadError> {
        let texts = batch.column(self.text);
        if let Some(at) = (0..texts.len()).find(|&at| texts.is_null(at) && !null_is_empty) {
            return Err(LoadError::NullText {
                path: self.path.into(),
                column: self.column.into(),
                row: self.row + at,
            });
        }
        let ids = match &mut self.id {
            Some((place, ids)) => ids.append_batch(batch.column(*place))?,
            None => Ids::Rows(texts.len()),
        };
        self.row += texts.len();
        Ok(TextRows {
            texts: strings(texts),
            ids,
        })
    }

    fn finish(self) -> Result<(), LoadError> {
        match self.id {
            Some((_, ids)) => ids.check_distinct(),
            None => Ok(()),
        }
    }
}

fn text_column(
    path: &Path,
    schema: &Schema,
    named: Option<&str>,
    id: Option<usize>,
) -> Result<usize, LoadError> {
    if let Some(name) = named {
        let column = place(path, schema, name)?;
        return match schema.field(column).data_type() {
            data_type if is_text(data_type) => Ok(column),
            other => Err(LoadError::ColumnType {
                path: path.into(),
                column: name.into(),
                key: "column",
                found: other.to_string(),
                expected: "strings",
            }),
        };
    }
    let fields = schema.fields().iter().enumerate();
    let found: Vec<usize> = fields
        .filter(|(_, field)| is_text(field.data_type()))
        .map(|(column, _)| column)
        .collect();
    let called =
        |column: &&usize, name: &str| schema.field(**column).name().eq_ignore_ascii_case(name);
    let usual = TEXT_NAMES
        .iter()
        .find_map(|name| found.iter().find(|column| called(column, name)));
    let without_id: Vec<usize> = found
        .iter()
        .copied()
        .filter(|&column| Some(column) != id)
        .collect();
    match (usual, &without_id[..], &found[..]) {
        (Some(&column), _, _) => Ok(column),
        (None, &[column], _) | (None, [], &[column]) => Ok(column),
        _ => Err(LoadError::WhichTexts {
            path: path.into(),
            columns: schema
                .fields()
                .iter()
                .map(|field| field.name().clone())
                .collect(),
        }),
    }
}

/// The strings of a column; null becomes empty.
fn strings(array: &dyn Array) -> Vec<String> {
    fn owned<'a>(strings: impl Iterator<Item = Option<&'a str>>) -> Vec<String> {
        strings
            .map(|text| text.unwrap_or_default().to_owned())
            .collect()
    }
    match array.data_type() {
        DataType::LargeUtf8 => owned(array.as_string::<i64>().iter()),
        DataType::Utf8View => owned(array.as_string_view().iter()),
        _ => owned(array.as_string::<i32>().iter()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use annbench_vectors::Matrix;
    use arrow_array::{ArrayRef, LargeStringArray};

    use super::*;
    use crate::{Embeddings, WriteOptions, write_parquet};

    fn read(path: &Path, columns: &TextColumns) -> Result<(Vec<String>, Vec<String>), String> {
        let (mut texts, mut names) = (Vec::new(), Vec::new());
        read_texts::<LoadError>(path, columns, &mut |rows| {
            let ids = (0..rows.texts.len()).filter_map(|row| rows.ids.get(row));
            names.extend(ids.map(|id| id.to_string()));
            texts.extend(rows.texts);
            Ok(())
        })
        .map_err(|error| error.to_string())?;
        Ok((texts, names))
    }

    #[track_caller]
    fn check(name: &str, content: &[u8], expected: Result<[&str; 2], &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        match (read(&path, &TextColumns::default()), expected) {
            (Ok((texts, names)), Ok([first, id])) => {
                assert_eq!((texts[0].as_str(), names[0].as_str()), (first, id));
            }
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, _) => panic!("{name}: {found:?}"),
        }
    }

    #[test]
    fn texts_are_found_by_name_or_as_the_only_strings() {
        check("a.csv", b"id,n,Text\n7,1,one\n8,2,\n", Ok(["one", "7"]));
        check("a.csv", b"remark\none\n", Ok(["one", "0"]));
        check("a.tsv", b"id\tremark\n7\tone\n", Ok(["one", "7"]));
        check(
            "a.jsonl",
            b"{\"body\": \"one\", \"id\": \"x\"}\n",
            Ok(["one", "x"]),
        );
        check("a.csv", b"a,b\n1,2\n", Err("name the one with texts: a, b"));
        check("a.npy", b"\x93NUMPY\x01\x00", Err("holds no texts"));
    }

    #[test]
    fn what_is_no_text_is_refused_by_row_or_line() {
        check(
            "a.jsonl",
            b"{\"text\": \"a\"}\n{\"text\": null}\n",
            Err("row 1: the text is null"),
        );
        check(
            "a.jsonl",
            b"{\"text\": \"a\"}\n{\"text\": \"\xff\"}\n",
            Err("line 2: "),
        );
        check("a.csv", b"text\nfine\nna\xefve\n", Err("line 3: "));
        check("a.csv", b"id,text\n1,a\n1,b\n", Err("both have the id `1`"));
    }

    #[test]
    fn texts_and_ids_come_from_parquet_in_batches() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("texts.parquet");
        let n = 2 * BATCH_ROWS + 1;
        let texts: ArrayRef = Arc::new(LargeStringArray::from_iter_values(
            (0..n).map(|i| format!("text {i}")),
        ));
        let ids = Ids::Integers((0..n as i64).map(|i| i + 10).collect());
        let vectors = Matrix::from_vec(vec![0.0; n], 1).unwrap();
        let mut embeddings = Embeddings::new(vectors, ids).unwrap();
        embeddings.columns = Some(RecordBatch::try_from_iter([("text", texts)]).unwrap());
        write_parquet(&path, &embeddings, &WriteOptions::default()).unwrap();
        let (texts, names) = read(&path, &TextColumns::default()).unwrap();
        assert_eq!((texts.len(), names.len()), (n, n));
        assert_eq!(
            (texts[n - 1].as_str(), names[n - 1].as_str()),
            ("text 8192", "8202")
        );
        let columns = TextColumns {
            text: Some("embedding".into()),
            id: None,
        };
        let error = read(&path, &columns).unwrap_err();
        assert!(error.contains("column takes strings"), "{error}");
    }
}
