//! The JSON Schema of experiment files is committed, for editors, and must not drift.

use std::{fs, path::Path, process::Command};

use crate::{
    process::{self, Failure, Outcome},
    workspace::Workspace,
};

const FILE: &str = "configs/experiment.schema.json";

/// Fails if the committed schema is not what annbench prints.
pub(super) fn check(workspace: &Workspace) -> Outcome {
    let printed = printed(&workspace.build_annbench_for_checks()?)?;
    let committed = fs::read_to_string(workspace.root.join(FILE)).unwrap_or_default();
    match first_difference(&committed, &printed) {
        None => Ok(()),
        Some(line) => Err(Failure::new(format!(
            "{FILE}:{line}: not what `annbench schema` prints; run `cargo xtask schema` and commit it"
        ))),
    }
}

/// Writes what annbench prints.
pub(crate) fn rewrite(workspace: &Workspace) -> Outcome {
    let path = workspace.root.join(FILE);
    let schema = printed(&workspace.build_annbench(false)?)?;
    fs::write(&path, schema).map_err(|error| Failure::file(&path, &error))?;
    println!("wrote {FILE}");
    Ok(())
}

fn printed(annbench: &Path) -> Outcome<String> {
    let schema = process::stdout(Command::new(annbench).arg("schema"))?;
    match schema.trim_start().starts_with('{') {
        true => Ok(schema),
        false => Err(Failure::new("`annbench schema` prints no JSON")),
    }
}

/// The first line (from 1) in which two texts differ.
fn first_difference(a: &str, b: &str) -> Option<usize> {
    if a == b {
        return None;
    }
    let same = a.lines().zip(b.lines()).take_while(|(a, b)| a == b).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drift_is_found_by_line() {
        let check = |a, b, expected| assert_eq!(first_difference(a, b), expected, "{a:?} {b:?}");
        check("a\nb\n", "a\nb\n", None);
        check("a\nb\n", "a\nc\n", Some(2));
        check("", "a\n", Some(1));
        check("a\n", "a", Some(2));
    }
}
