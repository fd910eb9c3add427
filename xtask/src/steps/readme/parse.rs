//! Finds the shell commands in a Markdown text.

/// Begins the comment, above a block, that says why the block is not run.
const NOT_RUN: &str = "<!-- not run:";

/// A fenced block of shell commands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Why its commands are not to be run, if they are not.
    pub(super) not_run: Option<String>,
    /// Line (from 1) and text of each command, continued lines joined, comments gone.
    pub(super) commands: Vec<(usize, String)>,
}

/// All blocks fenced with three backticks and the word `sh`.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    let mut above = "";
    while let Some((_, line)) = lines.next() {
        let line = line.trim();
        if let Some(language) = line.strip_prefix("```") {
            let inside = lines.by_ref().take_while(|(_, line)| line.trim() != "```");
            let inside: Vec<(usize, &str)> = inside.collect();
            if language.trim() == "sh" {
                blocks.push(Block {
                    not_run: reason(above),
                    commands: commands(&inside),
                });
            }
        }
        if !line.is_empty() {
            above = line;
        }
    }
    blocks
}

fn reason(line: &str) -> Option<String> {
    let reason = line.strip_prefix(NOT_RUN)?.strip_suffix("-->")?;
    Some(reason.trim().to_owned())
}

fn commands(lines: &[(usize, &str)]) -> Vec<(usize, String)> {
    let mut commands = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in lines {
        let line = without_comment(line).trim();
        let (number, before) = open.take().unwrap_or((index + 1, String::new()));
        let joined = format!("{before} {}", line.trim_end_matches('\\').trim());
        match line.ends_with('\\') {
            true => open = Some((number, joined)),
            false => commands.push((number, joined.trim().to_owned())),
        }
    }
    commands.extend(open);
    commands.retain(|(_, command)| !command.is_empty());
    commands
}

/// A line up to the `#` that begins a word outside quotes.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() => return &line[..at],
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        before = c;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Why a block is not run, and its commands.
    type Expected<'a> = (Option<&'a str>, &'a [(usize, &'a str)]);

    fn check(text: &str, expected: &[Expected]) {
        let found = blocks(text);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (block, (not_run, commands)) in found.iter().zip(expected) {
            assert_eq!(block.not_run.as_deref(), *not_run);
            let found: Vec<(usize, &str)> = block
                .commands
                .iter()
                .map(|(line, text)| (*line, text.as_str()))
                .collect();
            assert_eq!(found, *commands);
        }
    }

    #[test]
    fn shell_blocks_are_found_and_others_are_not() {
        check(
            "# x\n```sh\na b\n\nc\n```\n```toml\nd = 1\n```\n```sh\ne\n```\n",
            &[(None, &[(3, "a b"), (5, "c")]), (None, &[(11, "e")])],
        );
        check("no block, `sh` alone", &[]);
        check("```sh\nnever closed", &[(None, &[(2, "never closed")])]);
    }

    #[test]
    fn a_comment_directly_above_says_why_a_block_is_not_run() {
        check(
            "<!-- not run: it takes hours -->\n```sh\na\n```\n```sh\nb\n```\n",
            &[(Some("it takes hours"), &[(3, "a")]), (None, &[(6, "b")])],
        );
        check(
            "<!-- not run: x -->\n\n```sh\na\n```",
            &[(Some("x"), &[(4, "a")])],
        );
        check(
            "<!-- not run: x -->\n\ntext\n```sh\na\n```",
            &[(None, &[(5, "a")])],
        );
    }

    #[test]
    fn lines_are_joined_and_comments_dropped() {
        check(
            "```sh\na \\\n  --b \\\n  c   # why\n# only a comment\nd '#1' x#y\n```",
            &[(None, &[(2, "a --b c"), (6, "d '#1' x#y")])],
        );
    }
}
