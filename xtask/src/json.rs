//! The two strings that cargo only tells in JSON, read without a parser.

/// The string that follows `"key":` for the first time in `text`, unescaped.
///
/// Enough for cargo's own output, whose paths hold no other escapes than `\"`, `\\` and `\/`.
pub(crate) fn string_after(text: &str, key: &str) -> Option<String> {
    let start = text.find(&format!("\"{key}\":\""))? + key.len() + 4;
    let mut value = String::new();
    let mut chars = text[start..].chars();
    loop {
        match chars.next()? {
            '"' => return Some(value),
            '\\' => value.push(chars.next()?),
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_by_key_and_unescaped() {
        let text = r#"{"a":"x","executable":null,"target_directory":"/a \"b\"\\c","z":1}"#;
        let check = |key, expected: Option<&str>| {
            assert_eq!(string_after(text, key).as_deref(), expected, "{key}");
        };
        check("target_directory", Some("/a \"b\"\\c"));
        check("executable", None);
        check("missing", None);
    }
}
