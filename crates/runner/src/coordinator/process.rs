//! One worker process, from outside.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use annbench_index::BuildProgress;
use anyhow::{Context, Result};

use super::{Stop, WorkerError, death};
use crate::{
    machine::Environment,
    worker::protocol::{Reply, Request},
};

/// How long a worker that has closed its output may take to leave.
const LEAVING: Duration = Duration::from_secs(5);

/// How to start a worker: this very program, told to be one.
#[derive(Debug, Clone)]
pub struct Launcher {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What of the environment reaches it.
    pub environment: Environment,
    /// What ends the wait for it.
    pub stop: Stop,
}

/// How long a worker may take for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The key under `[measure]` that says so.
    pub key: &'static str,
    /// How long.
    pub after: Duration,
}

/// What the coordinator waits for.
#[derive(Debug)]
pub(super) enum Heard {
    /// The worker replied.
    Reply(Reply),
    /// The worker's output has ended.
    End,
    /// Somebody wants the run to stop.
    Stop,
}

/// A running worker. Dropping it ends it.
///
/// On Linux a worker also ends with the thread that started it: see
/// [`end_with_coordinator`](crate::worker::end_with_coordinator).
#[derive(Debug)]
pub struct WorkerProcess {
    child: Child,
    input: Option<ChildStdin>,
    heard: Receiver<Heard>,
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
        keep_from_terminal(&mut command);
        let mut child = command.spawn().with_context(doing)?;
        let input = child.stdin.take();
        let output = child.stdout.take().with_context(doing)?;
        let (sender, heard) = channel();
        launcher.stop.tell(sender.clone());
        thread::Builder::new()
            .name("worker output".into())
            .spawn(move || listen(output, &sender))
            .with_context(doing)?;
        Ok(Self {
            child,
            input,
            heard,
            log: log.to_owned(),
        })
    }

    /// Tells the worker something and waits for its answer; it sleeps before and after, and so does
    /// everything here while it works.
    ///
    /// # Errors
    /// [`WorkerError`] if it refuses, dies or takes longer than the limit, or if the run is to
    /// stop. But for a refusal, the worker has then ended.
    pub fn ask(
        &mut self,
        request: &Request,
        limit: Limit,
        mut on_progress: impl FnMut(BuildProgress),
    ) -> Result<Reply, WorkerError> {
        let start = Instant::now();
        self.tell(request).map_err(|_| self.died())?;
        loop {
            let patience = limit.after.saturating_sub(start.elapsed());
            match self.heard.recv_timeout(patience) {
                Ok(Heard::Reply(Reply::Progress(progress))) => on_progress(progress),
                Ok(Heard::Reply(Reply::Failed { reason })) => {
                    return Err(WorkerError::Refused(reason));
                }
                Ok(Heard::Reply(reply)) => return Ok(reply),
                Ok(Heard::Stop) => return Err(self.ended(WorkerError::Stopped)),
                Ok(Heard::End) | Err(RecvTimeoutError::Disconnected) => return Err(self.died()),
                Err(RecvTimeoutError::Timeout) => {
                    let Limit { key, after } = limit;
                    return Err(self.ended(WorkerError::TimedOut { key, after }));
                }
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

    /// Ends the worker for this reason.
    fn ended(&mut self, reason: WorkerError) -> WorkerError {
        self.input = None;
        // It is asleep, or in the middle of foreign code that nobody waits for any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
        reason
    }

    fn died(&mut self) -> WorkerError {
        self.input = None;
        let ending = match self.leave() {
            Ok(ending) => ending,
            Err(error) => format!("is lost: {error}"),
        };
        let log = std::fs::read(&self.log).unwrap_or_default();
        WorkerError::Died {
            ending,
            log: String::from_utf8_lossy(&log).into_owned(),
        }
    }

    /// Waits for the end of a process that has closed its output, and so is as good as gone; one
    /// that closed it and stays is ended, or the coordinator would wait for ever.
    fn leave(&mut self) -> std::io::Result<String> {
        let start = Instant::now();
        while start.elapsed() < LEAVING {
            if let Some(status) = self.child.try_wait()? {
                return Ok(death::ending(status));
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok("closed its output, and was ended".into())
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        self.ended(WorkerError::Stopped);
    }
}

/// Passes on what a worker replies. Lines that are no reply are a library's own printing.
fn listen(output: ChildStdout, heard: &Sender<Heard>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        match output.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
        if let Ok(reply) = serde_json::from_slice(&line)
            && heard.send(Heard::Reply(reply)).is_err()
        {
            return;
        }
    }
    let _ = heard.send(Heard::End);
}

/// Ctrl-C reaches the terminal's whole foreground group: a worker in it would die of the signal,
/// and look like one that crashed, before the coordinator has made up its mind.
#[cfg(unix)]
fn keep_from_terminal(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn keep_from_terminal(_: &mut Command) {}
