//! The checks: each a named step, all run, timed and summed up.

mod arrows;
mod configs;
mod cross;
mod examples;
mod files;
mod model;
mod paths;
mod readme;
mod scan;
pub(crate) mod schema;
mod sources;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use crate::{
    process::{self, Failure, Outcome},
    workspace::Workspace,
};

/// A check.
pub(crate) struct Step {
    /// What `--only` calls it.
    pub(crate) name: &'static str,
    /// What it proves, in a line.
    pub(crate) about: &'static str,
    run: fn(&Workspace, &Selection) -> Outcome,
}

/// Which checks to run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Names of steps; none means all.
    pub(crate) only: Vec<&'static str>,
    /// Arguments for the tests.
    pub(crate) filter: Vec<String>,
}

impl Selection {
    /// Whether all tests are run, those in a browser among them.
    pub(crate) fn has_browser_tests(&self) -> bool {
        self.filter.is_empty() && (self.only.is_empty() || self.only.contains(&"tests"))
    }
}

/// All checks, the quick ones first: who forgot to format learns it in a second.
pub(crate) const STEPS: [Step; 15] = [
    Step {
        name: "fmt",
        about: "the code is formatted",
        run: |workspace, _| cargo(workspace, &["fmt", "--all", "--check"]),
    },
    Step {
        name: "files",
        about: "no file is huge or names somebody's machine",
        run: |workspace, _| violations(files::check(workspace)?),
    },
    Step {
        name: "paths",
        about: "paths named in documents and comments exist",
        run: |workspace, _| violations(paths::check(workspace)?),
    },
    Step {
        name: "sources",
        about: "unsafe, printing and exiting stay where they belong",
        run: |workspace, _| violations(sources::check(workspace)?),
    },
    Step {
        name: "arrows",
        about: "crates depend on each other only as ARCHITECTURE.md says",
        run: |workspace, _| violations(arrows::check(workspace)?),
    },
    Step {
        name: "clippy",
        about: "no warning from the compiler or clippy",
        run: |workspace, _| clippy(workspace),
    },
    Step {
        name: "cross",
        about: "what computes compiles for ARM too",
        run: |workspace, _| cross::check(workspace),
    },
    Step {
        name: "features",
        about: "annbench compiles with the features it comes with",
        run: |workspace, _| cargo(workspace, &["check", "--release", "--package=annbench"]),
    },
    Step {
        name: "tests",
        about: "unit, integration and documentation tests",
        run: tests,
    },
    Step {
        name: "examples",
        about: "every example that wants no arguments runs",
        run: |workspace, _| examples::check(workspace),
    },
    Step {
        name: "fuzz",
        about: "the fuzz targets compile",
        run: |workspace, _| fuzz(workspace),
    },
    Step {
        name: "docs",
        about: "the documentation builds without a warning",
        run: |workspace, _| docs(workspace),
    },
    Step {
        name: "configs",
        about: "every experiment in configs/ passes --dry-run",
        run: |workspace, _| violations(configs::check(workspace)?),
    },
    Step {
        name: "schema",
        about: "configs/experiment.schema.json is what annbench prints",
        run: |workspace, _| schema::check(workspace),
    },
    Step {
        name: "readme",
        about: "every command in README.md works",
        run: |workspace, _| readme::check(workspace),
    },
];

/// What became of a step.
struct Done {
    name: &'static str,
    took: Duration,
    outcome: Outcome,
}

/// Runs the selected steps, all of them whatever fails, and sums up.
pub(crate) fn run(workspace: &Workspace, selection: &Selection) -> Outcome<ExitCode> {
    let selected = |step: &&Step| selection.only.is_empty() || selection.only.contains(&step.name);
    let done: Vec<Done> = STEPS
        .iter()
        .filter(selected)
        .map(|step| run_one(step, workspace, selection))
        .collect();
    print!("{}", summary(&done));
    match done.iter().all(|step| step.outcome.is_ok()) {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(ExitCode::FAILURE),
    }
}

