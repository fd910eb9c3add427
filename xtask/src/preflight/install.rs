//! Installing, with the rights there are.

use std::{
    env, fs,
    io::{self, IsTerminal as _, Write as _},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use super::{
    Options,
    packages::{Manager, Need},
};
use crate::process::{self, Failure, Outcome};

/// Times a package list is fetched before giving up: mirrors have bad moments.
const TRIES: u32 = 3;

/// How to become root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rights {
    /// No need to.
    Plain,
    /// `sudo` asks for nothing.
    QuietSudo,
    /// `sudo` asks the person at the terminal.
    AskingSudo,
}

/// Installs what fills `needs`, or fails with the command to do so.
pub(super) fn install(manager: Manager, needs: &[Need], options: Options) -> Outcome {
    let by_hand = manager.by_hand(needs);
    if options.no_install {
        return Err(Failure::new(format!(
            "missing tools; install them with\n  {by_hand}"
        )));
    }
    let Some(rights) = rights(manager, options, &by_hand)? else {
        return Err(Failure::new(format!(
            "missing tools, and no rights to install them; run\n  {by_hand}"
        )));
    };
    if !lists_are_there(manager) {
        refresh(manager, rights)?;
    }
    if run(rights, &manager.install(needs)).is_ok() {
        return Ok(());
    }
    // Lists that are there may be old, and name versions that the mirror no longer has.
    refresh(manager, rights)?;
    run(rights, &manager.install(needs))
        .map_err(|failure| Failure::new(format!("{failure}\ninstall by hand with\n  {by_hand}")))
}

/// Whether it can install without anybody's leave.
pub(super) fn asks_nobody(manager: Manager) -> bool {
    !manager.wants_root() || is_root() || sudo_is_quiet()
}

fn sudo_is_quiet() -> bool {
    process::stdout(Command::new("sudo").args(["-n", "true"])).is_ok()
}

/// What gives the rights to install, after asking where there is somebody to ask.
fn rights(manager: Manager, options: Options, by_hand: &str) -> Outcome<Option<Rights>> {
    if !manager.wants_root() || is_root() {
        return Ok(Some(Rights::Plain));
    }
    if process::find("sudo").is_none() {
        return Ok(None);
    }
    if sudo_is_quiet() {
        return Ok(Some(Rights::QuietSudo));
    }
    let somebody = io::stdin().is_terminal() && env::var_os("CI").is_none();
    let agreed = somebody && (options.yes || ask(by_hand)?);
    Ok(agreed.then_some(Rights::AskingSudo))
}

fn is_root() -> bool {
    process::stdout(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn ask(by_hand: &str) -> Outcome<bool> {
    eprint!("run `{by_hand}` now? [Y/n] ");
    let read = io::stderr().flush().and_then(|()| {
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map(|_| answer)
    });
    let answer = read.map_err(|error| Failure::new(format!("no answer: {error}")))?;
    Ok(is_yes(&answer))
}

/// An empty line agrees; the end of input does not.
fn is_yes(answer: &str) -> bool {
    let said = answer.trim().to_lowercase();
    answer.ends_with('\n') && ["", "y", "yes"].contains(&said.as_str())
}

/// Images of containers come without package lists.
fn lists_are_there(manager: Manager) -> bool {
    let Ok(entries) = fs::read_dir(Path::new("/var/lib/apt/lists")) else {
        return manager != Manager::Apt;
    };
    let has_list = entries
        .filter_map(Result::ok)
        .any(|entry| entry.file_name().to_string_lossy().contains("_Packages"));
    manager != Manager::Apt || has_list
}

fn refresh(manager: Manager, rights: Rights) -> Outcome {
    let Some(command) = manager.refresh() else {
        return Ok(());
    };
    for attempt in 1..TRIES {
        if run(rights, &command).is_ok() {
            return Ok(());
        }
        eprintln!("setup: trying again");
        thread::sleep(Duration::from_secs(5) * attempt);
    }
    run(rights, &command)
}

fn run(rights: Rights, words: &[&str]) -> Outcome {
    let words = with_rights(rights, words);
    eprintln!("setup: {}", words.join(" "));
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    if rights != Rights::AskingSudo {
        command.stdin(Stdio::null());
    }
    // A package manager's story belongs to the messages, not to the result on standard output.
    process::run(command.stdout(io::stderr()))
}

fn with_rights<'a>(rights: Rights, words: &[&'a str]) -> Vec<&'a str> {
    let prefix: &[&str] = match rights {
        Rights::Plain => &[],
        Rights::QuietSudo => &["sudo", "-n"],
        Rights::AskingSudo => &["sudo"],
    };
    [prefix, words].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_answer_agrees() {
        let check = |answer, expected| assert_eq!(is_yes(answer), expected, "{answer:?}");
        check("\n", true);
        check("Y\n", true);
        check("yes\r\n", true);
        check("n\n", false);
        check("what\n", false);
        check("", false);
    }

    #[test]
    fn sudo_stands_before_the_command() {
        assert_eq!(
            with_rights(Rights::Plain, &["apt-get", "update"]),
            ["apt-get", "update"]
        );
        assert_eq!(
            with_rights(Rights::QuietSudo, &["dnf"]),
            ["sudo", "-n", "dnf"]
        );
        assert_eq!(with_rights(Rights::AskingSudo, &["dnf"]), ["sudo", "dnf"]);
    }

    #[test]
    fn nothing_is_installed_when_told_not_to() {
        let options = Options {
            no_install: true,
            yes: true,
        };
        let failure = install(Manager::Apt, &[Need::Cmake], options).unwrap_err();
        assert!(failure.to_string().contains("apt-get install"), "{failure}");
    }
}
