//! `query_facts.parquet`: a row a query, of what is known of it before any index is asked.

use std::path::Path;

use super::{TableError, reader::Table, writer::Columns};
use crate::{RowFacts, results::QueryFacts};

/// Writes what is known of the queries of a run; groups are JSON text.
///
/// # Errors
/// [`TableError`] if the file cannot be written.
pub fn write_query_facts(path: &Path, rows: &[QueryFacts]) -> Result<(), TableError> {
    Columns::default()
        .counts("query_idx", rows.iter().map(|row| row.query_idx))
        .optional_texts("id", rows.iter().map(|row| row.row.id.as_deref()))
        .optional_texts("text", rows.iter().map(|row| row.row.text.as_deref()))
        .json("groups", rows.iter().map(|row| &row.row.groups))
        .floats("relative_contrast", rows.iter().map(|row| row.contrast))
        .write(path)
}

/// Reads what [`write_query_facts`] wrote; nothing where there is no such file.
///
/// # Errors
/// [`TableError`] if the file cannot be read or is no such table.
pub fn read_query_facts(path: &Path) -> Result<Vec<QueryFacts>, TableError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let table = Table::read(path)?;
    let query_idx = table.counts("query_idx")?;
    let mut ids = table.optional_texts("id")?.into_iter();
    let mut texts = table.optional_texts("text")?.into_iter();
    let mut groups = table.json("groups")?.into_iter();
    let contrasts = table.floats("relative_contrast")?;
    let row = |row: usize| {
        Some(QueryFacts {
            query_idx: query_idx[row],
            row: RowFacts {
                id: ids.next()?,
                text: texts.next()?,
                groups: groups.next()?,
            },
            contrast: contrasts[row],
        })
    };
    Ok((0..table.len()).map_while(row).collect())
}
