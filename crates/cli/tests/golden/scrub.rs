//! What differs from run to run and from machine to machine, replaced by what it is.

use std::path::Path;

/// Replaces the folder of the case and the names of runs.
pub(crate) fn scrub(text: &str, world: &Path) -> String {
    let text = text.replace(world.to_str().unwrap(), "[DIR]");
    text.lines()
        .map(|line| words(line, run_name) + "\n")
        .collect()
}

/// Applies `change` to each stretch of letters, digits and `-` in a line.
fn words(line: &str, change: impl Fn(&str) -> Option<&'static str>) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut out = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let same = |c: char| is_word(c) != is_word(first);
        let (word, after) = rest.split_at(rest.find(same).unwrap_or(rest.len()));
        out += change(word).unwrap_or(word);
        rest = after;
    }
    out
}

/// `2026-01-31T120000Z-abc123`
fn run_name(word: &str) -> Option<&'static str> {
    let is_run = word.len() >= 25 && word.starts_with("20") && word.as_bytes()[10] == b'T';
    is_run.then_some("[RUN]")
}

#[test]
fn names_of_runs_and_places_are_replaced_and_nothing_else() {
    let line = "see /tmp/x/runs/a/2026-01-31T120000Z-abc123/x.html: 1,234.5 qps   (k = 10)\n";
    assert_eq!(
        scrub(line, Path::new("/tmp/x")),
        "see [DIR]/runs/a/[RUN]/x.html: 1,234.5 qps   (k = 10)\n"
    );
}
