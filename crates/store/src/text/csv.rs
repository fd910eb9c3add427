//! Comma-separated values; vectors are texts such as `[0.1, 0.2]` or NumPy's `[0.1 0.2]`.

use std::{fs::File, path::Path, sync::Arc};

use arrow_schema::Schema;
use csv::{Reader, ReaderBuilder, StringRecord};

use super::{Cell, Rows, is_integer, schema_of};
use crate::LoadError;

/// The rows of a CSV file with a header.
pub(super) struct CsvRows<'a> {
    path: &'a Path,
    reader: Reader<File>,
    schema: Arc<Schema>,
    /// The first row, which was looked at for the types of the columns.
    first: Option<StringRecord>,
}

impl<'a> CsvRows<'a> {
    pub(super) fn open(path: &'a Path) -> Result<Self, LoadError> {
        let is_tsv = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
        let delimiter = if is_tsv { b'\t' } else { b',' };
        let file = File::open(path).map_err(|source| LoadError::io(path, source))?;
        let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(file);
        let header = reader
            .headers()
            .map_err(|error| refused(path, &error))?
            .clone();
        let first =
            read(path, &mut reader)?.ok_or_else(|| LoadError::NoRows { path: path.into() })?;
        let cells: Vec<Cell> = first.iter().map(kind).collect();
        Ok(Self {
            path,
            reader,
            schema: schema_of(header.iter().zip(&cells)),
            first: Some(first),
        })
    }
}

impl Rows for CsvRows<'_> {
    fn schema(&self) -> Arc<Schema> {
        self.schema.clone()
    }

    fn next(&mut self, columns: &[usize]) -> Result<Option<Vec<Cell>>, LoadError> {
        let record = match self.first.take() {
            Some(first) => first,
            None => match read(self.path, &mut self.reader)? {
                Some(record) => record,
                None => return Ok(None),
            },
        };
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |&column: &usize| {
            let text = record.get(column).unwrap_or_default();
            let is_vector = self.schema.field(column).data_type().is_nested();
            cell(text, is_vector).map_err(|problem| LoadError::Line {
                path: self.path.into(),
                line,
                problem,
            })
        };
        columns.iter().map(cell).collect::<Result<_, _>>().map(Some)
    }

    fn bytes_read(&self) -> u64 {
        self.reader.position().byte()
    }
}

fn read(path: &Path, reader: &mut Reader<File>) -> Result<Option<StringRecord>, LoadError> {
    let mut record = StringRecord::new();
    let is_there = reader.read_record(&mut record);
    let is_there = is_there.map_err(|error| refused(path, &error))?;
    Ok(is_there.then_some(record))
}

fn refused(path: &Path, error: &csv::Error) -> LoadError {
    LoadError::Line {
        path: path.into(),
        line: error.position().map_or(0, csv::Position::line),
        problem: error.to_string(),
    }
}

/// What a text of the first row is, without its contents.
fn kind(text: &str) -> Cell {
    match text.trim_start().starts_with('[') {
        true => Cell::Vector(Vec::new()),
        false => Cell::Null,
    }
}

fn cell(text: &str, is_vector: bool) -> Result<Cell, String> {
    let text = text.trim();
    match is_vector {
        _ if text.is_empty() => Ok(Cell::Null),
        true => components(text).map(Cell::Vector),
        false if is_integer(text) => Ok(Cell::Integer(text.into())),
        false => Ok(Cell::Text(text.into())),
    }
}

fn components(text: &str) -> Result<Vec<Option<f32>>, String> {
    let inner = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let inner = inner.ok_or_else(|| format!("`{}` is no vector", shortened(text)))?;
    let words = inner.split(|c: char| c == ',' || c.is_whitespace());
    let component = |(place, word): (usize, &str)| {
        let number = word.parse().map(Some);
        number.map_err(|_| format!("component {place} is `{}`, no number", shortened(word)))
    };
    words
        .filter(|word| !word.is_empty())
        .enumerate()
        .map(component)
        .collect()
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
