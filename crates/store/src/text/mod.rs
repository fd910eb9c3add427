//! Text: JSON lines and CSV with a column of vectors.
//!
//! Both become batches of a table like those of Parquet, so that columns are found, and rows
//! refused, in the same way. Ids are integers if all are written as such, else strings; other
//! columns are kept as text.

mod csv;
mod json;

use std::{path::Path, sync::Arc};

use annbench_vectors::Ids;
use arrow_array::{
    ArrayRef, RecordBatch,
    builder::{Float32Builder, ListBuilder, StringBuilder},
};
use arrow_schema::{DataType, Field, Schema};

use crate::{
    Format, LoadError, LoadOptions,
    columnar::{Roles, Table, TableSize},
};

const BATCH_ROWS: usize = 1 << 10;

/// A field of a row.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    /// Nothing, or JSON's null.
    Null,
    /// The components of a vector.
    Vector(Vec<Option<f32>>),
    /// An integer, as it is written.
    Integer(String),
    /// Anything else.
    Text(String),
}

/// Rows of a text file.
trait Rows {
    /// The columns: a list of floats where the first row holds a vector, text elsewhere.
    fn schema(&self) -> Arc<Schema>;
    /// The wanted cells of the next row; `columns` are places in the schema, ascending.
    fn next(&mut self, columns: &[usize]) -> Result<Option<Vec<Cell>>, LoadError>;
    /// Bytes of the file that were read so far.
    fn bytes_read(&self) -> u64;
}

fn open<'a>(path: &'a Path, format: Format) -> Result<Box<dyn Rows + 'a>, LoadError> {
    match format {
        Format::Csv => Ok(Box::new(csv::CsvRows::open(path)?)),
        _ => Ok(Box::new(json::JsonRows::open(path)?)),
    }
}

/// An opened text file as a table.
pub(crate) struct TextTable<'a> {
    path: &'a Path,
    format: Format,
    rows: Box<dyn Rows + 'a>,
    schema: Arc<Schema>,
    /// Place of the column of ids.
    id: Option<usize>,
    /// Whether an id was met that is no integer.
    has_text_ids: bool,
    file_bytes: u64,
    read: usize,
    counted: Option<usize>,
}

impl<'a> TextTable<'a> {
    /// Opens a file of vectors and looks at its first row for the columns.
    pub(crate) fn open(
        path: &'a Path,
        format: Format,
        options: &LoadOptions,
    ) -> Result<Self, LoadError> {
        let mut table = Self::of_columns(path, format)?;
        table.id = Roles::find(path, &table.schema, options)?.id;
        Ok(table)
    }

    /// The same of a file that need not hold vectors, for whoever knows its columns.
    pub(crate) fn of_columns(path: &'a Path, format: Format) -> Result<Self, LoadError> {
        let rows = open(path, format)?;
        let metadata = std::fs::metadata(path).map_err(|source| LoadError::io(path, source))?;
        let schema = rows.schema();
        Ok(Self {
            path,
            format,
            id: None,
            schema,
            rows,
            has_text_ids: false,
            file_bytes: metadata.len(),
            read: 0,
            counted: None,
        })
    }

    fn note_id(&mut self, columns: &[usize], cells: &[Cell]) {
        let place = columns.iter().position(|&column| Some(column) == self.id);
        self.has_text_ids |= place.is_some_and(|place| matches!(cells[place], Cell::Text(_)));
    }
}

