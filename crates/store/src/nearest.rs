//! The name a user most likely meant.

/// The candidate nearest to `name` by edits, if it is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let allowed = (name.chars().count() / 3).max(2);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(edits, _)| *edits <= allowed)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate.to_owned())
}

/// `; did you mean …?`, or nothing.
pub fn did_you_mean(nearest: &Option<String>) -> String {
    match nearest {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_its_neighbour_and_a_strange_one_none() {
        let names = ["embedding", "text", "id"];
        let cases = [
            ("embeding", Some("embedding")),
            ("txt", Some("text")),
            ("photograph", None),
        ];
        for (name, expected) in cases {
            assert_eq!(nearest(name, names).as_deref(), expected, "{name}");
        }
    }
}
