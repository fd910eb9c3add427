//! Running other programs, and what is said when they fail.

use std::{
    fmt,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Output, Stdio},
};

/// Why a chore failed, in words for the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure(String);

/// What a chore gives, or why it failed.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// A failure that says `message`.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// The failure of reading or writing `path`.
    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs `command` with this terminal and fails unless it exits with 0.
pub(crate) fn run(command: &mut Command) -> Outcome {
    flush();
    let status = command
        .status()
        .map_err(|error| not_started(command, &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure(format!("`{}` failed: {status}", shown(command))))
}

/// Runs `command` without a terminal and gives its output, whatever it exits with.
pub(crate) fn output(command: &mut Command) -> Outcome<Output> {
    flush();
    command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| not_started(command, &error))
}

/// Runs `command` without a terminal and gives its standard output, or fails with its errors.
pub(crate) fn stdout(command: &mut Command) -> Outcome<String> {
    let output = output(command)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Failure(format!(
        "`{}` failed: {}\n{}",
        shown(command),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim_end()
    )))
}

/// Becomes `command` (where the system can), so that signals and the exit code are its own.
pub(crate) fn replace_with(command: &mut Command) -> Outcome<ExitCode> {
    flush();
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        let error = command.exec();
        Err(not_started(command, &error))
    }
    #[cfg(not(unix))]
    {
        let status = command
            .status()
            .map_err(|error| not_started(command, &error))?;
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        Ok(ExitCode::from(code.unwrap_or(1)))
    }
}

/// The program called `name` on the search path.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// A command as one would type it: the folder of its program is nobody's concern.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    std::iter::once(program.file_name().unwrap_or(program.as_os_str()))
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

fn not_started(command: &Command, error: &io::Error) -> Failure {
    Failure(format!("`{}` did not start: {error}", shown(command)))
}

/// What was printed so far must stand above what the child prints; a closed pipe is the
/// reader's choice.
fn flush() {
    drop(io::stdout().flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_named_with_what_it_wrote() {
        let failure = stdout(Command::new("sh").args(["-c", "echo nope >&2; exit 3"])).unwrap_err();
        assert!(failure.to_string().contains("nope"), "{failure}");
        assert!(failure.to_string().contains("sh -c"), "{failure}");
    }

    #[test]
    fn a_program_that_is_not_there_is_a_failure() {
        let failure = run(&mut Command::new("annbench-no-such-program")).unwrap_err();
        assert!(failure.to_string().contains("did not start"), "{failure}");
    }
}
