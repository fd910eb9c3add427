//! Where each key of an experiment stands in its file, so that any later complaint can point there.

use std::{collections::HashMap, ops::Range, path::PathBuf};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Mistake, Place};

/// The text of an experiment and the byte range of every key path in it, such as
/// `index.1.search.nprobe`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// None where the text was made by code: the user has never seen it.
    file: Option<PathBuf>,
    text: String,
    spans: HashMap<String, Range<usize>>,
}

impl Places {
    pub(super) fn new(file: Option<PathBuf>, text: String) -> Result<Self, Mistake> {
        let mut places = Self {
            file,
            text: String::new(),
            spans: HashMap::new(),
        };
        let parsed = DeTable::parse(&text).map(|table| places.note_table("", table.get_ref()));
        let failed = parsed.err();
        places.text = text;
        match failed {
            Some(error) => Err(places.mistake_of(&error)),
            None => Ok(places),
        }
    }

    /// The text of the experiment.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A complaint about the value at `path`, or about the nearest thing around it that is written.
    pub fn mistake(&self, path: &str, message: impl ToString) -> Mistake {
        match &self.file {
            Some(_) => self.at(self.span(path), format!("{path}: {}", message.to_string())),
            None => self.at(None, message.to_string()),
        }
    }

    pub(super) fn mistake_of(&self, error: &toml::de::Error) -> Mistake {
        // serde names Rust's types; users count in whole numbers.
        let message = error
            .message()
            .replace("expected usize", "expected a whole number, 0 or more");
        let message = message.replace("expected u64", "expected a whole number, 0 or more");
        self.at(error.span(), message)
    }

    fn at(&self, span: Option<Range<usize>>, message: String) -> Mistake {
        Mistake::InFile {
            place: self
                .file
                .clone()
                .zip(span)
                .map(|(file, span)| Place::of(file, &self.text, span)),
            message,
        }
    }

    fn span(&self, path: &str) -> Option<Range<usize>> {
        let mut path = path;
        loop {
            if let Some(span) = self.spans.get(path) {
                return Some(span.clone());
            }
            path = path.rsplit_once('.')?.0;
        }
    }

    fn note_table(&mut self, path: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = join(path, key.get_ref());
            self.spans.insert(path.clone(), key.span());
            self.note_value(&path, value);
        }
    }

    fn note_value(&mut self, path: &str, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => self.note_table(path, table),
            DeValue::Array(items) => {
                for (position, item) in items.iter().enumerate() {
                    let path = join(path, &position.to_string());
                    self.spans.insert(path.clone(), item.span());
                    self.note_value(&path, item);
                }
            }
            _ => {}
        }
    }
}

pub(super) fn join(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        _ => format!("{path}.{key}"),
    }
}
