//! The files of a set, downloaded and checked.

use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use super::{FetchError, Step};
use crate::{
    Dtype, Format,
    catalog::{Entry, Piece},
    dataset::Origin,
    hash::{sha256_file, sha256_parts},
    remote::{Remote, address, shown, transfer},
};

/// Bytes before the rows of a flat file: n and dim.
const FLAT_HEADER: u64 = 8;

/// Where a set comes from and goes to.
pub(super) struct Download<'a> {
    pub(super) entry: &'a Entry,
    /// A folder for what is downloaded, gone when all is done.
    pub(super) folder: PathBuf,
    pub(super) remote: &'a Remote,
    pub(super) mirror: Option<&'a str>,
    /// What an earlier fetch has found, for pieces that the catalogue does not pin.
    pub(super) earlier: &'a [Origin],
}

/// A piece that has come and is what it should be.
pub(super) struct Arrived {
    /// A file, or a folder of numbered parts.
    pub(super) path: PathBuf,
    pub(super) origin: Origin,
}

impl Download<'_> {
    /// Downloads a piece of the set and checks it. A wrong one is removed.
    pub(super) fn piece(
        &self,
        piece: &Piece,
        watch: &mut dyn FnMut(Step<'_>),
    ) -> Result<Arrived, FetchError> {
        let mut paths = Vec::new();
        for (part, address) in piece.addresses().iter().enumerate() {
            let path = self.place(piece, part, address);
            self.file(piece, address, &path, watch)?;
            paths.push(path);
        }
        let origin = Origin {
            url: shown(&piece.url),
            sha256: self.hash(&paths, watch)?,
        };
        self.compare(piece, &origin)
            .inspect_err(|_| discard(&paths))?;
        if let Some(rows) = piece.rows {
            shorten(&paths[0], rows).map_err(|source| io_error(&paths[0], source))?;
        }
        let folder = paths[0].parent().unwrap_or(&self.folder);
        let path = if piece.parts.is_some() {
            folder
        } else {
            &paths[0]
        };
        Ok(Arrived {
            path: path.into(),
            origin,
        })
    }

    /// Where a part is downloaded to. The name keeps its extension, which tells formats apart.
    fn place(&self, piece: &Piece, part: usize, address: &str) -> PathBuf {
        let name = address::file_name(address);
        match piece.parts {
            None => self.folder.join(name),
            Some(_) => self.folder.join("parts").join(format!("{part}-{name}")),
        }
    }

    fn file(
        &self,
        piece: &Piece,
        address: &str,
        path: &Path,
        watch: &mut dyn FnMut(Step<'_>),
    ) -> Result<(), FetchError> {
        let address = self.mirrored(address);
        let file = address::file_name(&address);
        let progress = &mut |transfer| {
            watch(Step::Download {
                file: &file,
                transfer,
            })
        };
        let limit = piece.rows.map(|rows| self.flat_bytes(path, rows));
        let brought = transfer::download(self.remote, &address, path, limit, progress)?;
        let wrong = |expected| FetchError::Size {
            address: shown(&address),
            expected,
            found: brought.bytes,
        };
        match (piece.bytes, limit) {
            (Some(expected), _) if expected != brought.bytes => Err(wrong(expected)),
            (_, Some(expected)) if expected > brought.bytes => Err(wrong(expected)),
            _ => Ok(()),
        }
        .inspect_err(|_| discard(&[path.into()]))?;
        match limit {
            Some(limit) => File::options()
                .write(true)
                .open(path)
                .and_then(|file| file.set_len(limit))
                .map_err(|source| io_error(path, source)),
            None => Ok(()),
        }
    }

    /// The address at the mirror: the mirror's folder and the file's own name.
    fn mirrored(&self, address: &str) -> String {
        match self.mirror {
            Some(mirror) => {
                let bare = address.split(['?', '#']).next().unwrap_or_default();
                let name = bare.rsplit('/').next().unwrap_or_default();
                format!("{}/{name}", mirror.trim_end_matches('/'))
            }
            None => address.into(),
        }
    }

    /// Size of the first rows of a flat file.
    fn flat_bytes(&self, path: &Path, rows: usize) -> u64 {
        let dtype = Format::of_extension(path).map_or(Dtype::F32, Format::flat_dtype);
        FLAT_HEADER + rows as u64 * self.entry.dim as u64 * dtype.bytes()
    }

    fn hash(
        &self,
        paths: &[PathBuf],
        watch: &mut dyn FnMut(Step<'_>),
    ) -> Result<String, FetchError> {
        let mut hashes = Vec::new();
        for path in paths {
            watch(Step::Check);
            hashes.push(sha256_file(path).map_err(|source| io_error(path, source))?);
        }
        let parts: Vec<&str> = hashes.iter().map(String::as_str).collect();
        Ok(match parts[..] {
            [one] => one.into(),
            _ => sha256_parts(&parts),
        })
    }

    /// Refuses another file than the catalogue or an earlier fetch has pinned.
    fn compare(&self, piece: &Piece, origin: &Origin) -> Result<(), FetchError> {
        let known = self.earlier.iter().find(|known| known.url == origin.url);
        let pinned = piece.sha256.as_ref().or(known.map(|known| &known.sha256));
        match pinned {
            Some(pinned) if !pinned.eq_ignore_ascii_case(&origin.sha256) => Err(FetchError::Hash {
                address: origin.url.clone(),
                expected: pinned.clone(),
                found: origin.sha256.clone(),
            }),
            _ => Ok(()),
        }
    }
}

pub(super) fn io_error(path: &Path, source: std::io::Error) -> FetchError {
    FetchError::Io {
        path: path.into(),
        source,
    }
}

/// Removes wrong files. One that cannot be removed is checked again by the next fetch.
fn discard(paths: &[PathBuf]) {
    for path in paths {
        _ = transfer::discard(path);
    }
}

/// Has the header of a flat file count the rows that are left.
fn shorten(path: &Path, rows: usize) -> std::io::Result<()> {
    let rows = u32::try_from(rows).map_err(std::io::Error::other)?;
    let mut file = File::options().write(true).open(path)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&rows.to_le_bytes())
}
