//! Work that is done in a process of its own: one that is killed, or that may run out of memory.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

/// Names the work in the child's environment, and what it works on.
const WORK: &str = "ANNBENCH_TEST_WORK";
const INPUT: &str = "ANNBENCH_TEST_INPUT";

/// What a child may use before it is killed or refused memory.
pub(crate) struct Limits {
    pub(crate) memory_mib: u64,
    pub(crate) cpu_s: u64,
}

/// Starts this very test binary on one of its tests, to do `work` on `input`, through a shell that
/// first limits its memory to `memory_mib` and its CPU to `cpu_s`; stdin and stdout are pipes.
pub(crate) fn start(test: &str, work: &str, input: &Path, limits: Limits) -> Child {
    let limit = format!(
        "ulimit -v {}; ulimit -t {}; exec \"$0\" \"$@\"",
        limits.memory_mib * 1024,
        limits.cpu_s
    );
    Command::new("sh")
        .args(["-c", &limit])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(WORK, work)
        .env(INPUT, input)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The work to do and the input, in a process that [`start`] started.
pub(crate) fn work() -> Option<(String, std::path::PathBuf)> {
    let work = std::env::var(WORK).ok()?;
    Some((work, std::env::var_os(INPUT)?.into()))
}
