//! Rust source as text: its code without comments and strings, or its comments alone.

/// A part of a source file, by kind; each keeps its line breaks, so that lines can be counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Text,
}

/// The code, with a space for each character of a comment or a string.
pub(super) fn code(source: &str) -> String {
    only(source, Kind::Code)
}

/// The comments, with a space for each character of anything else.
pub(super) fn comments(source: &str) -> String {
    only(source, Kind::Comment)
}

/// The code without the modules under `#[cfg(test)]`.
pub(super) fn code_without_tests(source: &str) -> String {
    let mut code = code(source);
    while let Some(start) = code.find("#[cfg(test)]") {
        let end = end_of_item(&code[start..]) + start;
        let blank: String = code[start..end].chars().map(blank).collect();
        code.replace_range(start..end, &blank);
    }
    code
}

/// Lines (from 1) of `code` that hold `word` as a word of its own.
pub(super) fn lines_with(code: &str, word: &str) -> Vec<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.lines()
        .enumerate()
        .filter(|(_, line)| {
            line.match_indices(word).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                let after = line[at + word.len()..].chars().next();
                !before.is_some_and(is_word) && !after.is_some_and(is_word)
            })
        })
        .map(|(index, _)| index + 1)
        .collect()
}

/// Bytes up to the end of the item that `code` begins with: its braces, or its semicolon.
fn end_of_item(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

fn only(source: &str, wanted: Kind) -> String {
    let mut kept = String::with_capacity(source.len());
    let mut rest = source;
    while !rest.is_empty() {
        let (kind, length) = next_part(rest, kept.chars().next_back());
        let (part, after) = rest.split_at(length);
        match kind == wanted {
            true => kept.push_str(part),
            false => kept.extend(part.chars().map(blank)),
        }
        rest = after;
    }
    kept
}

fn blank(c: char) -> char {
    if c == '\n' { '\n' } else { ' ' }
}

/// The kind and length in bytes of the part that `rest`, not empty, begins with.
fn next_part(rest: &str, before: Option<char>) -> (Kind, usize) {
    if rest.starts_with("//") {
        return (Kind::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kind::Comment, block_comment(rest));
    }
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if !in_word && let Some(length) = raw_string(rest) {
        return (Kind::Text, length);
    }
    match rest.as_bytes()[0] {
        b'"' => (Kind::Text, string(rest)),
        b'\'' => character(rest).map_or((Kind::Code, 1), |length| (Kind::Text, length)),
        _ => (Kind::Code, rest.chars().next().map_or(1, char::len_utf8)),
    }
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// A string up to its closing quote; `\"` does not close it.
fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

/// `r"..."`, `br#"..."#` and their like.
fn raw_string(rest: &str) -> Option<usize> {
    let after_letters = rest
        .strip_prefix("br")
        .or(rest.strip_prefix("cr"))
        .or(rest.strip_prefix('r'))?;
    let quoted = after_letters.trim_start_matches('#');
    let hashes = after_letters.len() - quoted.len();
    let start = rest.len() - quoted.len() + 1;
    quoted.strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = rest[start..].find(&close)?;
    Some(start + end + close.len())
}

/// `'x'` or `'\n'`, but not the lifetime `'a`.
fn character(rest: &str) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        let (at, _) = chars
            .nth(1)
            .filter(|(_, c)| *c == '\'')
            .or_else(|| chars.find(|(_, c)| *c == '\''))?;
        return Some(at + 1);
    }
    chars
        .next()
        .filter(|(_, c)| *c == '\'')
        .map(|(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_comments_and_strings_are_not_code() {
        let check = |source, lines: &[usize]| {
            assert_eq!(lines_with(&code(source), "unsafe"), lines, "{source}");
        };
        check("unsafe {}", &[1]);
        check(
            "// unsafe\n/* unsafe /* unsafe */ unsafe */\nunsafe fn x() {}",
            &[3],
        );
        check("let a = \"unsafe \\\" unsafe\"; unsafe {}", &[1]);
        check("let a = \"x \\\" unsafe\";", &[]);
        check("let a = r#\"unsafe \" unsafe\"#;", &[]);
        check("let a = '\"'; unsafe {}; let b = '\"';", &[1]);
        check("let a = '\\''; unsafe {}", &[1]);
        check("let a = '\\u{1f}'; unsafe {}", &[1]);
        check("fn f<'a>(x: &'a str) { unsafe {} }", &[1]);
        check("#![expect(unsafe_code)] not_unsafe();", &[]);
        check("é\n\"é\" unsafe", &[2]);
        check("let bar = br\"unsafe\";", &[]);
    }

    #[test]
    fn comments_are_found_alone() {
        let found = comments("let a = \"// no\"; // yes\n/// also\nb");
        assert!(found.contains("// yes") && found.contains("/// also"));
        assert!(!found.contains("no") && !found.contains("let"));
    }

    #[test]
    fn test_modules_are_left_out_and_what_follows_is_kept() {
        let source = "one();\n#[cfg(test)]\nmod tests {\n fn t() { two(); }\n}\nthree();\n#[cfg(test)]\nmod more;\nfour();";
        let code = code_without_tests(source);
        assert!(!code.contains("two") && !code.contains("more"), "{code}");
        assert_eq!(lines_with(&code, "three"), [6]);
        assert_eq!(lines_with(&code, "four"), [9]);
    }
}
