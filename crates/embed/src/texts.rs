//! Texts, from a file or a list, a few thousand at a time.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use annbench_store::{
    Format, LoadError, TextColumns, TextRows,
    hash::{sha256_file, sha256_parts},
    read_texts,
};
use annbench_vectors::Ids;

/// Texts read at a time: enough to sort them by length, few enough to hold.
const TEXTS_AT_ONCE: usize = 1 << 12;

/// Where one text of a plain file ends and the next begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Split {
    /// Each line is a text.
    #[default]
    Lines,
    /// Lines that follow each other without a blank line are a text.
    Paragraphs,
}

impl Split {
    fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Paragraphs => "paragraphs",
        }
    }
}

/// Texts to be embedded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Texts {
    /// A plain UTF-8 file, or a column of a Parquet, JSON lines or CSV file; the name's extension
    /// tells which.
    File {
        /// The file.
        path: PathBuf,
        /// How a plain file is split.
        split: Split,
        /// Which columns of a table to read.
        columns: TextColumns,
    },
    /// These.
    List(Vec<String>),
}

/// A file of texts that is refused.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "fields are what the messages name")]
pub enum TextError {
    /// The file system refused.
    #[error("read {}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    /// A folder in the place of a file.
    #[error("{}: a folder; give a text file, or a Parquet, JSON lines or CSV file with a column of texts", .path.display())]
    Folder { path: PathBuf },
    /// Bytes that are no text.
    #[error("{}: line {line} is not UTF-8 (its byte {byte}); save the file as UTF-8 text", .path.display())]
    NotUtf8 {
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        byte: usize,
    },
    /// Nothing but white space.
    #[error("{}: holds no text; write one text a line, or paragraphs with blank lines between", .path.display())]
    NoTexts { path: PathBuf },
    /// A list without texts.
    #[error("the list of texts is empty; write at least one")]
    EmptyList,
    /// A table that is refused.
    #[error(transparent)]
    Table(#[from] LoadError),
}

impl Texts {
    /// Hands the texts to `take`, a few thousand at a time, in order.
    ///
    /// Of a plain file, blank lines are no texts: they are skipped, or end a paragraph. Line ends
    /// may be those of any system; a byte order mark is left out, and so is white space around a
    /// text. Lines of a paragraph stay lines.
    ///
    /// # Errors
    /// [`TextError`] if the file cannot be read, is not UTF-8 (the line is named), or holds no
    /// text; what `take` fails with ends the reading.
    pub fn read<E: From<TextError>>(
        &self,
        take: &mut dyn FnMut(TextRows) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::List(texts) => read_list(texts, take),
            Self::File {
                path,
                split,
                columns,
            } => match is_table(path) {
                true => read_table(path, columns, take),
                false => read_plain(path, *split, take),
            },
        }
    }

    /// How many texts there are. All of them are read: what is wrong with one is known now.
    ///
    /// # Errors
    /// [`TextError`] as of [`read`](Self::read).
    pub fn count(&self) -> Result<usize, TextError> {
        let mut count = 0;
        self.read::<TextError>(&mut |rows| {
            count += rows.texts.len();
            Ok(())
        })?;
        Ok(count)
    }

    /// sha256 of what the texts are made of: equal hashes stand for the same texts with the same
    /// ids.
    ///
    /// # Errors
    /// [`TextError`] if the file cannot be read.
    pub fn sha256(&self) -> Result<String, TextError> {
        match self {
            Self::List(texts) => {
                let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                Ok(sha256_parts(&texts))
            }
            Self::File {
                path,
                split,
                columns,
            } => {
                let hash = sha256_file(path).map_err(|source| TextError::Io {
                    path: path.into(),
                    source,
                })?;
                let TextColumns { text, id } = columns;
                let column = |name: &Option<String>| format!("{name:?}");
                Ok(sha256_parts(&[
                    &hash,
                    split.name(),
                    &column(text),
                    &column(id),
                ]))
            }
        }
    }
}

