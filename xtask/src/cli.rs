//! What can be asked for, and how.

use std::fmt;

use crate::{
    help::{self, COMMANDS},
    preflight::Options,
    steps::{self, Selection},
};

/// The experiment that `bench` runs when none is named.
const DEFAULT_CONFIG: &str = "configs/default.toml";

/// What the user asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Print this text.
    Help(String),
    /// Prepare the machine.
    Setup(Options),
    /// Prepare, build, and become annbench with these arguments.
    Annbench {
        /// How to prepare.
        options: Options,
        /// The arguments.
        args: Vec<String>,
    },
    /// Prepare and check.
    Test {
        /// How to prepare.
        options: Options,
        /// Which checks.
        selection: Selection,
    },
    /// Write the JSON Schema of experiment files.
    Schema(Options),
}

/// A command line that makes no sense.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UsageError(String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads the arguments after `cargo xtask`.
pub(crate) fn parse(args: &[String]) -> Result<Request, UsageError> {
    let Some((command, rest)) = args.split_first() else {
        return Ok(Request::Help(help::overview()));
    };
    if ["--help", "-h", "help"].contains(&command.as_str()) {
        return help_for(rest.first());
    }
    let own = rest.iter().take_while(|arg| *arg != "--");
    let asks_help = own.clone().any(|arg| arg == "--help" || arg == "-h");
    if asks_help && command != "annbench" {
        return help_for(Some(command));
    }
    match command.as_str() {
        "setup" => Ok(Request::Setup(only_options(command, rest)?)),
        "schema" => Ok(Request::Schema(only_options(command, rest)?)),
        "bench" => Ok(bench(rest)),
        "annbench" => Ok(Request::Annbench {
            options: Options::default(),
            args: rest.to_vec(),
        }),
        "test" | "ci" => test(command, rest),
        unknown => Err(unknown_word("command", unknown, &command_names())),
    }
}

fn help_for(command: Option<&String>) -> Result<Request, UsageError> {
    let Some(command) = command else {
        return Ok(Request::Help(help::overview()));
    };
    help::of(command)
        .map(Request::Help)
        .ok_or_else(|| unknown_word("command", command, &command_names()))
}

fn command_names() -> Vec<&'static str> {
    COMMANDS.iter().map(|command| command.name).collect()
}

/// Takes the flag out of the way if it is one of setup's.
fn take_option(options: &mut Options, arg: &str) -> bool {
    match arg {
        "--no-install" => options.no_install = true,
        "--yes" => options.yes = true,
        _ => return false,
    }
    true
}

fn only_options(command: &str, args: &[String]) -> Result<Options, UsageError> {
    let mut options = Options::default();
    for arg in args {
        if !take_option(&mut options, arg) {
            return Err(unknown_flag(command, arg, &["--no-install", "--yes"]));
        }
    }
    Ok(options)
}

/// `bench [CONFIG] [flags of annbench run]`: the default experiment stands in for a missing one.
fn bench(args: &[String]) -> Request {
    let mut options = Options::default();
    let mut run: Vec<String> = vec!["run".into()];
    run.extend(
        args.iter()
            .filter(|arg| *arg != "--" && !take_option(&mut options, arg))
            .cloned(),
    );
    let named = run.get(1).is_some_and(|first| !first.starts_with('-'))
        || run.iter().any(|arg| arg.ends_with(".toml"));
    if !named {
        run.insert(1, DEFAULT_CONFIG.into());
    }
    Request::Annbench { options, args: run }
}

fn test(command: &str, args: &[String]) -> Result<Request, UsageError> {
    let mut options = Options::default();
    let mut selection = Selection::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if take_option(&mut options, arg) {
            continue;
        }
        match arg.split_once('=') {
            _ if arg == "--" => selection.filter.extend(args.by_ref().cloned()),
            None if arg == "--only" => selection.only = step_names(args.next())?,
            Some(("--only", list)) => selection.only = step_names(Some(&list.to_owned()))?,
            _ if arg.starts_with('-') => {
                return Err(unknown_flag(
                    command,
                    arg,
                    &["--only", "--no-install", "--yes"],
                ));
            }
            _ => selection.filter.push(arg.clone()),
        }
    }
    if !selection.filter.is_empty() {
        if selection.only.iter().any(|step| *step != "tests") {
            return Err(UsageError(
                "a filter picks tests, --only picks steps: give one of them".into(),
            ));
        }
        selection.only = vec!["tests"];
    }
    Ok(Request::Test { options, selection })
}