impl Table for TextTable<'_> {
    fn schema(&self) -> Arc<Schema> {
        self.schema.clone()
    }

    fn next(&mut self, columns: &[usize]) -> Result<Option<RecordBatch>, LoadError> {
        let mut batch = Batch::new(&self.schema, columns);
        while batch.rows < BATCH_ROWS
            && let Some(cells) = self.rows.next(columns)?
        {
            self.note_id(columns, &cells);
            batch.append(cells);
        }
        self.read += batch.rows;
        match batch.rows {
            0 => Ok(None),
            _ => batch.finish(self.path, &self.schema, columns).map(Some),
        }
    }

    /// Rows that were counted, else a guess by the bytes they took so far.
    fn size(&self) -> TableSize {
        let used = u128::from(self.rows.bytes_read().max(1));
        let guess = self.read as u128 * u128::from(self.file_bytes) / used;
        TableSize {
            rows: self.counted.unwrap_or(guess as usize),
            file_bytes: self.file_bytes,
        }
    }

    /// Integers that came as text become integers again, if all did.
    fn meant(&self, ids: Ids) -> Ids {
        match ids {
            Ids::Strings(ids) if !self.has_text_ids => {
                let parsed: Result<Vec<i64>, _> = ids.iter().map(|id| id.parse()).collect();
                parsed.map_or(Ids::Strings(ids), Ids::Integers)
            }
            ids => ids,
        }
    }

    fn claimed(&self) -> Option<usize> {
        self.counted
    }

    fn survey(&mut self, id: Option<usize>) -> Result<(), LoadError> {
        let columns: Vec<usize> = id.into_iter().collect();
        let mut rows = open(self.path, self.format)?;
        let mut count = 0;
        while let Some(cells) = rows.next(&columns)? {
            self.note_id(&columns, &cells);
            count += 1;
        }
        self.counted = Some(count);
        Ok(())
    }
}

/// A schema by the cells of the first row.
fn schema_of<'c>(cells: impl Iterator<Item = (&'c str, &'c Cell)>) -> Arc<Schema> {
    let field = |(name, cell): (&str, &Cell)| match cell {
        Cell::Vector(_) => {
            Field::new_list(name, Field::new_list_field(DataType::Float32, true), true)
        }
        _ => Field::new(name, DataType::Utf8, true),
    };
    Arc::new(Schema::new(cells.map(field).collect::<Vec<_>>()))
}

/// Whether a text is an integer written the one usual way.
fn is_integer(text: &str) -> bool {
    text.parse::<i64>()
        .is_ok_and(|number| number.to_string() == text)
}

/// Rows on their way into a batch.
struct Batch {
    columns: Vec<Builder>,
    rows: usize,
}

enum Builder {
    Vectors(ListBuilder<Float32Builder>),
    Texts(StringBuilder),
}

impl Batch {
    fn new(schema: &Schema, columns: &[usize]) -> Self {
        let builder = |&column: &usize| match schema.field(column).data_type() {
            DataType::Utf8 => Builder::Texts(StringBuilder::new()),
            _ => Builder::Vectors(ListBuilder::new(Float32Builder::new())),
        };
        Self {
            columns: columns.iter().map(builder).collect(),
            rows: 0,
        }
    }

    fn append(&mut self, cells: Vec<Cell>) {
        self.rows += 1;
        for (builder, cell) in self.columns.iter_mut().zip(cells) {
            match (builder, cell) {
                (Builder::Vectors(lists), Cell::Vector(components)) => {
                    lists.append_value(components)
                }
                (Builder::Vectors(lists), _) => lists.append_null(),
                (Builder::Texts(texts), Cell::Integer(text) | Cell::Text(text)) => {
                    texts.append_value(text);
                }
                (Builder::Texts(texts), _) => texts.append_null(),
            }
        }
    }

