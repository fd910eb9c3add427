//! Which crate of the workspace may depend on which.
//!
//! The arrows are the architecture: `runner` that reached FAISS could not be tested without it,
//! and `eval` that reached a file would be no pure function.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    process::{self, Outcome},
    workspace::Workspace,
};

/// A crate and what it may depend on, of ours. Tests may reach further, see [`UNREACHABLE`].
const ALLOWED: [(&str, &[&str]); 10] = [
    ("annbench-vectors", &[]),
    ("annbench-store", &["annbench-vectors"]),
    ("annbench-index", &["annbench-vectors"]),
    ("annbench-faiss", &["annbench-index", "annbench-vectors"]),
    ("annbench-exact", &["annbench-index", "annbench-vectors"]),
    ("annbench-eval", &["annbench-exact", "annbench-vectors"]),
    ("annbench-embed", &["annbench-store", "annbench-vectors"]),
    (
        "annbench-runner",
        &[
            "annbench-store",
            "annbench-index",
            "annbench-eval",
            "annbench-vectors",
        ],
    ),
    (
        "annbench-report",
        &["annbench-store", "annbench-eval", "annbench-vectors"],
    ),
    ("xtask", &[]),
];

/// Crates at the top, which may depend on everything.
const FREE: [&str; 2] = ["annbench", "annbench-benches"];

/// What a crate must not reach on any way, not even in its tests.
const UNREACHABLE: [(&str, &[&str]); 1] =
    [("annbench-runner", &["annbench-faiss", "faiss", "faiss-sys"])];

/// A package with its version.
type Package = (String, String);

/// Direct dependencies of each member of the workspace.
type Tree = BTreeMap<String, Vec<Package>>;

/// All violations in the workspace, one a line.
pub(super) fn check(workspace: &Workspace) -> Outcome<Vec<String>> {
    let direct = [
        "--workspace",
        "--edges=normal,build",
        "--prefix=depth",
        "--depth=1",
    ];
    let tree = parse(&tree(workspace, &direct)?);
    let mut found = forbidden_arrows(&tree);
    found.extend(several_versions(&tree));
    for (name, forbidden) in UNREACHABLE {
        let package = format!("--package={name}");
        let all = ["--edges=normal,build,dev", "--prefix=none", &package];
        found.extend(reached(name, &self::tree(workspace, &all)?, forbidden));
    }
    Ok(found)
}

fn tree(workspace: &Workspace, args: &[&str]) -> Outcome<String> {
    let common = ["tree", "--all-features", "--no-dedupe", "--target=all"];
    process::stdout(&mut workspace.cargo(&[&common[..], args].concat()))
}

/// Reads `cargo tree --prefix=depth --depth=1`: lines such as `0annbench v0.1.0 (path)`.
fn parse(text: &str) -> Tree {
    let mut tree = Tree::new();
    let mut member = String::new();
    for line in text.lines().map(str::trim) {
        let Some((depth, package)) = line.split_at_checked(1) else {
            continue;
        };
        let Some((name, version)) = package.split_once(' ') else {
            continue;
        };
        if depth == "0" {
            member = name.to_owned();
            tree.entry(member.clone()).or_default();
        } else if let Some(dependencies) = tree.get_mut(&member) {
            let version = version.split(' ').next().unwrap_or_default();
            dependencies.push((name.to_owned(), version.to_owned()));
        }
    }
    tree
}

fn forbidden_arrows(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (member, dependencies) in tree
        .iter()
        .filter(|(member, _)| !FREE.contains(&member.as_str()))
    {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| name == member) else {
            found.push(format!("{member}: a crate without arrows; say in xtask/src/steps/arrows.rs what it may depend on"));
            continue;
        };
        let ours = dependencies
            .iter()
            .filter(|(name, _)| tree.contains_key(name));
        let wrong = ours.filter(|(name, _)| !allowed.contains(&name.as_str()) && name != member);
        found.extend(wrong.map(|(name, _)| {
            format!(
                "{member} -> {name}: not an arrow of ARCHITECTURE.md; {member} may depend on: {}",
                list(allowed)
            )
        }));
        if member == "xtask" && !dependencies.is_empty() {
            found.push(
                "xtask depends on crates: it must compile in seconds on a bare machine".into(),
            );
        }
    }
    found
}

