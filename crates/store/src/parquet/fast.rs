//! Vectors straight from a file's pages into the matrix.
//!
//! A list column stores a level or two for each value, and a general reader turns them into
//! offsets and validity before it looks at a value. Where the levels say what nearly every file of
//! embeddings says (every row is there and has `dim` values), the values are the matrix. This
//! reader checks just that and decodes pages into their places, on several threads if asked.
//! Whatever it does not expect (nulls, ragged rows, NaN, other encodings, damage) it leaves to the
//! general reader, which says what is wrong; so both give the same results.

use std::{fs::File, io, path::Path, sync::Arc, sync::mpsc};

use annbench_vectors::{Matrix, zeroed_vec};
use arrow_schema::DataType;
use parquet::{
    basic::{Encoding, Type},
    column::page::{Page, PageReader},
    errors::ParquetError,
    file::{metadata::ParquetMetaData, serialized_reader::SerializedPageReader},
};

use super::{file::ParquetFile, levels, values};
use crate::{Dtype, Progress, columnar::dtype_of, embeddings::first_not_finite};

/// The file is not of the plain kind; the general reader takes over.
#[derive(Debug)]
pub(super) struct NotPlain;

impl From<ParquetError> for NotPlain {
    fn from(_: ParquetError) -> Self {
        Self
    }
}

impl From<io::Error> for NotPlain {
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// Reads the column of vectors `vector`, on `threads` threads (0 counts as 1).
pub(super) fn read(
    path: &Path,
    file: &ParquetFile<'_>,
    vector: usize,
    threads: usize,
    progress: &mut dyn FnMut(Progress),
) -> Result<Matrix, NotPlain> {
    let column = Column::find(path, file, vector)?;
    let pages = column.pages()?;
    let n_values: usize = pages.iter().map(|page| page.values).sum();
    // No more than the general reader would make room for on a header's word.
    if n_values as u64 > file.bytes().saturating_mul(2) || n_values == 0 {
        return Err(NotPlain);
    }
    let mut values: Vec<f32> = zeroed_vec(n_values).ok_or(NotPlain)?;
    let shares = share_out(&pages, &mut values, threads.max(1));
    column.decode_all(shares, n_values / column.dim, progress)?;
    Matrix::from_vec(values, column.dim).map_err(|_| NotPlain)
}

/// The leaf column that holds the components.
struct Column<'a> {
    path: &'a Path,
    footer: &'a ParquetMetaData,
    leaf: usize,
    dtype: Dtype,
    dim: usize,
    /// The definition level of a value that is there.
    full_level: u32,
}

/// A data page: where it is and how many values it claims.
#[derive(Debug, Clone, Copy)]
struct PagePlace {
    group: usize,
    /// Number of data pages before it in its row group.
    ordinal: usize,
    /// Component of a row at which it begins.
    start: usize,
    values: usize,
}

/// A page with the part of the matrix that it fills.
type Share<'m> = Vec<(PagePlace, &'m mut [f32])>;

impl<'a> Column<'a> {
    fn find(path: &'a Path, file: &'a ParquetFile<'_>, vector: usize) -> Result<Self, NotPlain> {
        let footer = file.footer();
        let schema = footer.file_metadata().schema_descr();
        let is_its = |&leaf: &usize| schema.get_column_root_idx(leaf) == vector;
        let leaf = (0..schema.num_columns()).find(is_its).ok_or(NotPlain)?;
        let descriptor = schema.column(leaf);
        let data_type = file.schema().field(vector).data_type();
        let dtype = dtype_of(data_type).ok_or(NotPlain)?;
        let stored = (descriptor.physical_type(), descriptor.type_length());
        let is_plain = match dtype {
            Dtype::F16 => stored == (Type::FIXED_LEN_BYTE_ARRAY, 2),
            Dtype::F32 => stored.0 == Type::FLOAT,
            Dtype::F64 => stored.0 == Type::DOUBLE,
            _ => false,
        };
        let levels = (descriptor.max_rep_level(), descriptor.max_def_level());
        if !is_plain || levels.0 != 1 || !(1..=3).contains(&levels.1) {
            return Err(NotPlain);
        }
        Ok(Self {
            path,
            footer,
            leaf,
            dtype,
            dim: dim(data_type, footer, leaf).ok_or(NotPlain)?,
            full_level: levels.1 as u32,
        })
    }

