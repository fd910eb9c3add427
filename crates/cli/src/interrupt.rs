//! Ctrl-C and its kin.

use std::cell::Cell;

use annbench_runner::Stop;
use anyhow::{Context, Result};

use crate::exit::STOPPED;

/// The stop of a job with several parts, of which the first that can be stopped begins to listen.
#[derive(Default)]
pub(crate) struct Signals {
    stop: Stop,
    is_listening: Cell<bool>,
}

impl Signals {
    /// Has signals stop the job from now on, if they do not already.
    pub(crate) fn listen(&self) -> Result<&Stop> {
        if !self.is_listening.replace(true) {
            stop_on_signals(&self.stop)?;
        }
        Ok(&self.stop)
    }
}

/// Has SIGINT, SIGTERM and SIGHUP stop a run; a second one leaves at once. What was measured is on
/// the disk either way.
pub(crate) fn stop_on_signals(stop: &Stop) -> Result<()> {
    let stop = stop.clone();
    let on_signal = move || {
        if !stop.request() {
            std::process::exit(STOPPED.into());
        }
    };
    ctrlc::set_handler(on_signal).context("listen for Ctrl-C")
}
