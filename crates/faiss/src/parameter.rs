//! Setting and reading a parameter under FAISS's name for it.

use annbench_index::ConfigureError;

use crate::index::Handle;

/// Sets a parameter that this kind of index is known to have.
pub(crate) fn set(
    index: &mut Handle,
    key: &str,
    faiss_name: &str,
    value: usize,
) -> Result<(), ConfigureError> {
    index
        .0
        .set(faiss_name, value as f64)
        .map_err(|reason| ConfigureError::Library {
            key: key.to_owned(),
            value: value.into(),
            reason,
        })
}

/// The value in force of a whole-numbered parameter, if this index has it.
pub(crate) fn in_force(index: &Handle, faiss_name: &str) -> Option<usize> {
    index.0.get(faiss_name).map(|value| value as usize)
}
