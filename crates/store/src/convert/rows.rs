//! The rows of the input that are wanted, block by block.

use std::path::Path;

use annbench_vectors::Ids;

use super::{choice::Choice, distinct::DistinctIds};
use crate::{
    Embeddings, Faults, LoadError, LoadOptions, Progress,
    blocks::{Blocks, Source},
};

/// The rows of the input that are wanted.
pub(super) struct Rows<'a> {
    blocks: Blocks<'a>,
    choice: Option<Choice>,
    /// Those of the wanted rows so far, where none may come again.
    ids: Option<DistinctIds>,
    path: &'a Path,
    /// Rows of the input passed so far.
    seen: usize,
}

impl<'a> Rows<'a> {
    /// The rows of `source` that `choice` wants: all, where there is none.
    pub(super) fn new(
        path: &'a Path,
        source: &'a Source,
        options: &'a LoadOptions,
        choice: Option<Choice>,
    ) -> Self {
        Self {
            blocks: source.blocks(options),
            choice,
            ids: (options.faults == Faults::Refuse).then(DistinctIds::default),
            path,
            seen: 0,
        }
    }

    /// The wanted rows of the next block that has any.
    pub(super) fn next(&mut self) -> Result<Option<Embeddings>, LoadError> {
        loop {
            if self.choice.as_ref().is_some_and(Choice::is_done) {
                return Ok(None);
            }
            let Some((first, block)) = self.blocks.next()? else {
                return Ok(None);
            };
            self.seen += block.n();
            let Some(choice) = &mut self.choice else {
                self.refuse_repeated(&block, first..first + block.n())?;
                return Ok(Some(block));
            };
            let places = choice.places(block.n());
            if !places.is_empty() {
                let wanted = named(first, block).select(&places);
                self.refuse_repeated(&wanted, places.iter().map(|place| first + place))?;
                return Ok(Some(wanted));
            }
        }
    }

    fn refuse_repeated(
        &mut self,
        block: &Embeddings,
        rows: impl Iterator<Item = usize>,
    ) -> Result<(), LoadError> {
        match &mut self.ids {
            Some(ids) => ids.take(self.path, &block.ids, rows),
            None => Ok(()),
        }
    }

    /// The order to put the rows into, where it is not the input's.
    pub(super) fn order(&mut self) -> Option<Vec<usize>> {
        self.choice.as_mut()?.order.take()
    }

    /// Rows of the input passed so far.
    pub(super) fn seen(&self) -> usize {
        self.seen
    }

    /// How far it is, in rows of the input.
    pub(super) fn progress(&self) -> Progress {
        Progress {
            done: self.seen,
            total: self.blocks.total().max(self.seen),
        }
    }

    /// Whether all rows of the input were seen, and not only those wanted.
    pub(super) fn is_at_end(&self) -> bool {
        !self.choice.as_ref().is_some_and(Choice::is_done)
    }
}

/// A block whose rows are called by their numbers in the input where they have no ids.
fn named(first: usize, mut block: Embeddings) -> Embeddings {
    if let Ids::Rows(n) = block.ids {
        block.ids = Ids::Integers((first..first + n).map(|row| row as i64).collect());
    }
    block
}