fn list(names: &[&str]) -> String {
    match names.is_empty() {
        true => "none of ours".into(),
        false => names.join(", "),
    }
}

/// Direct dependencies that members take in different versions.
fn several_versions(tree: &Tree) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, version) in tree.values().flatten() {
        versions.entry(name).or_default().insert(version);
    }
    versions
        .iter()
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, versions)| {
            let versions: Vec<&str> = versions.iter().copied().collect();
            format!(
                "{name}: members use {}; name it once in [workspace.dependencies]",
                versions.join(" and ")
            )
        })
        .collect()
}

/// Reads `cargo tree --prefix=none`, where each line begins with a package's name.
fn reached(name: &str, tree: &str, forbidden: &[&str]) -> Vec<String> {
    let packages: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    forbidden
        .iter()
        .filter(|package| packages.contains(**package))
        .map(|package| format!("{name} reaches {package}: it must run where there is no FAISS; see `cargo tree -p {name} -i {package}`"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
0annbench v0.1.0 (/x/crates/cli)
1annbench-faiss v0.1.0 (/x/crates/faiss)
1serde v1.0.1

0annbench-faiss v0.1.0 (/x/crates/faiss)
1annbench-index v0.1.0 (/x/crates/index)
1serde v1.0.1

0annbench-index v0.1.0 (/x/crates/index)
1annbench-vectors v0.1.0 (/x/crates/vectors)

0annbench-vectors v0.1.0 (/x/crates/vectors)
1serde v1.0.1

0xtask v0.1.0 (/x/xtask)
";

    fn check(text: &str, expected: &[&str]) {
        let tree = parse(text);
        let found = [forbidden_arrows(&tree), several_versions(&tree)].concat();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (line, part) in found.iter().zip(expected) {
            assert!(line.contains(part), "{line}");
        }
    }

    #[test]
    fn the_architecture_passes() {
        check(GOOD, &[]);
        assert_eq!(parse(GOOD).len(), 5);
    }

    #[test]
    fn a_planted_arrow_is_found() {
        let vectors = "0annbench-vectors v0.1.0 (/x/crates/vectors)\n";
        let planted = GOOD.replace(vectors, &format!("{vectors}1annbench-faiss v0.1.0 (/x)\n"));
        check(&planted, &["annbench-vectors -> annbench-faiss"]);

        let index = "0annbench-index v0.1.0 (/x/crates/index)\n";
        let planted = GOOD.replace(index, &format!("{index}1annbench-faiss v0.1.0 (/x)\n"));
        check(&planted, &["annbench-index -> annbench-faiss"]);
    }

    #[test]
    fn a_crate_that_nobody_placed_is_found() {
        check(
            "0annbench-new v0.1.0 (/x)\n",
            &["annbench-new: a crate without arrows"],
        );
    }

    #[test]
    fn xtask_stays_alone() {
        check(
            &format!("{GOOD}1serde v1.0.1\n"),
            &["xtask depends on crates"],
        );
    }

    #[test]
    fn two_versions_of_one_dependency_are_found() {
        let planted = GOOD.replacen("1serde v1.0.1", "1serde v0.9.0", 1);
        check(&planted, &["serde: members use v0.9.0 and v1.0.1"]);
    }

    #[test]
    fn a_planted_way_to_faiss_is_found() {
        let tree = "annbench-runner v0.1.0 (/x)\nserde v1.0.0\nfaiss-sys v0.7.0\n";
        assert_eq!(
            reached("annbench-runner", tree, &["faiss", "faiss-sys"]).len(),
            1
        );
        assert!(reached("annbench-runner", "serde v1.0.0\n", &["faiss"]).is_empty());
    }
}