    fn reader(
        &self,
        file: &Arc<File>,
        group: usize,
    ) -> Result<SerializedPageReader<File>, NotPlain> {
        let group = self.footer.row_group(group);
        let rows = usize::try_from(group.num_rows()).map_err(|_| NotPlain)?;
        let column = group.column(self.leaf);
        Ok(SerializedPageReader::new(file.clone(), column, rows, None)?)
    }

    /// All data pages in order, by their headers, which agree with the footer on whole rows.
    fn pages(&self) -> Result<Vec<PagePlace>, NotPlain> {
        let file = Arc::new(File::open(self.path)?);
        let mut pages = Vec::new();
        for group in 0..self.footer.num_row_groups() {
            let mut reader = self.reader(&file, group)?;
            let (mut ordinal, mut before) = (0, 0usize);
            while let Some(page) = reader.peek_next_page()? {
                if let (false, Some(values)) = (page.is_dict, page.num_levels) {
                    let start = before % self.dim;
                    pages.push(PagePlace {
                        group,
                        ordinal,
                        start,
                        values,
                    });
                    ordinal += 1;
                    before = before.checked_add(values).ok_or(NotPlain)?;
                }
                reader.skip_next_page()?;
            }
            let rows = self.footer.row_group(group).num_rows();
            if usize::try_from(rows)
                .ok()
                .and_then(|rows| rows.checked_mul(self.dim))
                != Some(before)
            {
                return Err(NotPlain);
            }
        }
        Ok(pages)
    }

    fn decode_all(
        &self,
        shares: Vec<Share<'_>>,
        total: usize,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), NotPlain> {
        let mut values_done = 0;
        let mut report = |values: usize| {
            values_done += values;
            let done = values_done / self.dim;
            progress(Progress { done, total });
        };
        if shares.len() < 2 {
            let mut shares = shares.into_iter();
            return shares.try_for_each(|share| self.decode(share, &mut report));
        }
        std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            let mut workers = Vec::new();
            for share in shares {
                let sender = sender.clone();
                // The receiver lives until all senders are gone, so that no message is lost.
                let work = move || self.decode(share, &mut |values| _ = sender.send(values));
                workers.push(std::thread::Builder::new().spawn_scoped(scope, work)?);
            }
            drop(sender);
            receiver.iter().for_each(&mut report);
            let join = |worker: std::thread::ScopedJoinHandle<'_, _>| worker.join();
            workers
                .into_iter()
                .try_for_each(|worker| join(worker).unwrap_or(Err(NotPlain)))
        })
    }

    /// Decodes the pages of one thread, which are neighbours. `report` hears of values done.
    fn decode(&self, share: Share<'_>, report: &mut dyn FnMut(usize)) -> Result<(), NotPlain> {
        // A file of its own: clones of one share their place in it.
        let file = Arc::new(File::open(self.path)?);
        let mut chunk: Option<Chunk> = None;
        for (page, out) in share {
            let open = match chunk.take().filter(|chunk| chunk.group == page.group) {
                Some(chunk) => chunk,
                None => Chunk::open(self, &file, page.group)?,
            };
            let chunk = chunk.insert(open);
            let bytes = chunk.page(page.ordinal)?;
            self.decode_page(page, &bytes, &chunk.dictionary, out)
                .ok_or(NotPlain)?;
            report(page.values);
        }
        Ok(())
    }

    fn decode_page(
        &self,
        place: PagePlace,
        page: &Page,
        dictionary: &[f32],
        out: &mut [f32],
    ) -> Option<()> {
        let parts = Parts::of(page)?;
        let is_full = parts.values == place.values
            && levels::all_are(parts.definition, self.full_level, place.values)
            && levels::rows_are_full(parts.repetition, self.dim, place.start, place.values);
        if !is_full {
            return None;
        }
        values::decode(parts.bytes, parts.encoding, self.dtype, dictionary, out)?;
        first_not_finite(out).is_none().then_some(())
    }
}

