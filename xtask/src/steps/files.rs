//! What no file of the repository may hold: gigabytes, or the places of somebody's machine.

use std::{fs, path::Path};

use crate::{
    process::{Failure, Outcome},
    workspace::Workspace,
};

/// Bytes that a file may have: a clone must stay quick.
const LARGEST: u64 = 16_000_000;

/// Folders that exist on one machine only. Written in pieces, so that this file passes.
const PLACES: [&str; 4] = [
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Use", "rs/"),
    concat!("/wo", "rk/"),
];

/// Settings that point cargo or pip at another registry than everybody's.
const REGISTRIES: [&str; 6] = [
    concat!("[source", "."),
    concat!("[regis", "tries"),
    concat!("replace-", "with ="),
    concat!("spar", "se+http"),
    concat!("index.", "crates.io"),
    concat!("--index", "-url"),
];

/// How cargo writes a registry into `Cargo.lock`, and everybody's registry.
const REGISTRY: &str = concat!("regis", "try+");
const EVERYBODYS: &str = concat!(
    "regis",
    "try+https://",
    "github.com/rust-lang/crates.io-index"
);

/// All violations in the workspace, one a line.
pub(super) fn check(workspace: &Workspace) -> Outcome<Vec<String>> {
    let mut found = Vec::new();
    for file in workspace.files()? {
        let bytes =
            fs::read(workspace.root.join(&file)).map_err(|error| Failure::file(&file, &error))?;
        if bytes.len() as u64 > LARGEST {
            let megabytes = bytes.len() as f64 / 1e6;
            found.push(format!(
                "{}: {megabytes:.1} MB; at most 16 belong in a repository",
                file.display()
            ));
            continue;
        }
        let text = String::from_utf8_lossy(&bytes);
        found.extend(private_lines(&file, &text));
    }
    Ok(found)
}

fn private_lines(file: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    // Binary files have no lines worth showing; names of folders in them still tell.
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if let Some(place) = PLACES.iter().find(|place| names_place(line, place)) {
            found.push(format!(
                "{}:{number}: {place} is a folder of one machine; use a relative path",
                file.display()
            ));
        }
        let registry = REGISTRIES.iter().any(|sign| line.contains(sign));
        if registry || line.replace(EVERYBODYS, "").contains(REGISTRY) {
            found.push(format!(
                "{}:{number}: names a registry; leave that to each user's settings",
                file.display()
            ));
        }
    }
    found
}

/// Whether an absolute path begins here: `src/work/x` names no place, nor does a URL.
fn names_place(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-/~}$>)".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: usize) {
        let found = private_lines(Path::new("x"), text);
        assert_eq!(found.len(), expected, "{text}: {found:?}");
    }

    #[test]
    fn folders_of_one_machine_are_found() {
        for place in PLACES {
            check(&format!("see `{place}x`"), 1);
            check(&format!("path = \"{place}x\""), 1);
            check(&format!("{place}x\nfine\n{place}y"), 2);
            check(&format!("src{place}x and https://a.example{place}"), 0);
        }
    }

    #[test]
    fn registries_are_found_but_for_everybodys() {
        for sign in REGISTRIES {
            check(&format!("{sign} x"), 1);
        }
        check(&format!("source = \"{EVERYBODYS}\""), 0);
        check(
            &format!("source = \"{REGISTRY}https://mirror.example/index\""),
            1,
        );
    }
}
