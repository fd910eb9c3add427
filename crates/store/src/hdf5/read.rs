//! Arrays of numbers out of an HDF5 file, and what it says of them.

use std::path::Path;

use annbench_vectors::{Matrix, Metric};
use hdf5_pure::{Datatype, DatatypeByteOrder, Error, File};

use super::{Companions, DISTANCE, DISTANCES, NEIGHBORS, TEST, TRAIN};
use crate::{
    Dtype, Format, LoadError, LoadOptions, Truth,
    dense::{Dense, room},
    flat::refuse_negative,
    nearest::nearest,
    parquet::guard,
    raw,
};

/// How much deflate can shrink numbers that are all the same: 1,032 to 1.
const MOST_COMPRESSION: u128 = 1_032;

/// A two-dimensional dataset of numbers, read from its first row on.
pub(crate) struct Arrays<'a> {
    path: &'a Path,
    dataset: hdf5_pure::Dataset,
    name: String,
    dtype: Dtype,
    n: usize,
    dim: usize,
    row: usize,
}

impl<'a> Arrays<'a> {
    /// The vectors: the dataset that `vector_column` names, else `train`.
    pub(crate) fn vectors(path: &'a Path, options: &LoadOptions) -> Result<Self, LoadError> {
        let named = options.id_column.as_ref();
        if named.is_some_and(|name| !name.is_empty()) {
            return Err(LoadError::NoColumns {
                path: path.into(),
                format: Format::Hdf5,
                key: "id_column",
            });
        }
        let name = options.vector_column.as_deref().unwrap_or(TRAIN);
        let arrays = Self::open(path, name)?;
        match arrays.dtype {
            Dtype::I32 => Err(arrays.malformed("holds integers, vectors are floats".into())),
            _ => Ok(arrays),
        }
    }

    /// The dataset `name` of the root group, with the numbers of rows that are plausible for the
    /// file's length.
    fn open(path: &'a Path, name: &str) -> Result<Self, LoadError> {
        let file = open(path)?;
        guard(path, &format!("dataset `{name}`"), || {
            let names = file.root().datasets();
            let names = names.map_err(|source| damaged(path, "root group", source))?;
            if !names.iter().any(|other| other == name) {
                return Err(LoadError::NoSuchColumn {
                    path: path.into(),
                    column: name.into(),
                    nearest: nearest(name, names.iter().map(String::as_str)),
                    columns: names,
                });
            }
            let at = |source| damaged(path, &format!("dataset `{name}`"), source);
            let dataset = file.dataset(name).map_err(at)?;
            let shape = dataset.shape().map_err(at)?;
            let datatype = dataset.datatype().map_err(at)?;
            let mut arrays = Self {
                path,
                dataset,
                name: name.into(),
                dtype: Dtype::F32,
                n: 0,
                dim: 0,
                row: 0,
            };
            arrays.dtype = dtype_of(&datatype)
                .ok_or_else(|| arrays.malformed(format!("its numbers are {datatype:?}")))?;
            arrays.set_shape(&shape)?;
            Ok(arrays)
        })
    }

    /// Takes a shape over, if the file's length can hold it.
    fn set_shape(&mut self, shape: &[u64]) -> Result<(), LoadError> {
        let &[n, dim] = shape else {
            return Err(self.malformed(format!("its shape is {shape:?}, not rows x components")));
        };
        let io = |source| LoadError::io(self.path, source);
        let bytes = std::fs::metadata(self.path).map_err(io)?.len();
        let claimed = u128::from(n) * u128::from(dim) * u128::from(self.dtype.bytes());
        if claimed > u128::from(bytes) * MOST_COMPRESSION {
            let problem =
                format!("its shape {shape:?} takes {claimed} bytes, the file has {bytes}");
            return Err(self.malformed(problem));
        }
        match (n, dim) {
            (0, _) => Err(LoadError::NoRows {
                path: self.path.into(),
            }),
            (_, 0) => Err(LoadError::ZeroDim {
                path: self.path.into(),
                column: self.name.clone(),
            }),
            (n, dim) => {
                (self.n, self.dim) = (n as usize, dim as usize);
                Ok(())
            }
        }
    }

    /// The bytes of the next `rows` rows.
    fn bytes(&mut self, rows: usize) -> Result<Vec<u8>, LoadError> {
        let (path, start) = (self.path, self.row);
        let place = format!("dataset `{}`, at row {start}", self.name);
        let bytes = guard(path, &place, || {
            let read = self.dataset.read_raw_rows(start as u64, rows as u64);
            read.map_err(|source| damaged(path, &place, source))
        })?;
        let expected = rows * self.dim * self.dtype.bytes() as usize;
        if bytes.len() != expected {
            return Err(self.malformed(format!("{rows} rows from row {start} on are cut short")));
        }
        self.row += rows;
        Ok(bytes)
    }