/// Components a vector has, by the type or by the first row group's counts. A wrong guess shows in
/// the levels.
fn dim(data_type: &DataType, footer: &ParquetMetaData, leaf: usize) -> Option<usize> {
    let dim = match data_type {
        DataType::FixedSizeList(_, dim) => i64::from(*dim),
        _ => {
            let first = footer.row_groups().first()?;
            first
                .column(leaf)
                .num_values()
                .checked_div(first.num_rows())?
        }
    };
    usize::try_from(dim).ok().filter(|&dim| dim > 0)
}

/// Gives each thread neighbouring pages, about equally many values of them.
fn share_out<'m>(pages: &[PagePlace], mut values: &'m mut [f32], threads: usize) -> Vec<Share<'m>> {
    let a_share = values.len().div_ceil(threads).max(1);
    let mut shares: Vec<Share<'m>> = Vec::new();
    let mut before = 0;
    for &page in pages {
        if shares.len() <= before / a_share {
            shares.push(Vec::new());
        }
        let (out, rest) = std::mem::take(&mut values).split_at_mut(page.values);
        values = rest;
        before += page.values;
        if let Some(share) = shares.last_mut() {
            share.push((page, out));
        }
    }
    shares
}

/// The pages of one row group, being read.
struct Chunk {
    group: usize,
    reader: SerializedPageReader<File>,
    /// Data pages passed.
    passed: usize,
    dictionary: Vec<f32>,
}

impl Chunk {
    fn open(column: &Column<'_>, file: &Arc<File>, group: usize) -> Result<Self, NotPlain> {
        let mut reader = column.reader(file, group)?;
        let mut dictionary = Vec::new();
        if reader.peek_next_page()?.is_some_and(|page| page.is_dict)
            && let Some(Page::DictionaryPage {
                buf, num_values, ..
            }) = reader.get_next_page()?
        {
            let width = column.dtype.bytes() as usize;
            if num_values as usize > buf.len() / width {
                return Err(NotPlain);
            }
            dictionary = vec![0.0; num_values as usize];
            values::plain(&buf, column.dtype, &mut dictionary).ok_or(NotPlain)?;
        }
        Ok(Self {
            group,
            reader,
            passed: 0,
            dictionary,
        })
    }

    /// Data page number `ordinal`; pages are asked for in ascending order.
    fn page(&mut self, ordinal: usize) -> Result<Page, NotPlain> {
        while self.passed < ordinal {
            // Looking first makes the reader pass what is no data page by itself.
            self.reader.peek_next_page()?.ok_or(NotPlain)?;
            self.reader.skip_next_page()?;
            self.passed += 1;
        }
        self.passed += 1;
        self.reader.get_next_page()?.ok_or(NotPlain)
    }
}

/// What a data page is made of.
struct Parts<'p> {
    repetition: &'p [u8],
    definition: &'p [u8],
    bytes: &'p [u8],
    encoding: Encoding,
    values: usize,
}

