//! What an experiment says of vectors and texts must fit together.

use super::{DatasetSpec, Experiment, Mistake, places::Places};

/// Refuses a dataset that names neither vectors nor texts, both, or what belongs to the other.
pub(super) fn check(experiment: &Experiment, places: &Places) -> Result<(), Mistake> {
    let dataset = &experiment.dataset;
    let has_texts = dataset.corpus.is_some() || dataset.queries.texts.is_some();
    let problem = match (&dataset.path, &dataset.corpus) {
        (None, None) => Some((
            "dataset",
            "names no data; give path (vectors), or corpus (texts) and model",
        )),
        (Some(_), Some(_)) => Some((
            "dataset.corpus",
            "path and corpus exclude each other; keep one of the two",
        )),
        (Some(_), None) => stray(dataset),
        (None, Some(_)) => None,
    };
    let no_model = || {
        let message =
            "texts need a model; name one, such as \"sentence-transformers/all-MiniLM-L6-v2\"";
        (has_texts && dataset.model.is_none()).then_some(("dataset.model", message))
    };
    let problem = problem.or_else(no_model).or_else(|| queries(dataset));
    match problem {
        None => Ok(()),
        Some((key, message)) => Err(places.mistake(key, message)),
    }
}

/// A key of texts without texts.
fn stray(dataset: &DatasetSpec) -> Option<(&'static str, &'static str)> {
    let keys = [
        ("dataset.split", dataset.split.is_some()),
        ("dataset.text_column", dataset.text_column.is_some()),
        ("dataset.metadata", dataset.metadata.is_some()),
        ("dataset.prefix", dataset.prefix.is_some()),
        ("dataset.embedded", dataset.embedded.is_some()),
    ];
    let (key, _) = keys.into_iter().find(|(_, given)| *given)?;
    Some((
        key,
        "belongs to a corpus, and there is none; leave it out, or give corpus instead of path",
    ))
}

fn queries(dataset: &DatasetSpec) -> Option<(&'static str, &'static str)> {
    let queries = &dataset.queries;
    let others = queries.file.is_some() || queries.sample.is_some() || queries.holdout.is_some();
    match queries.texts {
        Some(_) if others => Some((
            "dataset.queries",
            "texts, a file and a sample exclude each other; keep one of them",
        )),
        None if queries.prefix.is_some() => Some((
            "dataset.queries.prefix",
            "belongs to queries in words; give texts, or leave it out",
        )),
        None if queries.embedded.is_some() => Some((
            "dataset.queries.embedded",
            "belongs to queries in words; give texts, or leave it out",
        )),
        _ => None,
    }
}