    /// All rows as whole numbers.
    fn integers(mut self) -> Result<Matrix<u32>, LoadError> {
        if self.dtype != Dtype::I32 {
            return Err(self.malformed("holds no integers of 32 bits".into()));
        }
        let bytes = self.bytes(self.n)?;
        let words: Vec<u32> = bytemuck::pod_collect_to_vec(&bytes);
        refuse_negative(&words, self.dim, |place, problem| {
            self.malformed(format!("{place}: {problem}"))
        })?;
        self.matrix(words)
    }

    /// All rows as f32.
    fn singles(mut self) -> Result<Matrix<f32>, LoadError> {
        let mut values = room(self.path, self.n, self.dim)?;
        self.fill(&mut values)?;
        self.matrix(values)
    }

    fn matrix<T>(&self, values: Vec<T>) -> Result<Matrix<T>, LoadError> {
        Matrix::from_vec(values, self.dim).map_err(|_| LoadError::NoRows {
            path: self.path.into(),
        })
    }

    fn malformed(&self, problem: String) -> LoadError {
        LoadError::Malformed {
            path: self.path.into(),
            format: Format::Hdf5,
            place: format!("dataset `{}`", self.name),
            problem,
        }
    }
}

impl Dense for Arrays<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.n, self.dim)
    }

    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn place(&self) -> String {
        format!("dataset `{}`", self.name)
    }

    fn fill(&mut self, out: &mut [f32]) -> Result<(), LoadError> {
        let bytes = self.bytes(out.len() / self.dim)?;
        raw::convert(&bytes, self.dtype, out);
        Ok(())
    }
}

/// The metric that the file names; `None` where it names none, or one that annbench does not have.
pub(crate) fn metric(path: &Path) -> Result<Option<Metric>, LoadError> {
    let file = open(path)?;
    let attributes = guard(path, "attributes", || {
        let attributes = file.root().attrs();
        attributes.map_err(|source| damaged(path, "attributes", source))
    })?;
    let name = attributes.get(DISTANCE).and_then(|value| value.as_str());
    Ok(match name {
        Some("euclidean") => Some(Metric::L2),
        Some("angular") => Some(Metric::Cosine),
        Some("ip" | "dot") => Some(Metric::InnerProduct),
        _ => None,
    })
}

/// The ground truth that the file brings for its own queries.
pub(crate) fn truth(path: &Path) -> Result<Truth, LoadError> {
    let rows = Arrays::open(path, NEIGHBORS)?.integers()?;
    let distances = optional(Arrays::open(path, DISTANCES))?;
    if let Some(distances) = &distances
        && distances.shape() != (rows.n(), rows.dim())
    {
        let problem = format!(
            "{:?} of them for {} x {} neighbours",
            distances.shape(),
            rows.n(),
            rows.dim()
        );
        return Err(distances.malformed(problem));
    }
    Ok(Truth {
        distances: distances.map(Arrays::singles).transpose()?,
        rows,
    })
}

/// What the file holds beside the base; the ground truth only where it still names its rows.
pub(crate) fn companions(path: &Path, rows_are_kept: bool) -> Result<Companions, LoadError> {
    let queries = optional(Arrays::open(path, TEST))?;
    let truth = match rows_are_kept && queries.is_some() {
        true => optional(truth(path))?,
        false => None,
    };
    Ok(Companions {
        metric: metric(path)?,
        queries: queries.map(Arrays::singles).transpose()?,
        truth,
    })
}

/// What a file may do without.
fn optional<T>(read: Result<T, LoadError>) -> Result<Option<T>, LoadError> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(LoadError::NoSuchColumn { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the file holds queries.
pub(crate) fn has_queries(path: &Path) -> Result<bool, LoadError> {
    Ok(optional(Arrays::open(path, TEST))?.is_some())
}

/// Whether the file holds the neighbours of its queries.
pub(crate) fn has_truth(path: &Path) -> Result<bool, LoadError> {
    Ok(optional(Arrays::open(path, NEIGHBORS))?.is_some())
}

fn open(path: &Path) -> Result<File, LoadError> {
    guard(path, "header", || {
        File::open_streaming(path).map_err(|source| match source {
            Error::Io(source) => LoadError::io(path, source),
            source => damaged(path, "header", source),
        })
    })
}

fn damaged(path: &Path, place: &str, source: Error) -> LoadError {
    LoadError::Hdf5 {
        path: path.into(),
        place: place.into(),
        source: Box::new(source),
    }
}

fn dtype_of(datatype: &Datatype) -> Option<Dtype> {
    match datatype {
        Datatype::FloatingPoint {
            size,
            byte_order: DatatypeByteOrder::LittleEndian,
            ..
        } => match size {
            2 => Some(Dtype::F16),
            4 => Some(Dtype::F32),
            8 => Some(Dtype::F64),
            _ => None,
        },
        Datatype::FixedPoint {
            size,
            byte_order,
            layout,
        } => match (size, layout.signed, byte_order) {
            (1, false, _) => Some(Dtype::U8),
            (1, true, _) => Some(Dtype::I8),
            (4, true, DatatypeByteOrder::LittleEndian) => Some(Dtype::I32),
            _ => None,
        },
        _ => None,
    }
}
