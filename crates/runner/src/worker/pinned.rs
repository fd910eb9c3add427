//! A worker held to CPUs while something is timed.

use std::io;

use crate::machine::affinity;

/// Every thread of this process held to CPUs; dropped, they are as free as before.
#[derive(Debug)]
pub(super) struct Pinned {
    before: Vec<usize>,
}

impl Pinned {
    /// Holds all threads there are, and those they start from now on.
    ///
    /// # Errors
    /// If the kernel refuses; nothing is held then.
    pub(super) fn to(cpus: &[usize]) -> io::Result<Self> {
        let pinned = Self {
            before: affinity::of_thread()?,
        };
        affinity::hold_process(cpus)?;
        Ok(pinned)
    }

    /// CPUs that threads of this process may run on now.
    ///
    /// # Errors
    /// If the kernel does not say.
    pub(super) fn in_force(&self) -> io::Result<Vec<usize>> {
        affinity::of_process()
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        let _ = affinity::hold_process(&self.before);
    }
}
