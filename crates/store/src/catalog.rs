//! The field's public sets of vectors: what they are, where they lie, under which licence.

use annbench_vectors::Metric;
use serde::{Deserialize, Serialize};

use crate::{Dtype, nearest};

/// The catalogue as it stands in the repository.
const BUILTIN: &str = include_str!("../../../datasets/catalog.toml");

/// Public sets of vectors, in the order of their file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// The sets.
    #[serde(rename = "dataset")]
    pub entries: Vec<Entry>,
}

/// A public set of vectors, as the page it comes from describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name, which is the name of its folder too.
    pub name: String,
    /// What the vectors are of, in a few words.
    pub about: String,
    /// The metric they are made for.
    pub metric: Metric,
    /// Components a vector has.
    pub dim: usize,
    /// Number of base vectors.
    pub n: usize,
    /// Number of queries that come with them.
    pub n_queries: Option<usize>,
    /// How components are stored there.
    pub dtype: Option<Dtype>,
    /// Size of the download in 10^6 bytes, rounded, where the source says it.
    pub megabytes: Option<u64>,
    /// The licence and where it is stated, or that none was found.
    pub licence: String,
    /// The page that says all this.
    pub source: String,
    /// Whether the addresses were ever fetched by this project's own hands.
    pub tried: bool,
    /// The column of vectors, where its type does not tell.
    pub vector_column: Option<String>,
    /// The column of ids, where its name does not tell.
    pub id_column: Option<String>,
    /// The base; in a format that holds several sets, queries and truth too.
    pub base: Piece,
    /// Queries in a file of their own.
    pub queries: Option<Piece>,
}

/// A file to download, or numbered parts of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// Its address; `{}` stands for the number of a part.
    pub url: String,
    /// Number of parts, which count from 0.
    pub parts: Option<usize>,
    /// Only the first so many rows of a flat file.
    pub rows: Option<usize>,
    /// Its exact size.
    pub bytes: Option<u64>,
    /// sha256 of what is downloaded, in hex; of parts, what
    /// [`sha256_parts`](crate::hash::sha256_parts) makes of their hashes.
    pub sha256: Option<String>,
}

impl Piece {
    /// The addresses to download, in order.
    pub fn addresses(&self) -> Vec<String> {
        match self.parts {
            None => vec![self.url.clone()],
            Some(parts) => (0..parts)
                .map(|part| self.url.replace("{}", &part.to_string()))
                .collect(),
        }
    }
}

/// A name that the catalogue does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the catalogue has no `{name}`{}; `annbench data list` shows what it has", nearest::did_you_mean(.nearest))]
pub struct UnknownEntry {
    /// The name.
    pub name: String,
    /// The nearest one there is.
    pub nearest: Option<String>,
}

impl Catalog {
    /// The catalogue that annbench comes with.
    ///
    /// # Errors
    /// What is wrong with its text, which a test keeps from happening.
    pub fn builtin() -> Result<Self, toml::de::Error> {
        Self::parse(BUILTIN)
    }

    /// Reads a catalogue in the form of `datasets/catalog.toml`.
    ///
    /// # Errors
    /// What is wrong with the text, with line and column.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The set of that name.
    ///
    /// # Errors
    /// [`UnknownEntry`] with the nearest name.
    pub fn find(&self, name: &str) -> Result<&Entry, UnknownEntry> {
        let found = self.entries.iter().find(|entry| entry.name == name);
        found.ok_or_else(|| UnknownEntry {
            name: name.into(),
            nearest: nearest::nearest(name, self.entries.iter().map(|entry| entry.name.as_str())),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, path::Path};

    use super::*;
    use crate::{Format, remote};

    #[test]
    fn every_entry_says_where_it_comes_from_and_under_which_licence() {
        let catalog = Catalog::builtin().unwrap();
        assert!(catalog.entries.len() >= 30);
        let mut names = HashSet::new();
        for entry in &catalog.entries {
            let name = &entry.name;
            assert!(names.insert(name), "{name} is there twice");
            let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
            assert!(name.chars().all(is_plain), "{name} is no name of a folder");
            assert!(!entry.licence.trim().is_empty(), "{name}: no licence");
            assert!(entry.source.starts_with("https://"), "{name}: no source");
            assert!(
                entry.dim > 0 && entry.n > 0 && !entry.about.is_empty(),
                "{name}"
            );
        }
    }

    #[test]
    fn every_address_can_be_read_and_pinned() {
        for entry in Catalog::builtin().unwrap().entries {
            let pieces = [Some(&entry.base), entry.queries.as_ref()];
            for piece in pieces.into_iter().flatten() {
                let (name, url) = (&entry.name, &piece.url);
                assert!(remote::address(Path::new(url)).is_some(), "{name}: {url}");
                assert_eq!(piece.parts.is_some(), url.contains("{}"), "{name}: {url}");
                let is_hex = |c: char| c.is_ascii_hexdigit();
                let hash = piece.sha256.as_deref().unwrap_or("0").chars();
                assert!(
                    hash.clone().count() % 64 <= 1 && hash.clone().all(is_hex),
                    "{name}"
                );
                let extension = Path::new(url).extension().unwrap().to_str().unwrap();
                let is_known =
                    extension == "hdf5" || Format::of_extension(Path::new(url)).is_some();
                assert!(is_known, "{name}: nothing reads .{extension}");
            }
        }
    }

    #[test]
    fn a_misspelt_name_is_told_its_nearest() {
        let catalog = Catalog::builtin().unwrap();
        assert_eq!(catalog.find("sift-128-euclidean").unwrap().dim, 128);
        let message = catalog.find("sift-128-euclidian").unwrap_err().to_string();
        assert!(
            message.contains("did you mean `sift-128-euclidean`?"),
            "{message}"
        );
    }

    #[test]
    fn parts_are_numbered_from_zero() {
        let piece = Piece {
            url: "https://host/{}.parquet".into(),
            parts: Some(2),
            rows: None,
            bytes: None,
            sha256: None,
        };
        let expected = ["https://host/0.parquet", "https://host/1.parquet"];
        assert_eq!(piece.addresses(), expected);
    }
}
