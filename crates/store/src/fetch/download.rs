//! The files of a set, downloaded and checked.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{FetchError, Step, unpack::Packed};
use crate::{
    Dtype, Format,
    catalog::{Entry, Piece},
    dataset::Origin,
    hash::{sha256_file, sha256_parts},
    remote::{Remote, address, address as remote_address, shown, transfer},
};

/// Bytes before the rows of a flat file: n and dim.
const FLAT_HEADER: u64 = 8;

/// Folder of the numbered parts of a piece.
const PARTS: &str = "parts";

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

impl Download<'_> {
    /// Downloads the files of a piece, or what is missing of them, and says where they are.
    pub(super) fn bring(
        &self,
        piece: &Piece,
        watch: &mut dyn FnMut(Step<'_>),
    ) -> Result<Vec<PathBuf>, FetchError> {
        let addresses = piece.addresses().into_iter().enumerate();
        addresses
            .map(|(part, address)| {
                let path = self.place(piece, part, &address);
                self.file(piece, &address, &path, watch)?;
                Ok(path)
            })
            .collect()
    }

    /// Checks the files of a piece, and makes the first rows of a flat file a file of their own.
    /// Only when all pieces have come: a shortened file is no copy that a later fetch could go on
    /// with.
    pub(super) fn check(
        &self,
        piece: &Piece,
        paths: &[PathBuf],
        watch: &mut dyn FnMut(Step<'_>),
    ) -> Result<Origin, FetchError> {
        let first = paths.first().unwrap_or(&self.folder);
        if let Some(rows) = piece.rows {
            let bytes = self.flat_bytes(first, rows);
            cut(first, bytes).map_err(|source| io_error(first, source))?;
        }
        watch(Step::Check);
        let origin = Origin {
            url: shown(&piece.url),
            sha256: hash(paths)?,
        };
        self.compare(piece, &origin)?;
        if let Some(rows) = piece.rows {
            count(first, rows).map_err(|source| io_error(first, source))?;
        }
        Ok(origin)
    }

    /// Where a piece that was checked is read from: its file, taken out of its archive if it is in
    /// one, or the folder of its parts.
    pub(super) fn open(&self, piece: &Piece) -> Result<PathBuf, FetchError> {
        let path = self.place(piece, 0, &piece.url);
        match (&piece.member, piece.parts) {
            (None, None) => Ok(path),
            (None, Some(_)) => Ok(self.folder.join(PARTS)),
            (Some(member), _) => {
                let folder = self.folder.join("members");
                std::fs::create_dir_all(&folder).map_err(|source| io_error(&folder, source))?;
                let target = folder.join(address::file_name(member));
                let packed = Packed {
                    path: &path,
                    address: &shown(&piece.url),
                };
                packed.take(member, self.member_bytes(), &target)?;
                Ok(target)
            }
        }
    }

    /// More bytes than any file of the set takes: components and distances of 8 bytes each, and for
    /// each query 1,000 neighbours.
    fn member_bytes(&self) -> u64 {
        let Entry {
            n, n_queries, dim, ..
        } = *self.entry;
        let rows = n as u64 + 1_000 * (n_queries.unwrap_or(0) as u64 + 1);
        8 * rows * (dim as u64 + 1)
    }

    /// Where a part is downloaded to. The name keeps its extension, which tells formats apart.
    fn place(&self, piece: &Piece, part: usize, address: &str) -> PathBuf {
        let name = address::file_name(address);
        match piece.parts {
            None => self.folder.join(name),
            Some(_) => self.folder.join(PARTS).join(format!("{part}-{name}")),
        }
    }

    fn file(
        &self,
        piece: &Piece,
        address: &str,
        path: &Path,
        watch: &mut dyn FnMut(Step<'_>),
    ) -> Result<(), FetchError> {
        let original = address;
        let address = self.mirrored(original);
        if remote_address(Path::new(&address)).is_none() {
            return self.copy(Path::new(&address), original, path);
        }
        let file = address::file_name(&address);
        let progress = &mut |transfer| {
            watch(Step::Download {
                file: &file,
                transfer,
            })
        };
        let limit = piece.rows.map(|rows| self.flat_bytes(path, rows));
        let brought = transfer::download(self.remote, &address, path, limit, progress)?;
        let expected = piece.bytes.unwrap_or(brought.bytes);
        let at_least = limit.unwrap_or(0);
        match brought.bytes == expected && brought.bytes >= at_least {
            true => Ok(()),
            false => Err(FetchError::Size {
                address: shown(&address),
                expected: expected.max(at_least),
                found: brought.bytes,
            }),
        }
    }

    /// Takes a file from a mirror that is a folder of this machine.
    fn copy(&self, file: &Path, address: &str, path: &Path) -> Result<(), FetchError> {
        if self.mirror.is_none() {
            let address = shown(address);
            return Err(FetchError::Address { address });
        }
        let folder = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(folder).map_err(|source| io_error(folder, source))?;
        match std::fs::copy(file, path) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(FetchError::NotInMirror {
                path: file.into(),
                address: shown(address),
            }),
            Err(source) => Err(io_error(file, source)),
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

pub(super) fn io_error(path: &Path, source: io::Error) -> FetchError {
    FetchError::Io {
        path: path.into(),
        source,
    }
}

/// sha256 of a file, or of the hashes of several.
fn hash(paths: &[PathBuf]) -> Result<String, FetchError> {
    let of_file = |path: &PathBuf| sha256_file(path).map_err(|source| io_error(path, source));
    let hashes: Vec<String> = paths.iter().map(of_file).collect::<Result<_, _>>()?;
    let parts: Vec<&str> = hashes.iter().map(String::as_str).collect();
    Ok(match parts[..] {
        [one] => one.into(),
        _ => sha256_parts(&parts),
    })
}

/// Cuts a flat file after its first bytes.
fn cut(path: &Path, bytes: u64) -> io::Result<()> {
    File::options().write(true).open(path)?.set_len(bytes)
}

/// Has the header of a flat file count the rows that are left.
fn count(path: &Path, rows: usize) -> io::Result<()> {
    let rows = u32::try_from(rows).map_err(io::Error::other)?;
    let mut file = File::options().write(true).open(path)?;
    file.write_all(&rows.to_le_bytes())
}
