//! Backends by name. Filled by value; there is no global list.

use std::path::Path;

use crate::{AnyBackend, Index, IndexCard, LoadError, suggestion};

/// The backends a program knows.
#[derive(Default)]
pub struct Registry {
    backends: Vec<Box<dyn AnyBackend>>,
}

impl Registry {
    /// No backends.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same registry with one backend more; a backend of the same name is replaced.
    #[must_use]
    pub fn with(mut self, backend: impl AnyBackend + 'static) -> Self {
        self.backends.retain(|known| known.name() != backend.name());
        self.backends.push(Box::new(backend));
        self
    }

    /// The backends, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &dyn AnyBackend> {
        self.backends.iter().map(AsRef::as_ref)
    }

    /// The backend called `name`.
    ///
    /// # Errors
    /// [`UnknownBackend`] names the nearest known one.
    pub fn get(&self, name: &str) -> Result<&dyn AnyBackend, UnknownBackend> {
        self.iter()
            .find(|backend| backend.name() == name)
            .ok_or_else(|| UnknownBackend {
                name: name.to_owned(),
                known: self.iter().map(|b| b.name().to_owned()).collect(),
            })
    }

    /// Opens a persisted index by the description beside it, and checks one against the other.
    ///
    /// # Errors
    /// [`LoadError`] if either file is missing or damaged, or if they differ.
    pub fn open(&self, path: &Path) -> Result<(Box<dyn Index>, IndexCard), LoadError> {
        let card = IndexCard::read(path)?;
        let index = self.get(&card.backend)?.load(path, card.metric)?;
        if (index.len(), index.dim()) != (card.n, card.dim) {
            return Err(LoadError::Differs {
                path: path.to_owned(),
                found: format!("{} vectors of dim {}", index.len(), index.dim()),
                expected: format!("{} vectors of dim {}", card.n, card.dim),
            });
        }
        Ok((index, card))
    }
}

/// A backend's name that the registry does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown index type `{name}`{}", suggestion(name, "types", .known))]
pub struct UnknownBackend {
    /// The name asked for.
    pub name: String,
    /// All known names.
    pub known: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NullBackend;

    #[test]
    fn an_unknown_name_is_refused_with_its_nearest_neighbour() {
        let error = Registry::new().with(NullBackend).get("nul").err().unwrap();
        assert_eq!(
            error.to_string(),
            "unknown index type `nul`; did you mean `null`? known types: null"
        );
    }
}
