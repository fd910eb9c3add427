//! Each output beside the file that holds what it must be; `UPDATE_GOLDEN=1` rewrites the files.

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use annbench_report::{Run, Style, csv, latex, markdown, terminal};

use crate::fixture;

/// The name of a file and how its text comes about.
type Case = (&'static str, fn(&Run) -> String);

const CASES: [Case; 7] = [
    ("terminal-plain-120.txt", |run| plain(run, 120)),
    ("terminal-plain-160.txt", |run| plain(run, 160)),
    ("terminal-plain-72.txt", |run| plain(run, 72)),
    ("terminal-color-120.txt", |run| {
        let style = Style {
            color: true,
            width: 120,
        };
        terminal(run, style)
    }),
    ("report.md", markdown),
    ("report.tex", latex),
    ("summary.csv", |run| csv(run).unwrap_or_default()),
];

fn plain(run: &Run, width: usize) -> String {
    let color = false;
    terminal(run, Style { color, width })
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[test]
fn outputs_are_what_their_files_hold() {
    let run = fixture::run();
    let update = env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1");
    for (name, output) in CASES {
        let (path, found) = (folder().join(name), output(&run));
        if update {
            fs::write(&path, &found).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == expected,
            "{name} differs; if that is meant, run with UPDATE_GOLDEN=1 and read the change.\n\
             expected:\n{expected}\nfound:\n{found}"
        );
    }
}

#[test]
fn no_file_is_left_over() {
    let entries = fs::read_dir(folder()).unwrap();
    let found: BTreeSet<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let expected = CASES.map(|(name, _)| name.to_owned());
    assert_eq!(found, BTreeSet::from(expected));
}

#[test]
fn parts_of_the_base_have_a_table_in_every_output_for_people() {
    let run = fixture::scaled();
    for output in [
        plain(&run, 120),
        markdown(&run),
        annbench_report::html(&run),
    ] {
        for expected in ["s the base grows", "from about 2,777", "not within 19,000"] {
            assert!(output.contains(expected), "{expected}:\n{output}");
        }
    }
    assert!(!plain(&fixture::run(), 120).contains("as the base grows"));
}
