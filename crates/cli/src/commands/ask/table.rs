//! The texts that were indexed.

use std::{collections::HashMap, path::Path};

use annbench_embed::{METADATA_COLUMN, TEXT_COLUMN};
use annbench_store::{Embeddings, LoadError, LoadOptions, TextColumns, read_texts};
use annbench_vectors::Ids;
use anyhow::Result;

use super::Found;
use crate::exit::BadArgument;

/// The texts that were indexed, with their embeddings.
pub(super) struct TextTable {
    pub(super) embeddings: Embeddings,
    texts: Vec<String>,
    metadata: Option<Vec<String>>,
    rows: HashMap<String, usize>,
}

impl TextTable {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let embeddings = annbench_store::load(path, &LoadOptions::default(), &mut |_| {})?;
        let name = |row| embeddings.ids.get(row).map(|id| (id.to_string(), row));
        Ok(Self {
            rows: (0..embeddings.n()).filter_map(name).collect(),
            texts: column(path, TEXT_COLUMN)?,
            metadata: metadata(path)?,
            embeddings,
        })
    }

    /// The rows that an index holds, in its order.
    pub(super) fn rows_of(&self, ids: &Ids) -> Result<Vec<usize>, BadArgument> {
        let row = |place| {
            let id = ids.get(place).map(|id| id.to_string()).unwrap_or_default();
            self.rows.get(&id).copied().ok_or_else(|| {
                BadArgument(format!(
                    "the index holds the id {id}, which the texts do not have; name the file that was indexed with --texts"
                ))
            })
        };
        (0..ids.len()).map(row).collect()
    }

    pub(super) fn found(&self, row: usize, score: f64) -> Found {
        let id = self.embeddings.ids.get(row);
        Found {
            id: id.map(|id| id.to_string()).unwrap_or_default(),
            score,
            text: self.texts[row].clone(),
            metadata: self.metadata.as_ref().map(|metadata| metadata[row].clone()),
        }
    }
}

/// None where the texts have none.
fn metadata(path: &Path) -> Result<Option<Vec<String>>, LoadError> {
    match column(path, METADATA_COLUMN) {
        Err(LoadError::NoSuchColumn { .. }) => Ok(None),
        column => column.map(Some),
    }
}

fn column(path: &Path, name: &str) -> Result<Vec<String>, LoadError> {
    let columns = TextColumns {
        text: Some(name.into()),
        id: Some(String::new()),
    };
    let mut texts = Vec::new();
    read_texts(path, &columns, &mut |rows| {
        texts.extend(rows.texts);
        Ok::<(), LoadError>(())
    })?;
    Ok(texts)
}
