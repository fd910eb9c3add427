//! Embeddings that come part by part: what is written never has to fit into memory.

use std::{collections::BTreeMap, path::Path};

use super::{
    file::ParquetFile,
    write::{ParquetWriter, WriteOptions, check_rows},
    write_error::WriteError,
};
use crate::{
    Embeddings, Format, LoadError,
    atomic::AtomicWriter,
    writer::{self, BlockWriter, check_dtype},
};

/// Takes the parts of a file of embeddings, in order.
pub struct PartWriter<'f, 'w> {
    path: &'f Path,
    options: &'f WriteOptions,
    state: State<'f, 'w>,
}

/// The first part tells the columns.
enum State<'f, 'w> {
    Waiting(Option<&'f mut AtomicWriter<'w>>),
    Writing(Box<ParquetWriter<'f, 'w>>),
}

/// Writes what `fill` pushes as one Parquet file, atomically, as [`write_parquet`] does it.
///
/// [`write_parquet`]: crate::write_parquet
///
/// # Errors
/// What `fill` fails with, and [`WriteError`] if something cannot be written or nothing was pushed;
/// the path is then as it was.
pub fn write_parquet_parts<E: From<WriteError>>(
    path: &Path,
    options: &WriteOptions,
    fill: impl FnOnce(&mut PartWriter<'_, '_>) -> Result<(), E>,
) -> Result<(), E> {
    check_dtype(path, Format::Parquet, options.dtype)?;
    writer::create(path, |file| {
        let mut writer = PartWriter {
            path,
            options,
            state: State::Waiting(Some(file)),
        };
        fill(&mut writer)?;
        Ok(writer.finish()?)
    })
}

impl PartWriter<'_, '_> {
    /// Appends a part.
    ///
    /// # Errors
    /// [`WriteError`] if it cannot be written, or has other columns than the first part.
    pub fn push(&mut self, part: &Embeddings) -> Result<(), WriteError> {
        check_rows(self.path, part)?;
        if let State::Waiting(file) = &mut self.state
            && let Some(file) = file.take()
        {
            let writer = ParquetWriter::begin(self.path, file, self.options, part)?;
            self.state = State::Writing(Box::new(writer));
        }
        match &mut self.state {
            State::Writing(writer) => writer.append(part),
            State::Waiting(_) => Ok(()),
        }
    }

    fn finish(self) -> Result<(), WriteError> {
        match self.state {
            State::Writing(writer) => writer.finish(),
            State::Waiting(_) => Err(WriteError::NoRows {
                path: self.path.into(),
            }),
        }
    }
}

/// What a Parquet file says of itself beside its rows, see [`WriteOptions::notes`].
///
/// # Errors
/// [`LoadError`] if the file is missing, damaged or no Parquet.
pub fn read_notes(path: &Path) -> Result<BTreeMap<String, String>, LoadError> {
    let file = ParquetFile::open(path)?;
    let notes = file.footer().file_metadata().key_value_metadata();
    let notes = notes.into_iter().flatten();
    Ok(notes
        .filter_map(|note| Some((note.key.clone(), note.value.clone()?)))
        .collect())
}

#[cfg(test)]
mod tests {
    use annbench_vectors::{Ids, Matrix};

    use super::*;
    use crate::{Dtype, LoadOptions, load};

    fn part(values: &[f32], first: i64) -> Embeddings {
        let vectors = Matrix::from_vec(values.to_vec(), 2).unwrap();
        let ids = (first..first + vectors.n() as i64).collect();
        Embeddings::new(vectors, Ids::Integers(ids)).unwrap()
    }

    #[test]
    fn parts_become_one_table_with_its_notes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("parts.parquet");
        let options = WriteOptions {
            notes: vec![("model".into(), "mini".into())],
            ..WriteOptions::default()
        };
        write_parquet_parts::<WriteError>(&path, &options, |writer| {
            writer.push(&part(&[1.0, 2.0, 3.0, 4.0], 0))?;
            writer.push(&part(&[5.0, 6.0], 2))
        })
        .unwrap();
        let read = load(&path, &LoadOptions::default(), &mut |_| {}).unwrap();
        assert_eq!(read.vectors.as_slice(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(read.ids, Ids::Integers(vec![0, 1, 2]));
        assert_eq!(read_notes(&path).unwrap()["model"], "mini");
    }

    #[test]
    fn what_stops_the_writing_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("parts.parquet");
        let check = |options: &WriteOptions, parts: &[Embeddings], expected: &str| {
            let written = write_parquet_parts::<WriteError>(&path, options, |writer| {
                parts.iter().try_for_each(|part| writer.push(part))
            });
            let error = written.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        };
        let options = WriteOptions::default();
        check(&options, &[], "there are no rows");
        let wide = Embeddings::new(
            Matrix::from_vec(vec![1.0], 1).unwrap(),
            Ids::Integers(vec![9]),
        );
        check(
            &options,
            &[part(&[1.0, 2.0], 0), wide.unwrap()],
            "encode Parquet",
        );
        let half = WriteOptions {
            dtype: Dtype::F16,
            ..WriteOptions::default()
        };
        check(
            &half,
            &[part(&[1.0, 2.0], 0), part(&[1.0, 1e9], 1)],
            "row 1 holds 1000000000",
        );
    }
}
