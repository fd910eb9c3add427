//! How a search is to be run: threads, progress, cancellation.

use std::{
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use crate::ExactError;

type Listener<'a> = Box<dyn FnMut(Progress) + Send + 'a>;

/// How a search is to be run. None of it changes the result.
pub struct Options<'a> {
    threads: usize,
    listener: Option<Listener<'a>>,
    cancel: Option<&'a AtomicBool>,
}

/// How far a search is, or making a base ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Pairs of a query and a base vector looked at; rows made ready.
    pub done: u64,
    /// Pairs to look at; rows of the base.
    pub total: u64,
}

impl<'a> Options<'a> {
    /// A search on so many threads, that tells nobody how far it is and cannot be cancelled.
    pub fn new(threads: usize) -> Self {
        Self {
            threads,
            listener: None,
            cancel: None,
        }
    }

    /// Tells `listener` how far the search is, now and then, from whichever thread got there;
    /// the last call has `done == total`.
    #[must_use]
    pub fn with_progress(mut self, listener: impl FnMut(Progress) + Send + 'a) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// Gives up, within milliseconds, once `flag` is true.
    #[must_use]
    pub fn with_cancel(mut self, flag: &'a AtomicBool) -> Self {
        self.cancel = Some(flag);
        self
    }

    /// Threads the search may use.
    pub fn threads(&self) -> usize {
        self.threads
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("threads", &self.threads)
            .field("cancel", &self.cancel)
            .finish_non_exhaustive()
    }
}

/// The [`Options`] as the threads of one search share them.
pub(crate) struct Control<'o, 'a> {
    listener: Option<Mutex<&'o mut Listener<'a>>>,
    cancel: Option<&'a AtomicBool>,
    done: AtomicU64,
    total: u64,
    counts: Counts,
}

/// What the threads of one search have done.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) int8_pairs: AtomicU64,
    pub(crate) f32_pairs: AtomicU64,
    pub(crate) refined: AtomicU64,
    pub(crate) scored: AtomicU64,
}

impl Counts {
    pub(crate) fn add(count: &AtomicU64, more: usize) {
        count.fetch_add(more as u64, Ordering::Relaxed);
    }
}

impl<'o, 'a> Control<'o, 'a> {
    pub(crate) fn new(options: &'o mut Options<'a>, total: u64) -> Self {
        Self {
            listener: options.listener.as_mut().map(Mutex::new),
            cancel: options.cancel,
            done: AtomicU64::new(0),
            total,
            counts: Counts::default(),
        }
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Counts pairs as done and tells the listener.
    pub(crate) fn advance(&self, pairs: u64) {
        let Some(listener) = &self.listener else {
            return;
        };
        let mut listener = listener.lock().unwrap_or_else(PoisonError::into_inner);
        // Counted under the lock, so that the listener never sees the count go back.
        let done = self.done.fetch_add(pairs, Ordering::Relaxed) + pairs;
        listener(Progress {
            done,
            total: self.total,
        });
    }

    pub(crate) fn check(&self) -> Result<(), ExactError> {
        match self.cancel {
            Some(flag) if flag.load(Ordering::Relaxed) => Err(ExactError::Cancelled),
            _ => Ok(()),
        }
    }
}
