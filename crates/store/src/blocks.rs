//! The rows of a file of any format, or of several Parquet files, block by block: what a
//! conversion reads, which holds no more than a block at a time.

use std::path::{Path, PathBuf};

use crate::{
    Embeddings, Format, LoadError, LoadOptions,
    columnar::TableBlocks,
    dense::{self, Dense},
    format::Opened,
    shards::{self, Kind},
};

/// The files that a path stands for.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    files: Vec<PathBuf>,
}

impl Source {
    pub(crate) fn find(path: &Path) -> Result<Self, LoadError> {
        Ok(Self {
            path: path.into(),
            files: shards::find(path)?.unwrap_or_else(|| vec![path.into()]),
        })
    }

    /// What stands for them.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The files, in their order.
    pub(crate) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The format of the first file.
    pub(crate) fn format(&self) -> Result<Format, LoadError> {
        let first = self.files.first().unwrap_or(&self.path);
        Format::detect(first)
    }

    /// Rows in all: by what files say of themselves, or a pass over those that say nothing.
    pub(crate) fn count(&self, options: &LoadOptions) -> Result<usize, LoadError> {
        self.files.iter().map(|file| count(file, options)).sum()
    }

    /// All rows, from the first one on.
    pub(crate) fn blocks<'a>(&'a self, options: &'a LoadOptions) -> Blocks<'a> {
        Blocks {
            source: self,
            options,
            next_file: 0,
            current: None,
            kind: None,
            done: 0,
            finished: 0,
        }
    }
}

fn count(file: &Path, options: &LoadOptions) -> Result<usize, LoadError> {
    let mut table = match Format::detect(file)?.open(file, options)? {
        Opened::Matrix(dense) => return Ok(dense.shape().0),
        Opened::Rows(table) => table,
    };
    table.survey(None)?;
    if let Some(n) = table.claimed() {
        return Ok(n);
    }
    let mut n = 0;
    while let Some(batch) = table.next(&[])? {
        n += batch.num_rows();
    }
    Ok(n)
}

/// Rows, a block at a time.
pub(crate) struct Blocks<'a> {
    source: &'a Source,
    options: &'a LoadOptions,
    next_file: usize,
    current: Option<File<'a>>,
    /// What all blocks have in common.
    kind: Option<Kind>,
    /// Rows handed out.
    done: usize,
    /// Rows of the files that are at their end.
    finished: usize,
}

/// A file that is being read.
enum File<'a> {
    Matrix(&'a Path, Box<dyn Dense + 'a>),
    Rows(TableBlocks<'a>),
}

impl<'a> Blocks<'a> {
    /// The next rows, at least one, with the number of the first; `None` after the last.
    ///
    /// Ids are those of the file, or row numbers where it has none; whether they are distinct is
    /// not asked.
    pub(crate) fn next(&mut self) -> Result<Option<(usize, Embeddings)>, LoadError> {
        loop {
            let Some(mut file) = self
                .current
                .take()
                .map_or_else(|| self.open(), |file| Ok(Some(file)))?
            else {
                return Ok(None);
            };
            let in_file = self.done - self.finished;
            let block = match &mut file {
                File::Matrix(path, dense) => {
                    dense::next_block(path, dense.as_mut(), in_file, self.options.faults)?
                }
                File::Rows(rows) => rows.next()?,
            };
            match block {
                None => self.finished = self.done,
                Some(block) => {
                    self.current = Some(file);
                    self.check(&block)?;
                    let first = self.done;
                    self.done += block.n();
                    return Ok(Some((first, block)));
                }
            }
        }
    }

    /// Rows in all, as far as can be told by now.
    pub(crate) fn total(&self) -> usize {
        let of_file = match &self.current {
            Some(File::Matrix(_, dense)) => dense.shape().0,
            Some(File::Rows(rows)) => rows.total(),
            None => 0,
        };
        // Files that were not opened are taken to be like those that were.
        let known = self.finished + of_file;
        known * self.source.files.len() / self.next_file.max(1)
    }

    fn open(&mut self) -> Result<Option<File<'a>>, LoadError> {
        let Some(path) = self.source.files.get(self.next_file) else {
            return Ok(None);
        };
        self.next_file += 1;
        let file = match Format::detect(path)?.open(path, self.options)? {
            Opened::Matrix(dense) => File::Matrix(path, dense),
            Opened::Rows(table) => File::Rows(TableBlocks::new(path, table, self.options)?),
        };
        Ok(Some(file))
    }

    /// Refuses a block that is not like those of the files before.
    fn check(&mut self, block: &Embeddings) -> Result<(), LoadError> {
        let file = &self.source.files[self.next_file - 1];
        match &self.kind {
            Some(kind) => kind.check(&self.source.path, file, block),
            None => {
                self.kind = Some(Kind::of(block));
                Ok(())
            }
        }
    }
}
