//! What becomes of a worker whose coordinator is gone.

/// Has this process, a worker, killed when the thread that started it ends, however that ends.
///
/// Elsewhere than on Linux a worker notices at the end of its present work, when its input has
/// ended: a long build goes on until then, and its result is thrown away.
pub fn end_with_coordinator() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, set_parent_process_death_signal};
        // Without it, a worker still leaves at the end of its input. One whose coordinator died
        // before this line finds its input ended, too.
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
    }
}
