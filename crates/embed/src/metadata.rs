//! What is known of each text beside itself.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// A JSON value for each text, in the order of the texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    path: PathBuf,
    rows: Vec<String>,
}

/// Metadata that is refused.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "fields are what the messages name")]
pub enum MetadataError {
    /// The file system refused.
    #[error("read {}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    /// No JSON.
    #[error("{}: neither a JSON array with a value a text nor JSON lines; correct it", .path.display())]
    Json {
        path: PathBuf,
        source: serde_json::Error,
    },
    /// Another number of values than of texts.
    #[error("{}: {rows} values of metadata for {texts} texts; give one a text, in the order of the texts", .path.display())]
    Count {
        path: PathBuf,
        rows: usize,
        texts: usize,
    },
}

impl Metadata {
    /// Reads a JSON array, or JSON lines: a value a text.
    ///
    /// # Errors
    /// [`MetadataError`] if the file cannot be read, or is neither.
    pub fn read(path: &Path) -> Result<Self, MetadataError> {
        let text = fs::read_to_string(path).map_err(|source| MetadataError::Io {
            path: path.into(),
            source,
        })?;
        let values = values(text.trim_start_matches('\u{feff}'));
        let values = values.map_err(|source| MetadataError::Json {
            path: path.into(),
            source,
        })?;
        Ok(Self {
            path: path.into(),
            rows: values.iter().map(Value::to_string).collect(),
        })
    }

    /// The values as JSON text.
    pub fn rows(&self) -> &[String] {
        &self.rows
    }

    /// Checks that there is a value for each of so many texts.
    ///
    /// # Errors
    /// [`MetadataError::Count`].
    pub fn check(&self, texts: usize) -> Result<(), MetadataError> {
        match self.rows.len() {
            rows if rows == texts => Ok(()),
            rows => Err(MetadataError::Count {
                path: self.path.clone(),
                rows,
                texts,
            }),
        }
    }
}

fn values(text: &str) -> Result<Vec<Value>, serde_json::Error> {
    match text.trim_start().starts_with('[') {
        true => serde_json::from_str(text),
        false => serde_json::Deserializer::from_str(text)
            .into_iter()
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Metadata, MetadataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metadata.json");
        fs::write(&path, text).unwrap();
        Metadata::read(&path)
    }

    #[test]
    fn an_array_and_json_lines_say_the_same() {
        let rows = ["{\"topic\":\"sea\"}", "null"];
        assert_eq!(read("[{\"topic\": \"sea\"},\nnull]").unwrap().rows(), rows);
        assert_eq!(read("{\"topic\": \"sea\"}\nnull\n").unwrap().rows(), rows);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let metadata = read("[1, 2]").unwrap();
        metadata.check(2).unwrap();
        let error = metadata.check(41).unwrap_err().to_string();
        assert!(
            error.contains("2 values of metadata for 41 texts"),
            "{error}"
        );
        for bad in ["[1, 2", "{\"a\": }", "[1] 2", "words"] {
            let error = read(bad).unwrap_err().to_string();
            assert!(error.contains("metadata.json: neither"), "{bad}: {error}");
        }
    }
}
