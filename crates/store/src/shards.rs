//! Several Parquet files as one table: what a folder, or a name with `*` or `?`, stands for.
//!
//! Hugging Face writes `data/train-00000-of-00002.parquet` and so on, other tools `part-0.parquet`.
//! Files of a folder are parts of one table only where their names are equal but for digits: base
//! and queries, or two splits, that lie side by side are never mixed unasked.

use std::{
    mem::{Discriminant, discriminant},
    path::{Path, PathBuf},
};

use annbench_vectors::{Ids, Matrix};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::{
    Embeddings, Faults, Format, LoadError, LoadOptions, Progress, columnar::check_distinct,
    inspect::Layout,
};

/// The Parquet files a path stands for, in the order of their names; `None` where it stands for
/// itself.
///
/// # Errors
/// [`LoadError`] if the folder cannot be listed, or holds Parquet files that are not the parts of
/// one table.
pub(crate) fn find(path: &Path) -> Result<Option<Vec<PathBuf>>, LoadError> {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let pattern = name.filter(|name| name.contains(['*', '?']) && !path.exists());
    let (folder, files) = match (pattern, path.is_dir()) {
        (Some(pattern), _) => {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            let mut files = parquet_files(folder)?;
            files.retain(|file| file_name(file).is_some_and(|name| matches(&pattern, &name)));
            return Ok((!files.is_empty()).then_some(files));
        }
        (None, true) => (path, parquet_files(path)?),
        (None, false) => return Ok(None),
    };
    // Hugging Face keeps the files of a dataset in a folder `data`.
    let nested = folder.join("data");
    let files = match files.is_empty() && nested.is_dir() {
        true => parquet_files(&nested)?,
        false => files,
    };
    let stem = |file: &PathBuf| file_name(file).map(|name| without_digits(&name));
    match files.first() {
        None => Ok(None),
        Some(first) if files.iter().all(|file| stem(file) == stem(first)) => Ok(Some(files)),
        Some(_) => Err(LoadError::SeveralTables {
            path: path.into(),
            files: files.iter().filter_map(|file| file_name(file)).collect(),
        }),
    }
}

/// Reads the files and puts them one after the other.
pub(crate) fn load(
    path: &Path,
    files: &[PathBuf],
    options: &LoadOptions,
    threads: usize,
    progress: &mut dyn FnMut(Progress),
) -> Result<Embeddings, LoadError> {
    let mut whole: Option<Parts> = None;
    for file in files {
        let before = whole
            .as_ref()
            .map_or(0, |whole| whole.values.len() / whole.kind.dim);
        let mut advance = |part: Progress| {
            progress(Progress {
                done: before + part.done,
                total: before + part.total,
            });
        };
        let part = Format::detect(file)?.load(file, options, threads, &mut advance)?;
        match &mut whole {
            None => whole = Some(Parts::new(part)),
            Some(whole) => whole.append(path, file, part)?,
        }
    }
    let whole = whole.ok_or_else(|| LoadError::NoRows { path: path.into() })?;
    whole.finish(path, options.faults)
}

/// What the first file says of itself, with the row groups of all.
pub(crate) fn layout(files: &[PathBuf], options: &LoadOptions) -> Result<Layout, LoadError> {
    let mut whole: Option<Layout> = None;
    for file in files {
        let layout = Format::detect(file)?.layout(file, options)?;
        match &mut whole {
            None => whole = Some(layout),
            Some(whole) => {
                let groups = whole.row_groups.zip(layout.row_groups);
                whole.row_groups = groups.map(|(before, more)| before + more);
            }
        }
    }
    whole.ok_or_else(|| LoadError::NoRows {
        path: PathBuf::new(),
    })
}

/// What the parts of one table have in common.
pub(crate) struct Kind {
    dim: usize,
    ids: Discriminant<Ids>,
    columns: Option<SchemaRef>,
}

impl Kind {
    pub(crate) fn of(part: &Embeddings) -> Self {
        Self {
            dim: part.dim(),
            ids: discriminant(&part.ids),
            columns: part.columns.as_ref().map(RecordBatch::schema),
        }
    }

