//! Where the hub's cache lies, and what the hub calls a model.

use std::path::PathBuf;

/// The hub's cache, of the variables of its own tools and the user's home.
pub(super) fn cache_folder(
    variable: impl Fn(&str) -> Option<PathBuf>,
    home: Option<PathBuf>,
) -> PathBuf {
    let of_home = || home.unwrap_or_default().join(".cache");
    let shared = || variable("XDG_CACHE_HOME").unwrap_or_else(of_home);
    let hub = || variable("HF_HOME").unwrap_or_else(|| shared().join("huggingface"));
    variable("HF_HUB_CACHE").unwrap_or_else(|| hub().join("hub"))
}

/// The hub's name of a model: `owner/name`.
pub(super) fn repo_id(name: &str) -> Option<String> {
    let is_part = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && !part.starts_with('.') && part.chars().all(plain)
    };
    match name.split('/').collect::<Vec<_>>()[..] {
        [name] if is_part(name) => Some(format!("sentence-transformers/{name}")),
        [owner, name] if is_part(owner) && is_part(name) => Some(format!("{owner}/{name}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_bare_name_has_an_owner() {
        let id = |name| repo_id(name).unwrap_or_default();
        assert_eq!(
            id("all-MiniLM-L6-v2"),
            "sentence-transformers/all-MiniLM-L6-v2"
        );
        assert_eq!(id("BAAI/bge-small-en-v1.5"), "BAAI/bge-small-en-v1.5");
        for no_name in ["", "a/b/c", "../b", "/a", "a b", "models/"] {
            assert_eq!(repo_id(no_name), None, "{no_name}");
        }
    }

    #[test]
    fn the_cache_lies_where_the_hubs_own_tools_have_it() {
        let check = |set: &[(&str, &str)], expected: &str| {
            let variable = |name: &str| {
                let found = set.iter().find(|(set, _)| *set == name);
                found.map(|(_, value)| PathBuf::from(value))
            };
            let found = cache_folder(variable, Some("/me".into()));
            assert_eq!(found, Path::new(expected), "{set:?}");
        };
        check(&[], "/me/.cache/huggingface/hub");
        check(&[("XDG_CACHE_HOME", "/x")], "/x/huggingface/hub");
        check(&[("HF_HOME", "/h"), ("XDG_CACHE_HOME", "/x")], "/h/hub");
        check(&[("HF_HUB_CACHE", "/c"), ("HF_HOME", "/h")], "/c");
    }
}
