//! Asking a run to stop, from outside it.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
    mpsc::Sender,
};

use super::process::Heard;

/// Asks a run to stop: whoever holds a clone may, such as the thread that waits for signals.
///
/// The measurement or build under way is given up, what was finished before it is kept.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    requested: AtomicBool,
    /// One a worker: a coordinator that waits for an answer sleeps, and must be woken.
    listeners: Mutex<Vec<Sender<Heard>>>,
}

impl Stop {
    /// Asks the run to stop. Returns whether nobody had asked before.
    pub fn request(&self) -> bool {
        let first = !self.shared.requested.swap(true, Ordering::SeqCst);
        let listeners = self.shared.listeners.lock();
        for listener in listeners.unwrap_or_else(PoisonError::into_inner).iter() {
            // A worker that is gone listens no more.
            let _ = listener.send(Heard::Stop);
        }
        first
    }

    /// Whether somebody has asked.
    pub fn is_requested(&self) -> bool {
        self.flag().load(Ordering::SeqCst)
    }

    /// The flag itself, for work that looks at one now and then.
    pub fn flag(&self) -> &AtomicBool {
        &self.shared.requested
    }

    /// Has `listener` told, at once if somebody has asked already.
    pub(super) fn tell(&self, listener: Sender<Heard>) {
        let listeners = self.shared.listeners.lock();
        let mut listeners = listeners.unwrap_or_else(PoisonError::into_inner);
        if self.is_requested() {
            let _ = listener.send(Heard::Stop);
        }
        listeners.push(listener);
    }
}

/// A run that was asked to stop and did.
#[derive(Debug, thiserror::Error)]
#[error("stopped; {kept}")]
pub struct Interrupted {
    /// What was measured and how to go on, in words.
    pub kept: String,
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn whoever_listens_is_told_whether_they_came_before_or_after() {
        let stop = Stop::default();
        let ((before, told_before), (after, told_after)) = (channel(), channel());
        stop.tell(before);
        assert!(told_before.try_recv().is_err());
        assert!(stop.clone().request());
        stop.tell(after);
        assert!(matches!(told_before.try_recv(), Ok(Heard::Stop)));
        assert!(matches!(told_after.try_recv(), Ok(Heard::Stop)));
        assert!(!stop.request(), "the second request is not the first");
    }
}