    /// Refuses a part of another kind; `path` stands for all files, `file` for the part's.
    pub(crate) fn check(
        &self,
        path: &Path,
        file: &Path,
        part: &Embeddings,
    ) -> Result<(), LoadError> {
        let name = file_name(file).unwrap_or_default();
        let other = Self::of(part);
        let problem = match other {
            Self { dim, .. } if dim != self.dim => {
                format!("`{name}` has dim = {dim}, the files before {}", self.dim)
            }
            Self { ids, .. } if ids != self.ids => {
                format!("`{name}` has ids of another kind than the files before")
            }
            Self { columns, .. } if columns != self.columns => {
                format!("`{name}` has other columns than the files before")
            }
            _ => return Ok(()),
        };
        Err(LoadError::Parts {
            path: path.into(),
            problem,
        })
    }
}

/// The parts read so far, put one after the other.
pub(crate) struct Parts {
    kind: Kind,
    values: Vec<f32>,
    ids: Ids,
    columns: Option<Vec<RecordBatch>>,
}

impl Parts {
    pub(crate) fn new(first: Embeddings) -> Self {
        Self {
            kind: Kind::of(&first),
            values: first.vectors.into_vec(),
            ids: first.ids,
            columns: first.columns.map(|columns| vec![columns]),
        }
    }

    /// Appends a part that was read from `file`, one of those that `path` stands for.
    pub(crate) fn append(
        &mut self,
        path: &Path,
        file: &Path,
        part: Embeddings,
    ) -> Result<(), LoadError> {
        self.kind.check(path, file, &part)?;
        match (&mut self.ids, part.ids) {
            (Ids::Integers(ids), Ids::Integers(more)) => ids.extend(more),
            (Ids::Strings(ids), Ids::Strings(more)) => ids.extend(more),
            (ids, more) => *ids = Ids::Rows(ids.len() + more.len()),
        }
        if let (Some(columns), Some(more)) = (&mut self.columns, part.columns) {
            columns.push(more);
        }
        self.values.extend_from_slice(part.vectors.as_slice());
        Ok(())
    }

    /// All of them, if ids are distinct or faults are kept.
    pub(crate) fn finish(self, path: &Path, faults: Faults) -> Result<Embeddings, LoadError> {
        if faults == Faults::Refuse {
            check_distinct(path, "id", &self.ids)?;
        }
        let concat = |columns: Vec<RecordBatch>| {
            let schema = columns[0].schema();
            arrow_select::concat::concat_batches(&schema, &columns)
        };
        let columns = self.columns.map(concat).transpose();
        Ok(Embeddings {
            vectors: Matrix::from_vec(self.values, self.kind.dim)
                .map_err(|_| LoadError::NoRows { path: path.into() })?,
            ids: self.ids,
            columns: columns.map_err(|error| LoadError::Parts {
                path: path.into(),
                problem: format!("other columns differ between the files: {error}"),
            })?,
        })
    }
}

/// The names, of the files of a folder, that make one table, in their order: the numbered Parquet
/// files, or those that fit `pattern` where it is not empty.
///
/// # Errors
/// All Parquet files, where they are not parts of one table and there is no pattern.
#[cfg(feature = "remote")]
pub(crate) fn table_names(
    mut names: Vec<String>,
    pattern: &str,
) -> Result<Vec<String>, Vec<String>> {
    names.retain(|name| is_parquet(Path::new(name)));
    names.sort_by_cached_key(|name| (natural(name), name.clone()));
    if !pattern.is_empty() {
        names.retain(|name| matches(pattern, name));
        return Ok(names);
    }
    let stem = names.first().map(|name| without_digits(name));
    match names.iter().all(|name| Some(without_digits(name)) == stem) {
        true => Ok(names),
        false => Err(names),
    }
}

/// Whether a name is that of a Parquet file that is not hidden.
fn is_parquet(file: &Path) -> bool {
    let is_hidden = file_name(file).is_none_or(|name| name.starts_with(['.', '_']));
    Format::of_extension(file) == Some(Format::Parquet) && !is_hidden
}

/// The Parquet files of a folder, sorted by name.
fn parquet_files(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let entries = std::fs::read_dir(folder).map_err(|source| LoadError::io(folder, source))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|file| is_parquet(file) && file.is_file())
        .collect();
    // `part-10` after `part-9`, as their writer numbered them.
    files.sort_by_cached_key(|file| file_name(file).map(|name| (natural(&name), name)));
    Ok(files)
}

