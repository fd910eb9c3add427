//! Why a model cannot be had.

use std::path::PathBuf;

use hf_hub::api::sync::ApiError;

use crate::ModelError;

/// A model that cannot be had.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "fields are what the messages name")]
pub enum HubError {
    /// Neither a folder nor a name that the hub could know.
    #[error(
        "model {name}: there is no such folder, and it is no name of the hub, such as sentence-transformers/all-MiniLM-L6-v2; give one of the two"
    )]
    NoSuchFolder { name: String },
    /// Downloads are forbidden.
    #[error("model {name}: not in {}, and HF_HUB_OFFLINE forbids to download it; unset that, or give the model's folder", .cache.display())]
    Offline { name: String, cache: PathBuf },
    /// The hub did not give it.
    #[error(
        "model {name}: cannot be had from {endpoint}; check the name and the network, or get its folder by other means and give the path of that"
    )]
    Unavailable {
        name: String,
        endpoint: String,
        source: Box<ApiError>,
    },
    /// The hub has it, without a file that is needed here.
    #[error(
        "model {name}: the hub has no {file} of it; take a model that has, such as sentence-transformers/all-MiniLM-L6-v2"
    )]
    Lacks { name: String, file: String },
    /// What was downloaded is refused.
    #[error(transparent)]
    Model(#[from] ModelError),
}