fn run_one(step: &Step, workspace: &Workspace, selection: &Selection) -> Done {
    println!("── {}: {}", step.name, step.about);
    let start = Instant::now();
    let outcome = (step.run)(workspace, selection);
    if let Err(failure) = &outcome {
        println!("{failure}");
    }
    Done {
        name: step.name,
        took: start.elapsed(),
        outcome,
    }
}

fn summary(done: &[Done]) -> String {
    let mut text = String::from("── summary\n");
    for step in done {
        let mark = if step.outcome.is_ok() { '✓' } else { '✗' };
        text += &format!(
            "  {mark} {:<8} {:>7.1} s\n",
            step.name,
            step.took.as_secs_f64()
        );
    }
    let failed: Vec<&str> = done
        .iter()
        .filter(|step| step.outcome.is_err())
        .map(|step| step.name)
        .collect();
    let total: Duration = done.iter().map(|step| step.took).sum();
    let (count, seconds) = (done.len(), total.as_secs_f64());
    text += &match failed.is_empty() {
        true => format!("all {count} steps passed in {seconds:.0} s\n"),
        false => format!(
            "FAILED: {} ({} of {count} steps, {seconds:.0} s)\n",
            failed.join(", "),
            failed.len()
        ),
    };
    text
}

/// Fails with all of `found`, a line each, unless there is none.
fn violations(found: Vec<String>) -> Outcome {
    match found.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(found.join("\n"))),
    }
}

fn cargo(workspace: &Workspace, args: &[&str]) -> Outcome {
    process::run(&mut workspace.cargo(args))
}

fn clippy(workspace: &Workspace) -> Outcome {
    let what = [
        "clippy",
        "--release",
        "--workspace",
        "--all-targets",
        "--all-features",
    ];
    cargo(workspace, &[&what[..], &["--", "--deny=warnings"]].concat())
}

/// Without libFuzzer, which only `cargo fuzz` needs, and with the dependencies that are compiled
/// already.
fn fuzz(workspace: &Workspace) -> Outcome {
    let check = ["check", "--release", "--locked", "--no-default-features"];
    let place = [
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--target-dir",
        "target",
    ];
    cargo(workspace, &[&check[..], &place].concat())
}

/// All tests in one go, or those the filter picks; examples are compiled too. Some want a model, which
/// is fetched where it can be.
fn tests(workspace: &Workspace, selection: &Selection) -> Outcome {
    let mut command = workspace.cargo(&[
        "test",
        "--release",
        "--workspace",
        "--all-features",
        "--no-fail-fast",
    ]);
    match model::folder(workspace) {
        Ok(folder) => {
            command.env(model::VARIABLE, folder);
        }
        Err(why) => println!(
            "skipped: the tests with a real model, which could not be fetched; name its folder in {}\n{why}",
            model::VARIABLE
        ),
    }
    process::run(command.args(&selection.filter))
}

fn docs(workspace: &Workspace) -> Outcome {
    let args = [
        "doc",
        "--release",
        "--workspace",
        "--all-features",
        "--no-deps",
    ];
    process::run(
        workspace
            .cargo(&args)
            .env("RUSTDOCFLAGS", "--deny=warnings"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(name: &'static str, outcome: Outcome) -> Done {
        Done {
            name,
            took: Duration::from_millis(1500),
            outcome,
        }
    }

    #[test]
    fn the_last_line_names_what_failed() {
        let text = summary(&[done("fmt", Ok(())), done("clippy", Err(Failure::new("x")))]);
        assert!(text.contains("  ✓ fmt          1.5 s\n"), "{text}");
        assert!(text.contains("  ✗ clippy       1.5 s\n"), "{text}");
        assert!(
            text.ends_with("FAILED: clippy (1 of 2 steps, 3 s)\n"),
            "{text}"
        );
    }

    #[test]
    fn the_last_line_says_when_all_passed() {
        let text = summary(&[done("fmt", Ok(()))]);
        assert!(text.ends_with("all 1 steps passed in 2 s\n"), "{text}");
    }

    #[test]
    fn names_of_steps_are_distinct() {
        let mut names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STEPS.len());
    }
}
