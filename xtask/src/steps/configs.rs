//! Every experiment in `configs/` is one that a user can run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::{
    process::{self, Failure, Outcome},
    workspace::Workspace,
};

/// Begins the comment of an experiment that first wants something from its user.
const NEEDS: &str = "needs:";

/// All experiments that do not do what they say, one a line.
pub(super) fn check(workspace: &Workspace) -> Outcome<Vec<String>> {
    let annbench = workspace.build_annbench_for_checks()?;
    let configs = experiments(&workspace.root.join("configs"))?;
    if configs.is_empty() {
        return Ok(vec!["configs/ holds no experiment".into()]);
    }
    let mut found = Vec::new();
    for config in configs {
        let name = config.strip_prefix(&workspace.root).unwrap_or(&config);
        let text = workspace.read(name)?;
        let mut command = Command::new(&annbench);
        // Whatever the user's environment puts in the place of an experiment's own data.
        command
            .env_remove("ANNBENCH_DATA")
            .env_remove("CORPUS_PATH")
            .env_remove("CORPUS_META_PATH")
            .current_dir(&workspace.root)
            .arg("run")
            .arg(name)
            .arg("--dry-run");
        let output = process::output(&mut command)?;
        found.extend(judge(name, needs(&text), &output));
    }
    Ok(found)
}

fn experiments(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))?;
    let mut configs = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Failure::file(folder, &error))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            configs.push(path);
        }
    }
    configs.sort();
    Ok(configs)
}

/// What an experiment wants from its user, said in the comment it begins with.
fn needs(text: &str) -> Option<&str> {
    text.lines()
        .take_while(|line| line.starts_with('#'))
        .find_map(|line| line.trim_start_matches('#').trim().strip_prefix(NEEDS))
        .map(str::trim)
}

/// An experiment passes; one that needs something is refused as bad input, with a message.
fn judge(name: &Path, needs: Option<&str>, output: &Output) -> Option<String> {
    let name = name.display();
    let errors = String::from_utf8_lossy(&output.stderr);
    match (needs, output.status.code()) {
        (None, Some(0)) => None,
        (Some(_), Some(2)) if !errors.trim().is_empty() => None,
        (None, _) => Some(format!(
            "{name}: --dry-run failed: {}\n{}",
            output.status,
            errors.trim_end()
        )),
        (Some(needs), _) => Some(format!(
            "{name}: needs {needs}, so --dry-run must refuse it with exit code 2 and say so: {}\n{}",
            output.status,
            errors.trim_end()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_are_read_from_the_first_comment_only() {
        let check = |text, expected| assert_eq!(needs(text), expected, "{text}");
        check("# For you.\n# needs: a path\nname = 1", Some("a path"));
        check("#:schema x\nname = 1\n# needs: a path", None);
        check("", None);
    }

    fn ran(script: &str) -> Output {
        process::output(Command::new("sh").args(["-c", script])).unwrap()
    }

    #[test]
    fn an_experiment_passes_and_one_with_needs_is_refused_clearly() {
        let check = |needs, script, well| {
            assert_eq!(
                judge(Path::new("a.toml"), needs, &ran(script)).is_none(),
                well,
                "{script}"
            );
        };
        check(None, "exit 0", true);
        check(None, "exit 2", false);
        check(Some("a path"), "echo no such file >&2; exit 2", true);
        check(Some("a path"), "exit 2", false);
        check(Some("a path"), "exit 0", false);
        check(Some("a path"), "echo panicked >&2; exit 101", false);
    }
}