    fn finish(
        self,
        path: &Path,
        schema: &Schema,
        columns: &[usize],
    ) -> Result<RecordBatch, LoadError> {
        let array = |builder: Builder| -> ArrayRef {
            match builder {
                Builder::Vectors(mut lists) => Arc::new(lists.finish()),
                Builder::Texts(mut texts) => Arc::new(texts.finish()),
            }
        };
        let arrays = self.columns.into_iter().map(array).collect();
        let projected = schema.project(columns);
        let batch = projected.and_then(|schema| RecordBatch::try_new(Arc::new(schema), arrays));
        batch.map_err(|source| LoadError::Arrow {
            path: path.into(),
            place: "text".into(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Embeddings;

    fn check(name: &str, text: &str, keep_columns: bool) -> Result<Embeddings, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let options = LoadOptions {
            keep_columns,
            ..LoadOptions::default()
        };
        crate::load(&path, &options, &mut |_| {}).map_err(|error| error.to_string())
    }

    const CSV: &str = "id,text,emb\n7,\"a, b\",\"[0.5, -1]\"\n9,c,[1e-3 2]\n";
    const JSON: &str = "{\"id\": 7, \"text\": \"a, b\", \"emb\": [0.5, -1]}\n\n\
        {\"emb\": [1e-3, 2], \"id\": 9, \"text\": \"c\", \"new\": {}}\n";

    #[test]
    fn vectors_ids_and_texts_are_read() {
        for (name, text) in [
            ("x.csv", CSV),
            (
                "x.tsv",
                &CSV.replace(", b", "")
                    .replace(',', "\t")
                    .replace("\t -1", ", -1"),
            ),
            ("x.jsonl", JSON),
        ] {
            let read = check(name, text, true).unwrap();
            assert_eq!(read.vectors.as_slice(), [0.5, -1.0, 1e-3, 2.0], "{name}");
            assert_eq!(read.ids, Ids::Integers(vec![7, 9]), "{name}");
            assert_eq!(read.columns.unwrap().num_rows(), 2, "{name}");
            assert_eq!(check(name, text, false).unwrap().columns, None);
        }
        let strings = check(
            "x.jsonl",
            &JSON.replace("7", "\"7\"").replace("9", "\"9\""),
            false,
        );
        assert_eq!(
            strings.unwrap().ids,
            Ids::Strings(vec!["7".into(), "9".into()])
        );
        let mixed = check("x.csv", &CSV.replace("9,c", "x9,c"), false).unwrap();
        assert_eq!(mixed.ids, Ids::Strings(vec!["7".into(), "x9".into()]));
    }

    #[test]
    fn bad_rows_are_refused_by_row_or_line() {
        let csv = [
            ("[1e-3 2]", "[1e-3 x]", "line 3: component 1 is `x`"),
            ("[1e-3 2]", "[1]", "row 1: 1 components"),
            ("[1e-3 2]", "", "row 1: the vector is null"),
            ("[1e-3 2]", "1e-3", "line 3: `1e-3` is no vector"),
            ("[1e-3 2]", "\"[nan,1]\"", "row 1: component 0 is NaN"),
            (",c", "", "line 3: "),
            ("9,", "7,", "both have the id `7`"),
        ];
        let json = [
            ("[1e-3, 2]", "[1e-3, NaN]", "line 3: "),
            ("[1e-3, 2]", "[null, 2]", "row 1: component 0 is null"),
            ("[1e-3, 2]", "\"x\"", "line 3: "),
            ("\"emb\": [1e-3, 2], ", "", "row 1: the vector is null"),
            ("[1e-3, 2]", "[1e-3, 1e99]", "line 3: number out of range"),
        ];
        let csv = csv.map(|(good, bad, problem)| ("x.csv", CSV.replace(good, bad), problem));
        let json = json.map(|(good, bad, problem)| ("x.jsonl", JSON.replace(good, bad), problem));
        let no_list = "no column of float lists; it has id (Utf8)";
        let other = [
            ("x.csv", "id,text\n1,a\n", no_list),
            ("x.csv", "id,emb\n", "holds no rows"),
            ("x.json", "[{\"emb\": [1]}]", "line 1: "),
            (
                "x.jsonl",
                "plain",
                "not a JSON lines file: it looks like text",
            ),
        ];
        let other = other.map(|(name, text, problem)| (name, text.to_owned(), problem));
        for (name, text, expected) in csv.into_iter().chain(json).chain(other) {
            let message = check(name, &text, false).unwrap_err();
            assert!(message.contains(expected), "{expected}: {message}");
        }
    }
}
