//! Ctrl-C and its kin.

use annbench_runner::Stop;
use anyhow::{Context, Result};

use crate::exit::STOPPED;

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