impl<'p> Parts<'p> {
    fn of(page: &'p Page) -> Option<Self> {
        match page {
            Page::DataPage {
                buf,
                num_values,
                encoding,
                def_level_encoding: Encoding::RLE,
                rep_level_encoding: Encoding::RLE,
                ..
            } => {
                let (repetition, rest) = with_length(buf)?;
                let (definition, bytes) = with_length(rest)?;
                Some(Self {
                    repetition,
                    definition,
                    bytes,
                    encoding: *encoding,
                    values: *num_values as usize,
                })
            }
            Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                let (repetition, rest) = buf.split_at_checked(*rep_levels_byte_len as usize)?;
                let (definition, bytes) = rest.split_at_checked(*def_levels_byte_len as usize)?;
                Some(Self {
                    repetition,
                    definition,
                    bytes,
                    encoding: *encoding,
                    values: *num_values as usize,
                })
            }
            _ => None,
        }
    }
}

/// Splits off a stretch of bytes that begins with its length.
fn with_length(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Embeddings, WriteOptions, write_parquet};
    use annbench_vectors::Ids;
    use arrow_array::{ArrayRef, ListArray, RecordBatch, types::Float32Type};
    use parquet::{
        arrow::ArrowWriter,
        file::properties::{WriterProperties, WriterVersion},
    };

    /// Whether the values are read, on each number of threads, or left to the general reader.
    fn check(path: &Path, expected: Option<&[f32]>, case: &str) {
        let file = ParquetFile::open(path).unwrap();
        for threads in [0, 1, 2, 3, 200] {
            let found = read(path, &file, 0, threads, &mut |_| {}).ok();
            let found = found.as_ref().map(Matrix::as_slice);
            assert_eq!(found, expected, "{case}, {threads} threads");
        }
    }

    /// Rows as a list column, with pages of 20 rows.
    fn write_lists(path: &Path, rows: Vec<Option<Vec<Option<f32>>>>, properties: WriterProperties) {
        let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Float32Type, _, _>(rows));
        let batch = RecordBatch::try_from_iter([("emb", lists)]).unwrap();
        let file = File::create(path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    fn pages_of_20_rows() -> parquet::file::properties::WriterPropertiesBuilder {
        WriterProperties::builder()
            .set_data_page_row_count_limit(20)
            .set_write_batch_size(10)
    }

    fn row(row: usize) -> Option<Vec<Option<f32>>> {
        Some((0..3).map(|i| Some((row * 3 + i) as f32)).collect())
    }

    #[test]
    fn our_own_files_are_plain() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("base.parquet");
        let values: Vec<f32> = (0..600).map(|i| i as f32 / 2.0).collect();
        let vectors = Matrix::from_vec(values.clone(), 6).unwrap();
        let embeddings = Embeddings::new(vectors, Ids::Rows(100)).unwrap();
        for dtype in [Dtype::F16, Dtype::F32, Dtype::F64] {
            let options = WriteOptions {
                dtype,
                row_group_rows: 7,
                ..WriteOptions::default()
            };
            write_parquet(&path, &embeddings, &options).unwrap();
            check(&path, Some(&values), dtype.name());
        }
    }

    #[test]
    fn lists_of_every_encoding_and_page_version_are_plain() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lists.parquet");
        let expected: Vec<f32> = (0..300).map(|i| i as f32).collect();
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for has_dictionary in [false, true] {
                let properties = pages_of_20_rows()
                    .set_writer_version(version)
                    .set_encoding(Encoding::PLAIN)
                    .set_dictionary_enabled(has_dictionary);
                write_lists(&path, (0..100).map(row).collect(), properties.build());
                let case = format!("{version:?}, dictionary {has_dictionary}");
                check(&path, Some(&expected), &case);
            }
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_general_reader() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lists.parquet");
        let bad = [
            None,
            Some(vec![Some(1.0), None, Some(1.0)]),
            Some(vec![Some(1.0); 2]),
            Some(vec![Some(1.0); 4]),
            Some(vec![Some(f32::NAN); 3]),
        ];
        for last in bad {
            let mut rows: Vec<_> = (0..99).map(row).collect();
            rows.push(last.clone());
            write_lists(&path, rows, pages_of_20_rows().build());
            check(&path, None, &format!("{last:?}"));
        }
    }
}