fn step_names(list: Option<&String>) -> Result<Vec<&'static str>, UsageError> {
    let known: Vec<&'static str> = steps::STEPS.iter().map(|step| step.name).collect();
    let list = list.ok_or_else(|| {
        UsageError(format!(
            "--only needs steps, such as --only fmt,clippy; steps: {}",
            known.join(", ")
        ))
    })?;
    list.split(',')
        .map(|name| {
            let found = known.iter().find(|step| **step == name.trim());
            found
                .copied()
                .ok_or_else(|| unknown_word("step", name, &known))
        })
        .collect()
}

fn unknown_flag(command: &str, arg: &str, known: &[&str]) -> UsageError {
    let UsageError(message) = unknown_word("argument", arg, known);
    UsageError(format!("{message}; see `cargo xtask {command} --help`"))
}

fn unknown_word(kind: &str, word: &str, known: &[&str]) -> UsageError {
    let hint = match nearest(word, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", known.join(", ")),
    };
    UsageError(format!("unknown {kind} `{word}`; {hint}"))
}

/// The known word most like `word`, if it is like any: at most a third of it is wrong.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (edit_distance(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, delete or replace to get from `a` to `b` (Levenshtein).
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, UsageError> {
        let args: Vec<String> = line.split_whitespace().map(String::from).collect();
        parse(&args)
    }

    fn annbench_args(line: &str) -> String {
        match parsed(line) {
            Ok(Request::Annbench { args, .. }) => args.join(" "),
            other => format!("{other:?}"),
        }
    }

    fn steps_of(line: &str) -> Selection {
        match parsed(line) {
            Ok(Request::Test { selection, .. }) => selection,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn bench_runs_the_default_experiment_unless_one_is_named() {
        let check = |line, expected| assert_eq!(annbench_args(line), expected, "{line}");
        check("bench", "run configs/default.toml");
        check("bench --dry-run", "run configs/default.toml --dry-run");
        check("bench -- --dry-run", "run configs/default.toml --dry-run");
        check("bench a.toml --out b", "run a.toml --out b");
        check("bench --out b a.toml", "run --out b a.toml");
        check("bench --no-install", "run configs/default.toml");
        check("annbench quick x.parquet --help", "quick x.parquet --help");
    }

    #[test]
    fn a_filter_picks_the_tests_alone() {
        assert_eq!(steps_of("test recall").only, ["tests"]);
        assert_eq!(
            steps_of("test recall -- --nocapture").filter,
            ["recall", "--nocapture"]
        );
        assert_eq!(steps_of("ci --only fmt,clippy").only, ["fmt", "clippy"]);
        assert!(steps_of("test").only.is_empty());
    }

    #[test]
    fn mistakes_are_refused_with_the_nearest_known_word() {
        let check = |line, part: &str| {
            let UsageError(message) = parsed(line).unwrap_err();
            assert!(message.contains(part), "{line}: {message}");
        };
        check("tset", "did you mean `test`?");
        check("setup --noinstall", "did you mean `--no-install`?");
        check("test --only=clipy", "did you mean `clippy`?");
        check("test --only", "--only needs steps");
        check("test --only fmt recall", "give one of them");
        check("schema now", "unknown argument `now`");
        check("xyzzy", "known: setup");
    }

    #[test]
    fn help_is_there_for_every_command() {
        for command in COMMANDS {
            let asked = [
                format!("{} --help", command.name),
                format!("help {}", command.name),
            ];
            for line in &asked[usize::from(command.name == "annbench")..] {
                let Ok(Request::Help(text)) = parsed(line) else {
                    panic!("{line} gives no help");
                };
                assert!(text.contains("Examples:"), "{text}");
            }
        }
        assert!(matches!(parsed(""), Ok(Request::Help(_))));
    }

    #[test]
    fn edits_are_counted() {
        assert_eq!(edit_distance("test", "test"), 0);
        assert_eq!(edit_distance("tset", "test"), 2);
        assert_eq!(edit_distance("", "abc"), 3);
    }
}
