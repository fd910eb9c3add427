//! Texts from a file.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where one text of a file ends and the next begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Split {
    /// Each line is a text.
    #[default]
    Lines,
    /// Lines that follow each other without a blank line are a text.
    Paragraphs,
}

/// A file of texts that is refused.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "fields are what the messages name")]
pub enum TextError {
    /// The file system refused.
    #[error("read {}", .path.display())]
    Io { path: PathBuf, source: io::Error },
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
}

/// Reads the texts of a UTF-8 file, in their order, without the white space around each.
///
/// Blank lines are no texts: they are skipped, or end a paragraph. Line ends may be those of any
/// system; a byte order mark is left out. Lines of a paragraph stay lines.
///
/// # Errors
/// [`TextError`] if the file cannot be read, is not UTF-8 (the line is named), or holds no text.
pub fn read_texts(path: &Path, split: Split) -> Result<Vec<String>, TextError> {
    let bytes = fs::read(path).map_err(|source| TextError::Io {
        path: path.into(),
        source,
    })?;
    let text = String::from_utf8(bytes).map_err(|error| not_utf8(path, &error))?;
    let texts = texts(text.trim_start_matches('\u{feff}'), split);
    match texts.is_empty() {
        true => Err(TextError::NoTexts { path: path.into() }),
        false => Ok(texts),
    }
}

fn texts(text: &str, split: Split) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    match split {
        Split::Lines => {
            let texts = lines.into_iter().filter(|line| !line.is_empty());
            texts.map(str::to_owned).collect()
        }
        Split::Paragraphs => lines
            .split(|line| line.is_empty())
            .filter(|paragraph| !paragraph.is_empty())
            .map(|paragraph| paragraph.join("\n"))
            .collect(),
    }
}

fn not_utf8(path: &Path, error: &std::string::FromUtf8Error) -> TextError {
    let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let line_start = before
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |end| end + 1);
    TextError::NotUtf8 {
        path: path.into(),
        line: before.iter().filter(|&&byte| byte == b'\n').count() + 1,
        byte: before.len() - line_start + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], split: Split) -> Result<Vec<String>, TextError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("texts.txt");
        fs::write(&path, bytes).unwrap();
        read_texts(&path, split)
    }

    #[test]
    fn lines_and_paragraphs_are_told_apart() {
        let text = "\u{feff}one \r\ntwo\n \t \n\n  three\n".as_bytes();
        assert_eq!(read(text, Split::Lines).unwrap(), ["one", "two", "three"]);
        assert_eq!(
            read(text, Split::Paragraphs).unwrap(),
            ["one\ntwo", "three"]
        );
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        let check = |bytes: &[u8], expected: &str| {
            let error = read(bytes, Split::Lines).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(
            b"fine\nfine\nna\xefve\n",
            "line 3 is not UTF-8 (its byte 3)",
        );
        check(b"\xff\xfea\0", "line 1 is not UTF-8 (its byte 1)");
        check(b"", "holds no text");
        check(b" \n\n", "holds no text");
        let missing = read_texts(Path::new("missing.txt"), Split::Lines).unwrap_err();
        assert!(missing.to_string().contains("missing.txt"), "{missing}");
    }
}
