//! How a worker failed, in words.

use std::{process::ExitStatus, time::Duration};

/// A worker did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// It said why not, and goes on.
    #[error("{0}")]
    Refused(String),
    /// It is gone.
    #[error("the worker {ending}{}", last_words(.log))]
    Died {
        /// How it ended.
        ending: String,
        /// The end of what it wrote to stderr.
        log: String,
    },
    /// It took too long and was ended.
    #[error("no answer after {}, and the worker was ended; raise [measure] {key} if it needs longer", humantime::format_duration(*.after))]
    TimedOut {
        /// The key of the experiment that says how long it may take.
        key: &'static str,
        /// How long that is.
        after: Duration,
    },
    /// The run was asked to stop while it worked.
    #[error("the run was asked to stop")]
    Stopped,
}

impl WorkerError {
    /// A failure to write down. That the run was asked to stop is none: it ends the run.
    pub(super) fn unless_stopped(self) -> Result<Self, Self> {
        match self {
            Self::Stopped => Err(self),
            failure => Ok(failure),
        }
    }
}

#[cfg(unix)]
pub(super) fn ending(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(9) => "was killed by signal 9 (by hand, or for want of memory)".into(),
        Some(6) => "aborted (signal 6)".into(),
        Some(11) => "crashed with a segmentation fault (signal 11)".into(),
        Some(4) => "met an illegal instruction (signal 4): built for another CPU".into(),
        Some(signal) => format!("was ended by signal {signal}"),
        None => format!("ended by itself with {status}"),
    }
}

#[cfg(not(unix))]
pub(super) fn ending(status: ExitStatus) -> String {
    format!("ended with {status}")
}

fn last_words(log: &str) -> String {
    let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    match lines.len() {
        0 => String::new(),
        n => format!(
            "; its last words: {}",
            lines[n.saturating_sub(3)..].join(" / ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_death_is_told_with_its_signal_and_last_words() {
        let error = WorkerError::Died {
            ending: "aborted (signal 6)".into(),
            log: "one\ntwo\n\nthree\nfour\n".into(),
        };
        assert_eq!(
            error.to_string(),
            "the worker aborted (signal 6); its last words: two / three / four"
        );
    }

    #[test]
    fn a_timeout_names_the_key_to_raise() {
        let error = WorkerError::TimedOut {
            key: "point_timeout",
            after: Duration::from_secs(300),
        };
        assert_eq!(
            error.to_string(),
            "no answer after 5m, and the worker was ended; raise [measure] point_timeout if it \
             needs longer"
        );
    }
}
