//! Bringing what is needed of a file into its copy.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
};

use super::{
    Brought, Remote, RemoteError, Transfer, address,
    copy::{Copy, Version},
    object::{Look, Object},
    parquet, several,
};
use crate::{Format, LoadError, LoadOptions, hash::sha256_parts};

/// Brings what reading with `options` takes: of Parquet the footer and the columns, of anything
/// else all of it.
pub(super) fn bring(
    remote: &Remote,
    address: &str,
    options: &LoadOptions,
    progress: &mut dyn FnMut(Transfer),
) -> Result<Brought, RemoteError> {
    if address::is_several(address) {
        return several::bring(remote, address, options, progress);
    }
    let place = |version: &Version| in_cache(&remote.cache, address, version);
    bring_to(remote, address, options, &place, progress)
}

/// [`bring`] of one file, to a place that depends on its version.
pub(super) fn bring_to(
    remote: &Remote,
    address: &str,
    options: &LoadOptions,
    place: &dyn Fn(&Version) -> PathBuf,
    progress: &mut dyn FnMut(Transfer),
) -> Result<Brought, RemoteError> {
    let mut task = Task::start(remote, address, progress)?;
    let mut copy = task.open(place)?;
    let columns = match task.is_parquet(&copy) {
        true => {
            task.footer(&mut copy)?;
            parquet::columns(copy.path(), options).map_err(|source| task.refused(source))?
        }
        false => std::iter::once(0..copy.bytes()).collect(),
    };
    task.fill(&mut copy, &columns)?;
    Ok(task.brought(&copy))
}

/// Brings all of a file into the cache.
pub(super) fn bring_all(
    remote: &Remote,
    address: &str,
    progress: &mut dyn FnMut(Transfer),
) -> Result<Brought, RemoteError> {
    let mut task = Task::start(remote, address, progress)?;
    let place = |version: &Version| in_cache(&remote.cache, address, version);
    let mut copy = task.open(&place)?;
    let whole = 0..copy.bytes();
    task.fill(&mut copy, std::slice::from_ref(&whole))?;
    Ok(task.brought(&copy))
}

/// Brings the footer of a Parquet file; `None` where the file is something else, or its server
/// gives no parts of files.
pub(super) fn footer(
    remote: &Remote,
    address: &str,
    progress: &mut dyn FnMut(Transfer),
) -> Result<Option<Brought>, RemoteError> {
    if address::is_several(address) {
        return Ok(None);
    }
    let mut task = Task::start(remote, address, progress)?;
    if matches!(task.look, Look::Whole) {
        return Ok(None);
    }
    let place = |version: &Version| in_cache(&remote.cache, address, version);
    let mut copy = task.open(&place)?;
    if !task.is_parquet(&copy) {
        return Ok(None);
    }
    task.footer(&mut copy)?;
    Ok(Some(task.brought(&copy)))
}

/// Brings a file's first `limit` bytes, or all of it, to a place of the caller's.
pub(crate) fn download(
    remote: &Remote,
    address: &str,
    path: &Path,
    limit: Option<u64>,
    progress: &mut dyn FnMut(Transfer),
) -> Result<Brought, RemoteError> {
    let mut task = Task::start(remote, address, progress)?;
    let mut copy = task.open(&|_| path.into())?;
    let end = limit.unwrap_or(u64::MAX).min(copy.bytes());
    task.fill(&mut copy, std::slice::from_ref(&(0..end)))?;
    Ok(task.brought(&copy))
}

fn in_cache(cache: &Path, address: &str, version: &Version) -> PathBuf {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let parts = [
        address.into(),
        text(&version.etag),
        text(&version.modified),
        version.bytes.to_string(),
    ];
    let key = sha256_parts(&parts.each_ref().map(String::as_str));
    cache
        .join("remote")
        .join(key)
        .join(address::file_name(address))
}

/// A transfer and how far it is.
struct Task<'a> {
    object: Object,
    look: Look,
    done: u64,
    progress: &'a mut dyn FnMut(Transfer),
}

impl<'a> Task<'a> {
    fn start(
        remote: &Remote,
        address: &str,
        progress: &'a mut dyn FnMut(Transfer),
    ) -> Result<Self, RemoteError> {
        let object = Object::new(address, remote.limits, &remote.variables)?;
        let look = object.look()?;
        Ok(Self {
            object,
            look,
            done: 0,
            progress,
        })
    }

    /// The copy, with what the first look showed; all of the file where there are no parts of it.
    fn open(&mut self, place: &dyn Fn(&Version) -> PathBuf) -> Result<Copy, RemoteError> {
        let address = self.object.shown().to_owned();
        let open = |version: Version| match version.bytes {
            0 => Err(RemoteError::Empty {
                address: address.clone(),
            }),
            _ => Copy::open(&place(&version), &address, version),
        };
        match &self.look {
            Look::Ranged { version, first } => {
                let mut copy = open(version.clone())?;
                copy.write(0, first)?;
                self.done += first.len() as u64;
                Ok(copy)
            }
            Look::Whole => {
                let (done, progress) = (&mut self.done, &mut self.progress);
                self.object.whole(&mut { open }, &mut |bytes, total| {
                    *done += bytes;
                    progress(Transfer { done: *done, total });
                })
            }
        }
    }

    /// Whether the beginning of the copy is that of a Parquet file.
    fn is_parquet(&self, copy: &Copy) -> bool {
        matches!(Format::detect(copy.path()), Ok(Format::Parquet))
    }

    fn footer(&mut self, copy: &mut Copy) -> Result<(), RemoteError> {
        let guess = parquet::footer_guess(copy.bytes());
        self.fill(copy, std::slice::from_ref(&guess))?;
        let tail = read(copy.path(), guess).map_err(|source| RemoteError::Keep {
            path: copy.path().into(),
            source,
        })?;
        let footer = parquet::footer(copy.bytes(), &tail);
        self.fill(copy, &[footer])
    }

    fn fill(&mut self, copy: &mut Copy, ranges: &[Range<u64>]) -> Result<(), RemoteError> {
        let missing = ranges.iter().flat_map(|range| copy.missing(range.clone()));
        let total = self.done + missing.map(|range| range.end - range.start).sum::<u64>();
        let (done, progress) = (&mut self.done, &mut self.progress);
        self.object.fill(copy, ranges, &mut |bytes| {
            *done += bytes;
            progress(Transfer { done: *done, total });
        })
    }

    fn brought(&self, copy: &Copy) -> Brought {
        Brought {
            path: copy.path().into(),
            bytes: copy.bytes(),
            transferred: self.done,
        }
    }

    fn refused(&self, source: LoadError) -> RemoteError {
        RemoteError::Load {
            address: self.object.shown().into(),
            source: Box::new(source),
        }
    }
}

fn read(path: &Path, range: Range<u64>) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(range.start))?;
    let mut bytes = Vec::new();
    file.take(range.end - range.start).read_to_end(&mut bytes)?;
    Ok(bytes)
}