/// Whether a file's name says that it is a table.
fn is_table(path: &Path) -> bool {
    let tables = [Format::Parquet, Format::JsonLines, Format::Csv];
    Format::of_extension(path).is_some_and(|format| tables.contains(&format))
}

fn read_list<E: From<TextError>>(
    texts: &[String],
    take: &mut dyn FnMut(TextRows) -> Result<(), E>,
) -> Result<(), E> {
    if texts.is_empty() {
        return Err(TextError::EmptyList.into());
    }
    texts
        .chunks(TEXTS_AT_ONCE)
        .try_for_each(|texts| take(numbered(texts.to_vec())))
}

fn numbered(texts: Vec<String>) -> TextRows {
    TextRows {
        ids: Ids::Rows(texts.len()),
        texts,
    }
}

/// What ends the reading of a table: the table, or who takes its rows.
enum Ended<E> {
    Table(LoadError),
    Taker(E),
}

impl<E> From<LoadError> for Ended<E> {
    fn from(error: LoadError) -> Self {
        Self::Table(error)
    }
}

fn read_table<E: From<TextError>>(
    path: &Path,
    columns: &TextColumns,
    take: &mut dyn FnMut(TextRows) -> Result<(), E>,
) -> Result<(), E> {
    let mut count = 0;
    let read = read_texts(path, columns, &mut |rows| {
        count += rows.texts.len();
        take(rows).map_err(Ended::Taker)
    });
    match read {
        Err(Ended::Taker(error)) => Err(error),
        Err(Ended::Table(error)) => Err(TextError::from(error).into()),
        Ok(()) if count == 0 => Err(TextError::NoTexts { path: path.into() }.into()),
        Ok(()) => Ok(()),
    }
}

fn read_plain<E: From<TextError>>(
    path: &Path,
    split: Split,
    take: &mut dyn FnMut(TextRows) -> Result<(), E>,
) -> Result<(), E> {
    let mut lines = Lines::open(path)?;
    let (mut texts, mut count) = (Vec::new(), 0);
    while let Some(text) = lines.next_text(split)? {
        texts.push(text);
        count += 1;
        if texts.len() == TEXTS_AT_ONCE {
            take(numbered(std::mem::take(&mut texts)))?;
        }
    }
    match (count, texts.is_empty()) {
        (0, _) => Err(TextError::NoTexts { path: path.into() }.into()),
        (_, true) => Ok(()),
        (_, false) => take(numbered(texts)),
    }
}

/// The lines of a file, without the white space around them.
struct Lines<'a> {
    path: &'a Path,
    file: BufReader<File>,
    line: usize,
}

impl<'a> Lines<'a> {
    fn open(path: &'a Path) -> Result<Self, TextError> {
        let file = File::open(path).map_err(|error| io_error(path, error))?;
        Ok(Self {
            path,
            file: BufReader::with_capacity(1 << 17, file),
            line: 0,
        })
    }

    /// The next text; `None` at the end.
    fn next_text(&mut self, split: Split) -> Result<Option<String>, TextError> {
        let mut text: Option<String> = None;
        while let Some(line) = self.next_line()? {
            match (&mut text, line.as_str()) {
                (None, "") => {}
                (Some(_), "") => break,
                (None, _) if split == Split::Lines => return Ok(Some(line)),
                (None, _) => text = Some(line),
                (Some(text), line) => {
                    text.push('\n');
                    text.push_str(line);
                }
            }
        }
        Ok(text)
    }

    fn next_line(&mut self) -> Result<Option<String>, TextError> {
        let mut bytes = Vec::new();
        let read = self.file.read_until(b'\n', &mut bytes);
        self.line += 1;
        match read.map_err(|error| io_error(self.path, error))? {
            0 => Ok(None),
            _ => match String::from_utf8(bytes) {
                Ok(line) => Ok(Some(self.trimmed(&line).to_owned())),
                Err(error) => Err(TextError::NotUtf8 {
                    path: self.path.into(),
                    line: self.line,
                    byte: error.utf8_error().valid_up_to() + 1,
                }),
            },
        }
    }

