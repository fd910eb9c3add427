//! A conversion under way: from the rows that are wanted to the file that is written.

use std::path::Path;

use super::{Companions, ConvertError, ConvertOptions, Converted, choice::Choice, rows::Rows};
use crate::{
    Embeddings, Format, LoadError, Progress,
    atomic::AtomicWriter,
    blocks::Source,
    shards::Parts,
    writer::{self, BlockWriter},
};

/// A conversion under way.
pub(super) struct Conversion<'a> {
    pub(super) input: &'a Path,
    pub(super) output: &'a Path,
    pub(super) format: Format,
    pub(super) options: &'a ConvertOptions,
    pub(super) companions: &'a Companions,
    pub(super) progress: &'a mut dyn FnMut(Progress),
}

impl Conversion<'_> {
    /// Writes the rows that are wanted into `file`; the number of bytes is not told yet.
    pub(super) fn run(
        &mut self,
        source: &Source,
        file: &mut AtomicWriter<'_>,
    ) -> Result<Converted, ConvertError> {
        let counted = match self.options.is_whole() {
            true => None,
            false => Some(source.count(&self.options.load)?),
        };
        let choice = counted.map(|n| Choice::of(self.options, self.input, n));
        let mut rows = Rows::new(self.input, source, &self.options.load, choice.transpose()?);
        let first = self.next(&mut rows)?.ok_or_else(|| LoadError::NoRows {
            path: self.input.into(),
        })?;
        let dim = first.dim();
        let mut writer = writer::begin(
            self.output,
            file,
            self.format,
            self.options.dtype,
            &first,
            self.companions,
        )?;
        let n = match rows.order() {
            None => self.copy(first, &mut rows, writer.as_mut())?,
            Some(order) => self.reorder(first, &mut rows, &order, writer.as_mut())?,
        };
        writer.finish()?;
        let n_input = counted.unwrap_or(rows.seen());
        if rows.is_at_end() && rows.seen() != n_input {
            return Err(self.miscounted(n_input, rows.seen()));
        }
        Ok(Converted {
            n_input,
            n,
            dim,
            bytes: 0,
        })
    }

    /// Writes blocks as they come.
    fn copy(
        &mut self,
        first: Embeddings,
        rows: &mut Rows<'_>,
        writer: &mut dyn BlockWriter,
    ) -> Result<usize, ConvertError> {
        let mut n = 0;
        let mut next = Some(first);
        while let Some(block) = next {
            n += block.n();
            writer.append(&block)?;
            next = self.next(rows)?;
        }
        Ok(n)
    }

    /// Collects all rows that are wanted, and writes them in the order asked for.
    fn reorder(
        &mut self,
        first: Embeddings,
        rows: &mut Rows<'_>,
        order: &[usize],
        writer: &mut dyn BlockWriter,
    ) -> Result<usize, ConvertError> {
        let mut parts = Parts::new(first);
        while let Some(block) = self.next(rows)? {
            parts.append(self.input, self.input, block)?;
        }
        let whole = parts.finish(self.input, self.options.load.faults)?;
        if whole.n() != order.len() {
            return Err(self.miscounted(order.len(), whole.n()));
        }
        writer.append(&whole.select(order))?;
        Ok(whole.n())
    }

    /// The next rows to write.
    fn next(&mut self, rows: &mut Rows<'_>) -> Result<Option<Embeddings>, LoadError> {
        let next = rows.next()?;
        (self.progress)(rows.progress());
        Ok(next)
    }

    fn miscounted(&self, claimed: usize, found: usize) -> ConvertError {
        ConvertError::Load(LoadError::UnequalColumns {
            path: self.input.into(),
            n: claimed,
            rows: found,
        })
    }
}
