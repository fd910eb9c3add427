//! What differs from run to run and from machine to machine, replaced by what it is.

use std::path::Path;

/// Replaces the folder of the case, names of runs and, if asked, all numbers.
pub(crate) fn scrub(text: &str, world: &Path, numbers: bool) -> String {
    let world = world.to_str().unwrap();
    let text = text.replace(world, "[DIR]");
    let lines = text.lines().map(|line| {
        let line = words(line, run_name);
        match numbers {
            true => squeeze(&numbers_in(&line)),
            false => line,
        }
    });
    lines.map(|line| line + "\n").collect()
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

/// Every number becomes `#`, with its sign, decimals and separators.
fn numbers_in(line: &str) -> String {
    let mut out = String::new();
    let mut in_number = false;
    for c in line.chars() {
        match (c.is_ascii_digit(), in_number && matches!(c, '.' | ',')) {
            (true, _) if !in_number => {
                in_number = true;
                out.push('#');
            }
            (true, _) | (_, true) => {}
            _ => {
                in_number = false;
                out.push(c);
            }
        }
    }
    out
}

/// Columns move with the numbers in them: any number of spaces or rules becomes one.
fn squeeze(line: &str) -> String {
    let mut out = String::new();
    for c in line.chars() {
        let repeats = matches!(c, ' ' | '─' | '-' | '═' | '━');
        if !(repeats && out.ends_with(c)) {
            out.push(c);
        }
    }
    out.trim_end().to_owned()
}

#[test]
fn what_varies_is_replaced_and_nothing_else() {
    let world = Path::new("/tmp/x");
    let line = "see /tmp/x/runs/a/2026-01-31T120000Z-abc123/x.html: 1,234.5 qps   (k = 10)\n";
    assert_eq!(
        scrub(line, world, false),
        "see [DIR]/runs/a/[RUN]/x.html: 1,234.5 qps   (k = 10)\n"
    );
    assert_eq!(scrub(line, world, true), "see [DIR]/runs/a/[RUN]/x.html: # qps (k = #)\n");
}
