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
    /// The exact neighbours of these queries in a file of their own.
    pub ground_truth: Option<Piece>,
}

impl Entry {
    /// The files it is made of, each by what it holds.
    pub fn pieces(&self) -> Pieces<&Piece> {
        Pieces {
            base: &self.base,
            queries: self.queries.as_ref(),
            ground_truth: self.ground_truth.as_ref(),
        }
    }
}

/// One thing for each file of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pieces<T> {
    /// That of the base.
    pub base: T,
    /// That of the queries.
    pub queries: Option<T>,
    /// That of the ground truth.
    pub ground_truth: Option<T>,
}

impl<T> Pieces<T> {
    /// Those there are, the base's first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let others = self.queries.iter().chain(&self.ground_truth);
        std::iter::once(&self.base).chain(others)
    }

    /// What `make` makes of each.
    ///
    /// # Errors
    /// The first error of `make`.
    pub fn try_map<U, E>(self, mut make: impl FnMut(T) -> Result<U, E>) -> Result<Pieces<U>, E> {
        Ok(Pieces {
            base: make(self.base)?,
            queries: self.queries.map(&mut make).transpose()?,
            ground_truth: self.ground_truth.map(&mut make).transpose()?,
        })
    }
}

impl<'p> Pieces<&'p Piece> {
    /// The files to download: an archive that holds several pieces once, by the first of them.
    pub fn downloads(&self) -> Vec<&'p Piece> {
        let mut all: Vec<&'p Piece> = Vec::new();
        for &piece in self.iter() {
            if !all.iter().any(|earlier| earlier.url == piece.url) {
                all.push(piece);
            }
        }
        all
    }
}

/// A file to download, numbered parts of one, or one out of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// Its address; `{}` stands for the number of a part.
    pub url: String,
    /// The file's path in the archive (`.tar.gz`) that lies at the address. Of an archive that holds
    /// several pieces, size and hash stand at the first of them.
    pub member: Option<String>,
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
    /// The name of the file that is to be read, which tells its format.
    pub fn file_name(&self) -> &str {
        self.member.as_deref().unwrap_or(&self.url)
    }

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
            assert!(entry.source.starts_with("http"), "{name}: no source");
            assert!(
                entry.dim > 0 && entry.n > 0 && !entry.about.is_empty(),
                "{name}"
            );
        }
    }

    #[test]
    fn every_address_can_be_read_and_pinned() {
        for entry in Catalog::builtin().unwrap().entries {
            for piece in entry.pieces().iter() {
                let (name, url) = (&entry.name, &piece.url);
                let is_read = remote::address(Path::new(url)).is_some();
                // What lies on an FTP server is taken from a --mirror.
                assert!(is_read || url.starts_with("ftp://"), "{name}: {url}");
                assert_eq!(piece.member.is_some(), url.ends_with(".tar.gz"), "{name}");
                assert_eq!(piece.parts.is_some(), url.contains("{}"), "{name}: {url}");
                let is_hex = |c: char| c.is_ascii_hexdigit();
                let hash = piece.sha256.as_deref().unwrap_or("0").chars();
                assert!(
                    hash.clone().count() % 64 <= 1 && hash.clone().all(is_hex),
                    "{name}"
                );
                let file = Path::new(piece.file_name());
                assert!(Format::of_extension(file).is_some(), "{name}: {file:?}");
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
            member: None,
            parts: Some(2),
            rows: None,
            bytes: None,
            sha256: None,
        };
        let expected = ["https://host/0.parquet", "https://host/1.parquet"];
        assert_eq!(piece.addresses(), expected);
    }
}
