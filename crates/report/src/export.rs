//! A run, or one of its tables, in a format.

use crate::{Column, Part, Run, Summary, csv, html, json, latex, markdown};

/// What a run cannot be written as.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The CSV writer refuses it.
    #[error("writing the rows as CSV")]
    Csv(#[from] ::csv::Error),
    /// The text is not UTF-8.
    #[error("writing the rows as CSV")]
    Utf8(#[from] std::string::FromUtf8Error),
    /// The JSON writer refuses it.
    #[error("writing the run as JSON")]
    Json(#[from] serde_json::Error),
    /// A table alone is no page.
    #[error("html: the page shows all tables; write one alone as md, csv, json or latex")]
    TableAsPage,
    /// The run has no such table.
    #[error("the run has nothing for the table {}", .part.name())]
    NoSuchTable {
        /// The table.
        part: Part,
    },
}

/// A format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A page that needs nothing else.
    Html,
    /// As GitHub reads it.
    Markdown,
    /// Comma-separated values, unrounded.
    Csv,
    /// For machines, unrounded.
    Json,
    /// Tables for papers.
    Latex,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Html,
        Self::Markdown,
        Self::Csv,
        Self::Json,
        Self::Latex,
    ];

    /// What commands call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Latex => "latex",
            other => other.extension(),
        }
    }

    /// What its files end in.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Markdown => "md",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Latex => "tex",
        }
    }

    /// What a run's folder calls the whole run in this format.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Html => "report.html",
            Self::Markdown => "report.md",
            Self::Csv => "summary.csv",
            Self::Json => "report.json",
            Self::Latex => "report.tex",
        }
    }

    /// The whole run: for people all tables with what is to be said of them, as CSV a line for each
    /// operating point and load.
    ///
    /// # Errors
    /// [`ExportError`] if a writer fails, which no run is known to cause.
    pub fn report(self, run: &Run) -> Result<String, ExportError> {
        Ok(match self {
            Self::Html => html(run),
            Self::Markdown => markdown(run),
            Self::Csv => csv(run)?,
            Self::Json => json(run)?,
            Self::Latex => latex(run),
        })
    }

    /// One table of the run alone.
    ///
    /// For people as in the report; as CSV and JSON unrounded, in the unit that a column's name ends
    /// in, a column under a heading led by it (`single_qps`).
    ///
    /// # Errors
    /// [`ExportError::TableAsPage`] for HTML, [`ExportError::NoSuchTable`] where the run has nothing
    /// for it.
    pub fn table(self, run: &Run, part: Part) -> Result<String, ExportError> {
        let summary = Summary::new(run);
        let table = part.of(&summary);
        if table.rows.is_empty() {
            return Err(ExportError::NoSuchTable { part });
        }
        Ok(match self {
            Self::Html => return Err(ExportError::TableAsPage),
            Self::Markdown => markdown::table(table),
            Self::Csv => csv::table(table, qualified)?,
            Self::Json => json::table(table)?,
            Self::Latex => latex::table(table, part, summary.title),
        })
    }
}

/// A column's name for machines, told apart from the same under another heading.
pub(crate) fn qualified(column: &Column) -> String {
    match column.over {
        "" => column.key.to_owned(),
        over if column.key.starts_with(over) => column.key.to_owned(),
        over => format!("{over}_{}", column.key),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::fixture;

    #[test]
    fn every_table_is_written_in_every_format_but_as_a_page() {
        let run = fixture::scaled();
        for part in Part::ALL {
            for format in Format::ALL {
                let text = format.table(&run, part);
                match format {
                    Format::Html => assert!(matches!(text, Err(ExportError::TableAsPage))),
                    _ => assert!(text.unwrap().contains("hnsw"), "{part:?} {format:?}"),
                }
            }
        }
    }

    #[test]
    fn a_table_that_is_not_there_is_refused_rather_than_empty() {
        let told = Format::Csv.table(&fixture::run(), Part::Scaling);
        let told = told.unwrap_err().to_string();
        assert_eq!(told, "the run has nothing for the table scaling");
    }

    #[test]
    fn columns_for_machines_are_told_apart() {
        let run = fixture::run();
        for part in [Part::Points, Part::UnderLoad, Part::Indexes] {
            let text = Format::Csv.table(&run, part).unwrap();
            let names: Vec<&str> = text.lines().next().unwrap().split(',').collect();
            let distinct: BTreeSet<&str> = names.iter().copied().collect();
            assert_eq!(distinct.len(), names.len(), "{names:?}");
        }
        let text = Format::Csv.table(&run, Part::Points).unwrap();
        for name in [
            ",single_qps,",
            ",batch_qps,",
            ",build_s,",
            ",memory_rss_bytes,",
        ] {
            assert!(text.contains(name), "{name}: {text}");
        }
    }

    #[test]
    fn json_holds_what_csv_does() {
        let run = fixture::run();
        let text = Format::Json.table(&run, Part::Points).unwrap();
        let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(rows.len(), Summary::new(&run).points.rows.len());
        assert_eq!(rows[0]["single_qps"], 150.0);
        assert_eq!(rows[0]["recall_at_k"]["value"], 1.0);
        assert!(rows[0].get("notes").is_none());
    }
}
