//! The header of an npy file: a magic number, a version and a Python dictionary in text.
//!
//! Parsed by hand: the grammar is three keys, and a header must be neither trusted for an
//! allocation nor able to overflow the stack of a general parser of Python expressions.
//!
//! # Source
//! NumPy Enhancement Proposal 1 and the documentation of `numpy.lib.format`.

use std::{io::Read, path::Path};

use super::NpyError;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// NumPy itself refuses headers over 10,000 bytes by default.
const MAX_TEXT: u64 = 10_000;
/// Elements begin at a multiple of this, as NumPy writes them: good for any SIMD load.
const ALIGNMENT: usize = 64;

/// What an npy header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// NumPy's name of the element type, such as `<f4`.
    pub(crate) descr: String,
    /// Whether columns rather than rows are contiguous.
    pub(crate) fortran_order: bool,
    /// Length of each axis.
    pub(crate) shape: Vec<u64>,
    /// Byte at which elements begin.
    pub(crate) data_offset: u64,
}

impl Header {
    /// Reads a header from the start of a file.
    pub(crate) fn read(path: &Path, file: &mut impl Read) -> Result<Self, NpyError> {
        let refuse = |problem: String| NpyError::Header {
            path: path.into(),
            problem,
        };
        let mut start = Vec::new();
        file.take(12)
            .read_to_end(&mut start)
            .map_err(|source| NpyError::Io {
                path: path.into(),
                source,
            })?;
        let (text_start, length) = text_extent(&start).map_err(refuse)?;
        let mut text = start.split_off(text_start);
        let missing = length.saturating_sub(text.len() as u64);
        file.take(missing)
            .read_to_end(&mut text)
            .map_err(|source| NpyError::Io {
                path: path.into(),
                source,
            })?;
        if (text.len() as u64) < length {
            return Err(refuse("the file ends within it".into()));
        }
        let data_offset = text_start as u64 + length;
        Parser::new(&text).header(data_offset).map_err(refuse)
    }

    /// The bytes of a header for a C-ordered array, padded so that elements are aligned.
    pub(crate) fn bytes(descr: &str, shape: &[usize]) -> Vec<u8> {
        Self::bytes_of_length(descr, shape, 0)
    }

    /// [`bytes`](Self::bytes), padded to `least` bytes at the least, a multiple of the alignment.
    pub(crate) fn bytes_of_length(descr: &str, shape: &[usize], least: usize) -> Vec<u8> {
        let axes: String = shape.iter().map(|length| format!("{length}, ")).collect();
        let axes = match shape.len() {
            1 => axes.trim_end(),
            _ => axes.trim_end_matches(", "),
        };
        let mut text =
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({axes}), }}");
        let unpadded = MAGIC.len() + 4 + text.len() + 1;
        text.extend(std::iter::repeat_n(
            ' ',
            unpadded.next_multiple_of(ALIGNMENT).max(least) - unpadded,
        ));
        text.push('\n');
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes
    }

    /// Number of elements; `None` past any file's size.
    pub(crate) fn elements(&self) -> Option<u64> {
        self.shape
            .iter()
            .try_fold(1u64, |product, &length| product.checked_mul(length))
    }

    /// Refuses a file that has not exactly the bytes the header promises.
    pub(crate) fn check_length(
        &self,
        path: &Path,
        element_bytes: u64,
        found: u64,
    ) -> Result<(), NpyError> {
        let elements: u128 = self.shape.iter().fold(1, |product: u128, &length| {
            product.saturating_mul(length.into())
        });
        let expected = elements
            .saturating_mul(element_bytes.into())
            .saturating_add(self.data_offset.into());
        match expected == u128::from(found) {
            true => Ok(()),
            false => Err(NpyError::Length {
                path: path.into(),
                found,
                expected,
            }),
        }
    }

    /// `(n, dim)` of a 2-D array.
    pub(crate) fn matrix_shape(&self, path: &Path) -> Result<(usize, usize), NpyError> {
        let refused = || NpyError::Shape {
            path: path.into(),
            shape: self.shape.clone(),
            expected: "two axes, vectors x components, with at least one component",
        };
        match self.shape[..] {
            [n, dim] if dim > 0 && self.elements().is_some() => Ok((n as usize, dim as usize)),
            _ => Err(refused()),
        }
    }
}

