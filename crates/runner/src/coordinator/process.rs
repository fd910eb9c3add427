//! One worker process, from outside.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
};

use annbench_index::BuildProgress;
use anyhow::{Context, Result};

use crate::{
    machine::Environment,
    worker::protocol::{Reply, Request},
};

/// How to start a worker: this very program, told to be one.
#[derive(Debug, Clone)]
pub struct Launcher {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What of the environment reaches it.
    pub environment: Environment,
}

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
}

/// A running worker. Dropping it ends it.
#[derive(Debug)]
pub struct WorkerProcess {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    log: PathBuf,
}

impl WorkerProcess {
    /// Starts a worker whose stderr goes to the file `log`.
    ///
    /// # Errors
    /// If the log cannot be written or the program not started.
    pub fn start(launcher: &Launcher, log: &Path) -> Result<Self> {
        let doing = || format!("start a worker with {}", launcher.program.display());
        let stderr = File::create(log).with_context(|| format!("write {}", log.display()))?;
        let mut command = Command::new(&launcher.program);
        command
            .args(&launcher.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr);
        launcher.environment.apply(&mut command);
        let mut child = command.spawn().with_context(doing)?;
        let input = child.stdin.take();
        let output = child.stdout.take().with_context(doing)?;
        Ok(Self {
            child,
            input,
            output: BufReader::new(output),
            log: log.to_owned(),
        })
    }

    /// Tells the worker something and waits for its answer; it sleeps before and after.
    ///
    /// # Errors
    /// [`WorkerError`] if it refuses or dies.
    pub fn ask(
        &mut self,
        request: &Request,
        mut on_progress: impl FnMut(BuildProgress),
    ) -> Result<Reply, WorkerError> {
        self.tell(request).map_err(|_| self.died())?;
        loop {
            match self.hear() {
                Some(Reply::Progress(progress)) => on_progress(progress),
                Some(Reply::Failed { reason }) => return Err(WorkerError::Refused(reason)),
                Some(reply) => return Ok(reply),
                None => return Err(self.died()),
            }
        }
    }

    fn tell(&mut self, request: &Request) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        match &mut self.input {
            Some(input) => input.write_all(&line).and_then(|()| input.flush()),
            None => Err(std::io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// The next reply. Lines that are none are a library's own printing and are passed over.
    fn hear(&mut self) -> Option<Reply> {
        let mut line = Vec::new();
        loop {
            line.clear();
            match self.output.read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
            if let Ok(reply) = serde_json::from_slice(&line) {
                return Some(reply);
            }
        }
    }

    fn died(&mut self) -> WorkerError {
        self.input = None;
        let ending = match self.child.wait() {
            Ok(status) => ending(status),
            Err(error) => format!("is lost: {error}"),
        };
        let log = std::fs::read(&self.log).unwrap_or_default();
        WorkerError::Died {
            ending,
            log: String::from_utf8_lossy(&log).into_owned(),
        }
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        self.input = None;
        // It is asleep or in the middle of foreign code that nobody waits for any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
fn ending(status: ExitStatus) -> String {
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
fn ending(status: ExitStatus) -> String {
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
}
