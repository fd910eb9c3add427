//! JSON lines: an object a line, the first one telling the columns.

use std::{
    fmt,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
    sync::Arc,
};

use arrow_schema::Schema;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::{Cell, Rows, schema_of};
use crate::LoadError;

/// The rows of a file of JSON lines.
pub(super) struct JsonRows<'a> {
    path: &'a Path,
    file: BufReader<File>,
    schema: Arc<Schema>,
    /// The first line with text, which was looked at for the columns.
    first: bool,
    text: String,
    line: u64,
    bytes: u64,
}

impl<'a> JsonRows<'a> {
    pub(super) fn open(path: &'a Path) -> Result<Self, LoadError> {
        let file = File::open(path).map_err(|source| LoadError::io(path, source))?;
        let mut rows = Self {
            path,
            file: BufReader::with_capacity(1 << 17, file),
            schema: Arc::new(Schema::empty()),
            first: true,
            text: String::new(),
            line: 0,
            bytes: 0,
        };
        if !rows.advance()? {
            return Err(LoadError::NoRows { path: path.into() });
        }
        let object: Map<String, Value> =
            serde_json::from_str(&rows.text).map_err(|error| rows.refused(&error))?;
        let cells: Vec<(String, Cell)> = object
            .into_iter()
            .map(|(key, value)| (key, kind(&value)))
            .collect();
        rows.schema = schema_of(cells.iter().map(|(key, cell)| (key.as_str(), cell)));
        Ok(rows)
    }

    /// Goes to the next line that is not blank; false at the end.
    fn advance(&mut self) -> Result<bool, LoadError> {
        loop {
            self.text.clear();
            self.line += 1;
            let read = self.file.read_line(&mut self.text);
            let read = read.map_err(|error| self.refused(&error))?;
            self.bytes += read as u64;
            match read {
                0 => return Ok(false),
                _ if self.text.trim().is_empty() => {}
                _ => return Ok(true),
            }
        }
    }

    fn refused(&self, error: &dyn fmt::Display) -> LoadError {
        LoadError::Line {
            path: self.path.into(),
            line: self.line,
            problem: error.to_string(),
        }
    }
}

impl Rows for JsonRows<'_> {
    fn schema(&self) -> Arc<Schema> {
        self.schema.clone()
    }

    fn next(&mut self, columns: &[usize]) -> Result<Option<Vec<Cell>>, LoadError> {
        if !std::mem::take(&mut self.first) && !self.advance()? {
            return Ok(None);
        }
        let line = Line {
            schema: &self.schema,
            columns,
        };
        let mut deserializer = serde_json::Deserializer::from_str(&self.text);
        let cells = line.deserialize(&mut deserializer);
        let cells = cells.and_then(|cells| deserializer.end().map(|()| cells));
        cells.map(Some).map_err(|error| self.refused(&error))
    }

    fn bytes_read(&self) -> u64 {
        self.bytes
    }
}

/// What a value of the first line is, without its contents.
fn kind(value: &Value) -> Cell {
    match value {
        Value::Array(values) if !values.is_empty() && values.iter().all(is_component) => {
            Cell::Vector(Vec::new())
        }
        _ => Cell::Null,
    }
}

fn is_component(value: &Value) -> bool {
    value.is_number() || value.is_null()
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::String(text) => Cell::Text(text),
        Value::Number(number) if number.is_i64() => Cell::Integer(number.to_string()),
        other => Cell::Text(other.to_string()),
    }
}

/// Reads the wanted values of an object; the others are passed over.
struct Line<'a> {
    schema: &'a Schema,
    columns: &'a [usize],
}

impl<'de> DeserializeSeed<'de> for Line<'_> {
    type Value = Vec<Cell>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Cell>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Line<'_> {
    type Value = Vec<Cell>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<Cell>, A::Error> {
        let mut cells = vec![Cell::Null; self.columns.len()];
        while let Some(key) = map.next_key::<String>()? {
            let named = |&column: &usize| *self.schema.field(column).name() == key;
            match self.columns.iter().position(named) {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some(place)
                    if self
                        .schema
                        .field(self.columns[place])
                        .data_type()
                        .is_nested() =>
                {
                    let components: Option<Vec<Option<f32>>> = map.next_value()?;
                    cells[place] = components.map_or(Cell::Null, Cell::Vector);
                }
                Some(place) => cells[place] = cell(map.next_value()?),
            }
        }
        Ok(cells)
    }
}
