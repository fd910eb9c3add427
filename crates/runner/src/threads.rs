//! How many threads there are.

/// Threads that may run at once, as the operating system grants them to this process.
pub fn all_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
