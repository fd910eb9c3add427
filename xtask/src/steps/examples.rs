//! Every example that says how to run it without arguments runs.

use std::{path::Path, process::Command};

use crate::{
    process::{self, Failure, Outcome},
    workspace::Workspace,
};

/// Runs them as they were built; the first that fails ends it.
pub(super) fn check(workspace: &Workspace) -> Outcome {
    let built = workspace.build(&["--workspace", "--all-features", "--examples"])?;
    let runnable = runnable(workspace)?;
    if runnable.is_empty() {
        return Err(Failure::new("no example says how to run it"));
    }
    for name in runnable {
        println!("  {name}");
        let program = built
            .iter()
            .find(|program| program.file_stem() == Some(name.as_ref()));
        let program = program.ok_or_else(|| Failure::new(format!("cargo built no {name}")))?;
        process::stdout(Command::new(program).current_dir(&workspace.root))?;
    }
    Ok(())
}

/// The names of the examples that want nothing of their user.
fn runnable(workspace: &Workspace) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for file in workspace.files()? {
        if is_example(&file) && is_run_without_arguments(&workspace.read(&file)?) {
            let name = file.file_stem().unwrap_or_default();
            names.push(name.to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

fn is_example(file: &Path) -> bool {
    let folder = file.parent().and_then(Path::file_name);
    folder.is_some_and(|folder| folder == "examples")
        && file.extension().is_some_and(|extension| extension == "rs")
}

/// Whether the head of an example gives a command that ends with the example's name.
fn is_run_without_arguments(text: &str) -> bool {
    text.lines()
        .take_while(|line| line.starts_with("//!"))
        .filter_map(|line| line.split_once("cargo run --release -p "))
        .any(|(_, command)| {
            let command = command.split('`').next().unwrap_or(command);
            command.split_whitespace().count() == 3
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_without_arguments_is_run() {
        for (head, expected) in [
            (
                "//! Says hello.\n//! `cargo run --release -p a --example b`\n",
                true,
            ),
            (
                "//! `cargo run --release -p a --example b` prints it\n",
                true,
            ),
            ("//! cargo run --release -p a --example b -- DATA\n", false),
            ("//! Says hello.\n", false),
            (
                "use x;\n//! `cargo run --release -p a --example b`\n",
                false,
            ),
        ] {
            assert_eq!(is_run_without_arguments(head), expected, "{head}");
        }
    }

    #[test]
    fn only_sources_in_a_folder_of_examples_are_examples() {
        assert!(is_example(Path::new("crates/eval/examples/recall.rs")));
        assert!(!is_example(Path::new("crates/eval/src/recall.rs")));
        assert!(!is_example(Path::new("crates/eval/examples/data.txt")));
    }
}
