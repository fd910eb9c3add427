//! What is expected, where it differs from run to run.

/// Whether a text fits what is expected of it: `...` on a line of its own stands for any number of
/// lines, `[..]` for anything within a line.
pub(crate) fn fits(expected: &str, text: &str) -> bool {
    let expected: Vec<&str> = expected.lines().collect();
    let text: Vec<&str> = text.lines().collect();
    lines_fit(&expected, &text)
}

fn lines_fit(expected: &[&str], text: &[&str]) -> bool {
    match (expected.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((&"...", rest)), _) => {
            (0..=text.len()).any(|skipped| lines_fit(rest, &text[skipped..]))
        }
        (Some((line, expected)), Some((found, text))) => {
            line_fits(line, found) && lines_fit(expected, text)
        }
        _ => false,
    }
}

fn line_fits(expected: &str, line: &str) -> bool {
    match expected.split_once("[..]") {
        None => expected == line,
        Some((start, rest)) => line.strip_prefix(start).is_some_and(|after| {
            let ends = after.char_indices().map(|(at, _)| at).chain([after.len()]);
            ends.into_iter().any(|at| line_fits(rest, &after[at..]))
        }),
    }
}

#[test]
fn dots_stand_for_what_varies_and_for_nothing_else() {
    for (expected, text, fit) in [
        ("a\nb\n", "a\nb\n", true),
        ("a\n", "a\nb\n", false),
        ("a\n...\nd\n", "a\nb\nc\nd\n", true),
        ("a\n...\nd\n", "a\nd\n", true),
        ("a\n...\nd\n", "a\nb\n", false),
        ("x [..] y [..]\n", "x 1 y 2\n", true),
        ("x [..] y\n", "x 1 z\n", false),
        ("", "", true),
    ] {
        assert_eq!(fits(expected, text), fit, "{expected:?} {text:?}");
    }
}
