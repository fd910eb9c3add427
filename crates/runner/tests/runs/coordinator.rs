//! A coordinator in a process of its own, to be ended from outside.

use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, ChildStdout, Command, ExitCode, Stdio},
};

use annbench_runner::{Interrupted, Observer, Stop};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::world::{Going, World};

/// What this program does as a coordinator: runs the experiment of a world, as `annbench run` does,
/// and prints a line whenever something happens.
pub(crate) fn coordinate(world: PathBuf) -> ExitCode {
    let stop = Stop::default();
    let asked = stop.clone();
    let on_signal = move || {
        asked.request();
    };
    ctrlc::set_handler(on_signal).unwrap();
    let mut ticks = Ticks::default();
    let going = Going {
        stop,
        ..Going::on(&mut ticks)
    };
    match World::at(world).go(going) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(if error.is::<Interrupted>() { 130 } else { 1 })
        }
    }
}

/// Prints every step and how far it is.
#[derive(Default)]
struct Ticks {
    step: String,
}

impl Ticks {
    fn print(&self, text: &str) {
        // Nobody may be listening any more.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}

impl Observer for Ticks {
    fn begin(&mut self, step: &str, _: Option<u64>) {
        self.step = step.to_owned();
        self.print(step);
    }

    fn advance(&mut self, done: u64) {
        self.print(&format!("{}: {done}", self.step));
    }

    fn end(&mut self) {
        self.print("end");
    }

    fn note(&mut self, text: &str) {
        self.print(text);
    }
}

/// Such a process, from outside.
pub(crate) struct Coordinator {
    child: Child,
    ticks: BufReader<ChildStdout>,
}

impl Coordinator {
    pub(crate) fn start(world: &World) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        Self::spawn(command.arg("coordinator").arg(world.path()))
    }

    /// One that can write no file beyond so many blocks of 512 or 1024 bytes: a full disk, as far as
    /// it can tell.
    pub(crate) fn with_little_space(world: &World, blocks: usize) -> Self {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" coordinator \"$1\"");
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        let program = std::env::current_exe().unwrap();
        Self::spawn(command.arg(program).arg(world.path()))
    }

    fn spawn(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0);
        let mut child = command.spawn().unwrap();
        let ticks = BufReader::new(child.stdout.take().unwrap());
        Self { child, ticks }
    }

    /// Waits for a line; false if none is like that.
    pub(crate) fn comes_to(&mut self, mut is_it: impl FnMut(&str) -> bool) -> bool {
        let lines = self.ticks.by_ref().lines();
        lines.map_while(Result::ok).any(|line| is_it(&line))
    }

    /// SIGKILL; returns when it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What a terminal does: the whole process group gets the signal.
    pub(crate) fn signal_group(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        kill_process_group(pid, signal).unwrap();
    }

    /// Waits for its end; its exit code and what it said.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        self.comes_to(|_| false);
        let mut said = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Coordinator {
    fn drop(&mut self) {
        // A test that fails in between leaves it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
