//! The index types this program knows, and what their libraries listen to.

use annbench_index::{NullBackend, Registry};
use annbench_runner::Steering;

/// Every backend.
pub(crate) fn registry() -> Registry {
    annbench_faiss::register(Registry::new())
        .with(annbench_exact::ExactBackend)
        .with(NullBackend)
}

/// What the environment can do to them, and what workers are given.
pub(crate) fn steering() -> Steering {
    let owned = |name: &&str| (*name).to_owned();
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Steering {
        variables: annbench_faiss::STEERING_VARIABLES
            .iter()
            .map(owned)
            .collect(),
        workers: annbench_faiss::WORKER_ENVIRONMENT
            .iter()
            .map(pair)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn programs_to_paste_call_parameters_as_faiss_does() {
        let pasted = annbench_report::Snippets::FAISS_NAMES;
        assert_eq!(pasted.to_vec(), annbench_faiss::search_parameter_names());
    }
}