fn file_name(file: &Path) -> Option<String> {
    Some(file.file_name()?.to_string_lossy().into_owned())
}

fn without_digits(name: &str) -> String {
    name.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// A name as texts and numbers in turn.
fn natural(name: &str) -> Vec<(String, u128)> {
    let mut parts = vec![(String::new(), 0u128)];
    let mut in_number = false;
    for c in name.chars() {
        match (c.to_digit(10), in_number) {
            (None, true) => parts.push((c.into(), 0)),
            (digit, _) => {
                if let Some((text, number)) = parts.last_mut() {
                    match digit {
                        Some(digit) => {
                            *number = number.saturating_mul(10).saturating_add(digit.into())
                        }
                        None => text.push(c),
                    }
                }
            }
        }
        in_number = c.is_ascii_digit();
    }
    parts
}

/// Whether a name fits a pattern: `*` stands for any text, `?` for one character.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    // Of the pattern's last `*` and the name's place that it reaches to, to try again from.
    let mut star: Option<(usize, usize)> = None;
    let (mut p, mut n) = (0, 0);
    while n < name.len() {
        match (pattern.get(p), star) {
            (Some('*'), _) => {
                star = Some((p, n));
                p += 1;
            }
            (Some(&c), _) if c == '?' || c == name[n] => (p, n) = (p + 1, n + 1),
            (_, Some((at, reached))) => {
                star = Some((at, reached + 1));
                (p, n) = (at + 1, reached + 1);
            }
            (_, None) => return false,
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{WriteOptions, load as load_path, write_parquet};

    fn write(folder: &Path, name: &str, start: i64, dim: usize) {
        let vectors = Matrix::from_vec(vec![start as f32; 2 * dim], dim).unwrap();
        let embeddings = Embeddings::new(vectors, Ids::Integers(vec![start, start + 1])).unwrap();
        write_parquet(&folder.join(name), &embeddings, &WriteOptions::default()).unwrap();
    }

    fn check(path: &Path) -> Result<Vec<i64>, String> {
        let read = load_path(path, &LoadOptions::default(), &mut |_| {});
        let read = read.map_err(|error| error.to_string())?;
        let Ids::Integers(ids) = read.ids else {
            return Ok(vec![]);
        };
        let first_components = read.vectors.rows().map(|row| row[0] as i64);
        assert!(
            first_components
                .zip(&ids)
                .all(|(value, id)| value == id / 10 * 10)
        );
        Ok(ids)
    }

    #[test]
    fn numbered_files_of_a_folder_are_one_table() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        for part in [10, 9, 8] {
            write(&data, &format!("train-{part}.parquet"), part * 10, 3);
        }
        let expected = vec![80, 81, 90, 91, 100, 101];
        assert_eq!(check(&data).unwrap(), expected);
        assert_eq!(
            check(folder.path()).unwrap(),
            expected,
            "the folder above `data`"
        );
        write(&data, "test-0.parquet", 0, 3);
        let message = check(&data).unwrap_err();
        assert!(
            message.contains("4 Parquet files that are not numbered parts"),
            "{message}"
        );
        assert_eq!(check(&data.join("train-*.parquet")).unwrap(), expected);
        assert_eq!(check(&data.join("train-?.parquet")).unwrap(), expected[..4]);
        let layout = layout(
            &find(&data.join("train-*")).unwrap().unwrap(),
            &LoadOptions::default(),
        );
        assert_eq!(layout.unwrap().row_groups, Some(3));
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "part-0.parquet", 0, 3);
        write(folder.path(), "part-1.parquet", 10, 2);
        let message = check(folder.path()).unwrap_err();
        assert!(
            message.contains("`part-1.parquet` has dim = 2, the files before 3"),
            "{message}"
        );
        write(folder.path(), "part-1.parquet", 0, 3);
        let message = check(folder.path()).unwrap_err();
        assert!(
            message.contains("rows 0 and 2 both have the id `0`"),
            "{message}"
        );
        let message = check(&folder.path().join("nothing-*.parquet")).unwrap_err();
        assert!(message.contains("no such file"), "{message}");
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        let cases = [
            ("*", "a.parquet", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("part-?", "part-7", true),
            ("part-?", "part-", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