/// Where the text begins and how long it is, from a file's first 12 bytes.
fn text_extent(start: &[u8]) -> Result<(usize, u64), String> {
    let (text_start, length) = match start {
        [b'\x93', b'N', b'U', b'M', b'P', b'Y', 1, _, a, b, ..] => {
            (10, u64::from(u16::from_le_bytes([*a, *b])))
        }
        [b'\x93', b'N', b'U', b'M', b'P', b'Y', 2 | 3, _, a, b, c, d] => {
            (12, u64::from(u32::from_le_bytes([*a, *b, *c, *d])))
        }
        [b'\x93', b'N', b'U', b'M', b'P', b'Y', version, ..] if start.len() >= 10 => {
            return Err(format!("version {version} is unknown"));
        }
        _ => return Err("it does not begin as an npy file does".into()),
    };
    match length {
        0..=MAX_TEXT => Ok((text_start, length)),
        _ => Err(format!("it claims {length} bytes")),
    }
}

/// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, keys in any order.
struct Parser<'a> {
    text: &'a [u8],
}

impl<'a> Parser<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { text }
    }

    fn header(mut self, data_offset: u64) -> Result<Header, String> {
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        self.expect(b'{')?;
        while !self.accept(b'}') {
            let key = self.string()?;
            self.expect(b':')?;
            match key.as_str() {
                "descr" => descr = Some(self.descr()?),
                "fortran_order" => fortran_order = Some(self.boolean()?),
                "shape" => shape = Some(self.tuple()?),
                other => return Err(format!("unknown key `{other}`")),
            }
            if !self.accept(b',') {
                self.expect(b'}')?;
                break;
            }
        }
        Ok(Header {
            descr: descr.ok_or("`descr` is missing")?,
            fortran_order: fortran_order.ok_or("`fortran_order` is missing")?,
            shape: shape.ok_or("`shape` is missing")?,
            data_offset,
        })
    }

    /// The element type; the text of a structured one is kept to be named in a refusal.
    fn descr(&mut self) -> Result<String, String> {
        self.skip_space();
        match self.text.first() {
            Some(b'[') => Ok("of several fields".into()),
            _ => self.string(),
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.skip_space();
        let quote = match self.text.first() {
            Some(&quote @ (b'\'' | b'"')) => quote,
            _ => return Err(self.unexpected("a quoted word")),
        };
        let rest = &self.text[1..];
        let end = rest.iter().position(|&byte| byte == quote);
        let end = end.ok_or("a quoted word does not end")?;
        self.text = &rest[end + 1..];
        Ok(String::from_utf8_lossy(&rest[..end]).into_owned())
    }

    fn boolean(&mut self) -> Result<bool, String> {
        self.skip_space();
        for (word, value) in [(&b"True"[..], true), (b"False", false)] {
            if let Some(rest) = self.text.strip_prefix(word) {
                self.text = rest;
                return Ok(value);
            }
        }
        Err(self.unexpected("True or False"))
    }

    fn tuple(&mut self) -> Result<Vec<u64>, String> {
        let mut lengths = Vec::new();
        self.expect(b'(')?;
        while !self.accept(b')') {
            lengths.push(self.integer()?);
            if !self.accept(b',') {
                self.expect(b')')?;
                break;
            }
        }
        Ok(lengths)
    }

    fn integer(&mut self) -> Result<u64, String> {
        self.skip_space();
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        let length = self.text.iter().take_while(|byte| is_digit(byte)).count();
        let (digits, rest) = self.text.split_at(length);
        let number = std::str::from_utf8(digits)
            .ok()
            .and_then(|d| d.parse().ok());
        let number = number.ok_or_else(|| self.unexpected("a length"))?;
        // Python 2 wrote long integers with an L.
        self.text = rest.strip_prefix(b"L").unwrap_or(rest);
        Ok(number)
    }

    fn expect(&mut self, byte: u8) -> Result<(), String> {
        match self.accept(byte) {
            true => Ok(()),
            false => Err(self.unexpected(&format!("`{}`", char::from(byte)))),
        }
    }

    fn accept(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.text.first() == Some(&byte);
        if found {
            self.text = &self.text[1..];
        }
        found
    }

    fn skip_space(&mut self) {
        self.text = self.text.trim_ascii_start();
    }

    fn unexpected(&self, expected: &str) -> String {
        let found: String = String::from_utf8_lossy(self.text)
            .chars()
            .take(12)
            .collect();
        format!("expected {expected} at `{}`", found.escape_debug())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Result<Header, String> {
        Header::read(Path::new("x.npy"), &mut &bytes[..]).map_err(|error| error.to_string())
    }

    fn version_1(text: &str) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes
    }

    #[test]
    fn headers_in_every_spelling_are_read() {
        let cases: [(&str, bool, &[u64]); 4] = [
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }  \n",
                false,
                &[3, 4],
            ),
            (
                "{\"shape\":(3,),\"descr\":\"<f4\",\"fortran_order\":True}",
                true,
                &[3],
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (7L, 2L), }",
                false,
                &[7, 2],
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (), }",
                false,
                &[],
            ),
        ];
        for (text, fortran_order, shape) in cases {
            let header = read(&version_1(text)).unwrap();
            assert_eq!(header.descr, "<f4");
            assert_eq!(
                (header.fortran_order, &header.shape[..]),
                (fortran_order, shape)
            );
            assert_eq!(header.data_offset, 10 + text.len() as u64);
        }
    }

    #[test]
    fn headers_that_say_nothing_sensible_are_refused() {
        let nested = format!("{{'descr': '<f4', 'shape': {}", "(".repeat(9_000));
        let cases = [
            (b"\x93NUMPY".to_vec(), "does not begin"),
            (b"\x93NUMPY\x09\x00\x10\x00".to_vec(), "version 9"),
            (
                b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(),
                "claims 4294967295 bytes",
            ),
            (b"\x93NUMPY\x01\x00\x76\x00{'descr'".to_vec(), "ends within"),
            (
                version_1("{'descr': '<f4', 'shape': (3, 4), }"),
                "`fortran_order` is missing",
            ),
            (
                version_1("{'descr': '<f4', 'shape': (-3, 4), }"),
                "expected a length",
            ),
            (
                version_1("{'descr': '<f4', 'shape': (99999999999999999999, 4)}"),
                "a length",
            ),
            (version_1(&nested), "expected a length"),
        ];
        for (bytes, expected) in cases {
            let message = read(&bytes).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn a_product_beyond_any_file_is_no_length() {
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551615, 18446744073709551615), }";
        let header = read(&version_1(text)).unwrap();
        assert_eq!(header.elements(), None);
        assert!(header.check_length(Path::new("x.npy"), 4, 1000).is_err());
        assert!(header.matrix_shape(Path::new("x.npy")).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(shape in proptest::collection::vec(0usize..1_000_000, 0..4)) {
            let bytes = Header::bytes("<u8", &shape);
            let header = read(&bytes).unwrap();
            prop_assert_eq!(bytes.len() % ALIGNMENT, 0);
            prop_assert_eq!(header.data_offset, bytes.len() as u64);
            let shape: Vec<u64> = shape.into_iter().map(|length| length as u64).collect();
            prop_assert_eq!((header.descr.as_str(), header.shape), ("<u8", shape));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&version_1(&String::from_utf8_lossy(&bytes)));
            let _ = read(&bytes);
        }
    }
}
