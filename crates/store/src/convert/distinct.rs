//! Whether the ids that a conversion writes are distinct.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

use annbench_vectors::Ids;

use crate::LoadError;

/// The ids so far: some 50 bytes a row, whatever their length.
#[derive(Default)]
pub(super) struct DistinctIds {
    /// By hashes of 128 bits, of which no two are equal by chance: the input row.
    rows: HashMap<[u64; 2], usize>,
}

impl DistinctIds {
    /// Takes ids with their input rows; refuses one that was there before.
    pub(super) fn take(
        &mut self,
        path: &Path,
        ids: &Ids,
        rows: impl Iterator<Item = usize>,
    ) -> Result<(), LoadError> {
        if matches!(ids, Ids::Rows(_)) {
            return Ok(());
        }
        for (place, second) in (0..ids.len()).zip(rows) {
            let key = match ids {
                Ids::Strings(ids) => key(&ids[place]),
                Ids::Integers(ids) => key(&ids[place]),
                Ids::Rows(_) => continue,
            };
            if let Some(first) = self.rows.insert(key, second) {
                let rows = (first, second);
                return Err(LoadError::duplicate_id(path, "id", (ids, place), rows));
            }
        }
        Ok(())
    }
}

fn key(id: &impl Hash) -> [u64; 2] {
    [0u8, 1].map(|salt| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        id.hash(&mut hasher);
        hasher.finish()
    })
}
