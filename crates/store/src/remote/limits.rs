//! How patient a transfer is.

use std::time::Duration;

/// How long to wait, how often to try again, and how much to ask for at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest wait for a connection.
    pub connect: Duration,
    /// Longest silence of a server that is being read from.
    pub silence: Duration,
    /// Times to try again what broke without having brought a byte.
    pub retries: usize,
    /// Wait before the first of them; each further one waits about twice as long.
    pub backoff: Duration,
    /// Largest part of a file to ask for at once, in bytes.
    pub part_bytes: u64,
    /// Parts to read side by side.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            retries: 4,
            backoff: Duration::from_millis(200),
            part_bytes: 16 << 20,
            connections: 4,
        }
    }
}
