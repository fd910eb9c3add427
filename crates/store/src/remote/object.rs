//! One file that lies elsewhere, read by ranges.

use std::{cell::RefCell, ops::Range, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::{GetOptions, GetResult, ObjectMeta, ObjectStore, path::Path as ObjectPath};
use tokio::runtime::Runtime;

use super::{
    Limits, RemoteError,
    connect::connect,
    copy::{Copy, Version},
    failure::Failure,
    ranges::cut,
};

/// Bytes read to see whether a file is there, how large it is and what it looks like.
const FIRST_BYTES: u64 = 4096;

/// A file that lies elsewhere, with the connection to it.
pub(super) struct Object {
    /// The address as messages show it.
    shown: String,
    store: Box<dyn ObjectStore>,
    path: ObjectPath,
    limits: Limits,
    /// Taken when this is dropped.
    runtime: Option<Runtime>,
}

/// What a first look shows.
pub(super) enum Look {
    /// The server gives parts of the file.
    Ranged { version: Version, first: Vec<u8> },
    /// It gives the whole or nothing.
    Whole,
}

/// Is told of each piece and where it belongs.
type Take<'t> = dyn Fn(u64, &[u8]) -> Result<(), RemoteError> + 't;

impl Object {
    /// Prepares to read an address; nothing is sent yet. `variables` are the environment's.
    pub(super) fn new(
        address: &str,
        limits: Limits,
        variables: &[(String, String)],
    ) -> Result<Self, RemoteError> {
        let shown = super::address::shown(address);
        let connected = connect(address, &limits, variables);
        let (store, path) = connected.map_err(|problem| {
            let address = shown.clone();
            match problem.contains("certificate") {
                true => RemoteError::Tls {
                    address,
                    reason: problem,
                },
                false => RemoteError::Address { address, problem },
            }
        })?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| RemoteError::Unreachable {
            address: shown.clone(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            shown,
            store,
            path,
            limits,
            runtime: Some(runtime),
        })
    }

    /// The address as messages show it.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// The names of the files in the folder that the address is; none of those deeper down.
    pub(super) fn names(&self) -> Result<Vec<String>, RemoteError> {
        let listed = self.wait(async {
            let listed = self.store.list_with_delimiter(Some(&self.path)).await;
            listed.map_err(Failure::of_request)
        });
        let listed = listed.map_err(|failure| failure.into_error(&self.shown, &self.limits))?;
        let names = listed.objects.iter();
        Ok(names
            .filter_map(|object| object.location.filename().map(String::from))
            .collect())
    }

    /// Looks at the first bytes.
    pub(super) fn look(&self) -> Result<Look, RemoteError> {
        let result = self.wait(async {
            let got = self.get(Some(0..FIRST_BYTES), None).await?;
            let version = version(&got.meta);
            let mut first = Vec::new();
            let take = RefCell::new(&mut first);
            let keep = |_, bytes: &[u8]| {
                take.borrow_mut().extend_from_slice(bytes);
                Ok(())
            };
            self.pass_on(got, &mut 0, &keep).await?;
            Ok(Look::Ranged { version, first })
        });
        match result {
            Ok(look) => Ok(look),
            Err(Failure::NoRanges) => Ok(Look::Whole),
            Err(failure) => Err(failure.into_error(&self.shown, &self.limits)),
        }
    }

    /// Reads what is missing of `ranges` into a copy. `progress` is told of bytes done.
    pub(super) fn fill(
        &self,
        copy: &mut Copy,
        ranges: &[Range<u64>],
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), RemoteError> {
        let missing = ranges.iter().flat_map(|range| copy.missing(range.clone()));
        let parts = cut(missing.collect(), self.limits.part_bytes);
        if parts.is_empty() {
            return Ok(());
        }
        let version = copy.version().clone();
        let sink = RefCell::new((&mut *copy, progress));
        let take = |start, bytes: &[u8]| {
            let (copy, progress) = &mut *sink.borrow_mut();
            copy.write(start, bytes)?;
            progress(bytes.len() as u64);
            Ok(())
        };
        let reads = parts
            .into_iter()
            .map(|part| self.read_part(part, &version, &take));
        let all = stream::iter(reads).buffer_unordered(self.limits.connections.max(1));
        let filled = self.wait(all.try_collect::<()>());
        // What has come stays, whatever broke.
        copy.save()?;
        filled.map_err(|failure| failure.into_error(&self.shown, &self.limits))
    }

    /// Reads the whole file in one go from a server that gives no parts. `open` says where the
    /// version that comes is kept.
    pub(super) fn whole(
        &self,
        open: &mut dyn FnMut(Version) -> Result<Copy, RemoteError>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Copy, RemoteError> {
        let progress = RefCell::new(progress);
        let read = async {
            let got = self.get(None, None).await?;
            let mut copy = open(version(&got.meta)).map_err(Failure::Final)?;
            let bytes = copy.bytes();
            if !copy.missing(0..bytes).is_empty() {
                let sink = RefCell::new(&mut copy);
                let take = |start, piece: &[u8]| {
                    progress.borrow_mut()(piece.len() as u64, bytes);
                    sink.borrow_mut().write(start, piece)
                };
                self.pass_on(got, &mut 0, &take).await?;
                copy.save().map_err(Failure::Final)?;
            }
            Ok(copy)
        };
        self.wait(read)
            .map_err(|failure: Failure| failure.into_error(&self.shown, &self.limits))
    }

    /// One part, asked for again from where it broke.
    async fn read_part(
        &self,
        part: Range<u64>,
        version: &Version,
        take: &Take<'_>,
    ) -> Result<(), Failure> {
        let (mut start, mut failures) = (part.start, 0);
        while start < part.end {
            let before = start;
            let failed = match self.read_once(&mut start, part.end, version, take).await {
                Ok(()) => continue,
                Err(failure @ Failure::Broken(_)) => failure,
                Err(failure) => return Err(failure),
            };
            failures = if start > before { 1 } else { failures + 1 };
            if failures > self.limits.retries {
                return Err(failed);
            }
            tokio::time::sleep(backoff(&self.limits, failures)).await;
        }
        Ok(())
    }

    async fn read_once(
        &self,
        start: &mut u64,
        end: u64,
        expected: &Version,
        take: &Take<'_>,
    ) -> Result<(), Failure> {
        let got = self.get(Some(*start..end), Some(expected)).await;
        let got = got.map_err(|failure| match failure {
            // It gave parts a moment ago: of the version that is no more.
            Failure::NoRanges => Failure::Changed,
            failure => failure,
        })?;
        if version(&got.meta) != *expected {
            return Err(Failure::Changed);
        }
        self.pass_on(got, start, take).await
    }

    /// Hands the pieces of an answer on as they come, and moves `start` past each.
    async fn pass_on(
        &self,
        got: GetResult,
        start: &mut u64,
        take: &Take<'_>,
    ) -> Result<(), Failure> {
        let mut pieces = got.into_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(Failure::of_body)?;
            take(*start, &piece).map_err(Failure::Final)?;
            *start += piece.len() as u64;
        }
        Ok(())
    }

    async fn get(
        &self,
        range: Option<Range<u64>>,
        expected: Option<&Version>,
    ) -> Result<GetResult, Failure> {
        let etag = expected.and_then(|version| version.etag.clone());
        let options = GetOptions {
            range: range.map(Into::into),
            // A weak tag never matches; such a version is compared when the answer is here.
            if_match: etag.filter(|etag| !etag.starts_with("W/")),
            ..GetOptions::default()
        };
        let got = self.store.get_opts(&self.path, options).await;
        got.map_err(Failure::of_request)
    }

    fn wait<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        match &self.runtime {
            Some(runtime) => runtime.block_on(work),
            None => Err(Failure::Broken("the connection was given up".into())),
        }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // A name that is still being looked up must not hold the caller up.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn backoff(limits: &Limits, failures: usize) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1))
        .unwrap_or(u32::MAX)
        .min(6);
    limits.backoff.saturating_mul(1 << doublings)
}

fn version(meta: &ObjectMeta) -> Version {
    // Servers that give no date are said to give 1970.
    let is_dated = meta.last_modified.timestamp() > 0;
    Version {
        etag: meta.e_tag.clone(),
        modified: is_dated.then(|| meta.last_modified.to_rfc3339()),
        bytes: meta.size,
    }
}