    fn trimmed<'l>(&self, line: &'l str) -> &'l str {
        let line = match self.line {
            1 => line.trim_start_matches('\u{feff}'),
            _ => line,
        };
        line.trim()
    }
}

fn io_error(path: &Path, source: io::Error) -> TextError {
    match source.kind() {
        io::ErrorKind::NotFound => LoadError::not_found(path).into(),
        io::ErrorKind::IsADirectory => TextError::Folder { path: path.into() },
        _ => TextError::Io {
            path: path.into(),
            source,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts_of(name: &str, bytes: &[u8], split: Split) -> Result<Vec<String>, TextError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let texts = Texts::File {
            path,
            split,
            columns: TextColumns::default(),
        };
        let mut all = Vec::new();
        texts.read::<TextError>(&mut |rows| {
            all.extend(rows.texts);
            Ok(())
        })?;
        assert_eq!(texts.count()?, all.len());
        Ok(all)
    }

    #[test]
    fn lines_and_paragraphs_are_told_apart() {
        let text = "\u{feff}one \r\ntwo\n \t \n\n  three\n".as_bytes();
        let read = |split| texts_of("texts.txt", text, split).unwrap();
        assert_eq!(read(Split::Lines), ["one", "two", "three"]);
        assert_eq!(read(Split::Paragraphs), ["one\ntwo", "three"]);
    }

    #[test]
    fn a_table_is_known_by_its_name() {
        let read = |name, bytes: &[u8]| texts_of(name, bytes, Split::Lines).unwrap();
        assert_eq!(read("a.csv", b"id,text\n1,one\n"), ["one"]);
        assert_eq!(read("a.jsonl", b"{\"text\": \"one\"}\n"), ["one"]);
        assert_eq!(read("a.txt", b"id,text\n1,one\n"), ["id,text", "1,one"]);
    }

    #[test]
    fn many_texts_come_in_parts_and_none_is_lost() {
        let n = 2 * TEXTS_AT_ONCE + 3;
        let lines: String = (0..n).map(|i| format!("text {i}\n")).collect();
        let texts = texts_of("a.txt", lines.as_bytes(), Split::Lines).unwrap();
        assert_eq!((texts.len(), texts[n - 1].as_str()), (n, "text 8194"));
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        let check = |bytes: &[u8], expected: &str| {
            let error = texts_of("texts.txt", bytes, Split::Lines).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        };
        check(
            b"fine\nfine\nna\xefve\n",
            "line 3 is not UTF-8 (its byte 3)",
        );
        check(b"\xff\xfea\0", "line 1 is not UTF-8 (its byte 1)");
        check(b"", "holds no text");
        check(b" \n\n", "holds no text");
        let missing = Texts::File {
            path: "missing.txt".into(),
            split: Split::Lines,
            columns: TextColumns::default(),
        };
        let error = missing.count().unwrap_err().to_string();
        assert!(error.contains("missing.txt: no such file"), "{error}");
        assert!(Texts::List(Vec::new()).count().is_err());
        let folder = tempfile::tempdir().unwrap();
        let texts = Texts::File {
            path: folder.path().into(),
            split: Split::Lines,
            columns: TextColumns::default(),
        };
        let error = texts.count().unwrap_err().to_string();
        assert!(error.contains("a folder; give a text file"), "{error}");
    }

    #[test]
    fn other_texts_and_other_ways_to_split_them_have_other_hashes() {
        let list = |texts: &[&str]| {
            let texts = texts.iter().map(|text| (*text).to_owned()).collect();
            Texts::List(texts).sha256().unwrap()
        };
        assert_eq!(list(&["a", "b"]), list(&["a", "b"]));
        assert_ne!(list(&["a", "b"]), list(&["ab"]));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        std::fs::write(&path, "a\n\nb").unwrap();
        let file = |split| {
            let (path, columns) = (path.clone(), TextColumns::default());
            let texts = Texts::File {
                path,
                split,
                columns,
            };
            texts.sha256().unwrap()
        };
        assert_ne!(file(Split::Lines), file(Split::Paragraphs));
    }
}
