//! safetensors: tensors with names behind a header in JSON.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use safetensors::tensor::{Dtype as TensorType, Metadata, TensorInfo};

use crate::{Dtype, Format, LoadError, LoadOptions, dense::Dense, nearest::nearest, raw};

/// The longest header that the crate `safetensors` reads.
const MAX_HEADER_BYTES: u64 = 100_000_000;

/// Whether a file may be one of safetensors by its first bytes: a length, then a JSON object.
pub(crate) fn begins(start: &[u8]) -> bool {
    match start.split_first_chunk::<8>() {
        Some((length, [b'{', ..])) => u64::from_le_bytes(*length) <= MAX_HEADER_BYTES,
        _ => false,
    }
}

/// The tensor of vectors; the file stands where its values begin.
pub(crate) struct Tensor<'a> {
    path: &'a Path,
    name: String,
    dtype: Dtype,
    n: usize,
    dim: usize,
    file: File,
}

impl<'a> Tensor<'a> {
    /// Finds the tensor that `vector_column` names, or the only one with two axes.
    pub(crate) fn open(path: &'a Path, options: &LoadOptions) -> Result<Self, LoadError> {
        if options
            .id_column
            .as_ref()
            .is_some_and(|name| !name.is_empty())
        {
            return Err(LoadError::NoColumns {
                path: path.into(),
                format: Format::Safetensors,
                key: "id_column",
            });
        }
        let io = |source| LoadError::io(path, source);
        let mut file = File::open(path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        let (values_start, metadata) = header(path, &mut file, bytes)?;
        let (name, info) = choose(path, &metadata, options.vector_column.as_deref())?;
        let dtype = dtype_of(info).unwrap_or_default();
        let (n, dim) = (info.shape[0], info.shape[1]);
        if n == 0 {
            return Err(LoadError::NoRows { path: path.into() });
        }
        if dim == 0 {
            return Err(LoadError::ZeroDim {
                path: path.into(),
                column: name,
            });
        }
        let start = values_start + info.data_offsets.0 as u64;
        file.seek(SeekFrom::Start(start)).map_err(io)?;
        Ok(Self {
            path,
            name,
            dtype,
            n,
            dim,
            file,
        })
    }
}

impl Dense for Tensor<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.n, self.dim)
    }

    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn place(&self) -> String {
        format!("tensor `{}`", self.name)
    }

    fn fill(&mut self, out: &mut [f32]) -> Result<(), LoadError> {
        let read = raw::read(&mut self.file, self.dtype, out);
        read.map_err(|source| LoadError::io(self.path, source))
    }
}

/// Where tensors begin, and what they are; the header agrees with the file's length.
fn header(path: &Path, file: &mut File, bytes: u64) -> Result<(u64, Metadata), LoadError> {
    let io = |source| LoadError::io(path, source);
    let malformed = |problem: String| LoadError::Malformed {
        path: path.into(),
        format: Format::Safetensors,
        place: "header".into(),
        problem,
    };
    let mut start = [0; 8];
    file.read_exact(&mut start).map_err(io)?;
    let length = u64::from_le_bytes(start);
    if length > MAX_HEADER_BYTES.min(bytes.saturating_sub(8)) {
        return Err(malformed(format!(
            "it claims {length} bytes, the file has {bytes}"
        )));
    }
    let mut text = Vec::new();
    file.take(length).read_to_end(&mut text).map_err(io)?;
    // Reading it checks that tensors lie one after the other and have the bytes of their shapes.
    let metadata: Metadata =
        serde_json::from_slice(&text).map_err(|source| LoadError::Safetensors {
            path: path.into(),
            source,
        })?;
    let values_start = 8 + length;
    match values_start.checked_add(metadata.data_len() as u64) {
        Some(expected) if expected == bytes => Ok((values_start, metadata)),
        _ => {
            let tensors = metadata.data_len();
            Err(malformed(format!(
                "it claims tensors of {tensors} bytes, the file has {bytes} in all"
            )))
        }
    }
}

fn dtype_of(info: &TensorInfo) -> Option<Dtype> {
    match (info.dtype, info.shape.len()) {
        (TensorType::F16, 2) => Some(Dtype::F16),
        (TensorType::BF16, 2) => Some(Dtype::Bf16),
        (TensorType::F32, 2) => Some(Dtype::F32),
        (TensorType::F64, 2) => Some(Dtype::F64),
        (TensorType::U8, 2) => Some(Dtype::U8),
        (TensorType::I8, 2) => Some(Dtype::I8),
        _ => None,
    }
}

fn choose<'m>(
    path: &Path,
    metadata: &'m Metadata,
    wanted: Option<&str>,
) -> Result<(String, &'m TensorInfo), LoadError> {
    let mut tensors: Vec<(String, &TensorInfo)> = metadata.tensors().into_iter().collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let described: Vec<String> = tensors
        .iter()
        .map(|(name, info)| format!("{name} ({:?} {:?})", info.dtype, info.shape))
        .collect();
    if let Some(wanted) = wanted
        && !tensors.iter().any(|(name, _)| name == wanted)
    {
        let names = tensors.iter().map(|(name, _)| name.as_str());
        return Err(LoadError::NoSuchColumn {
            path: path.into(),
            column: wanted.into(),
            nearest: nearest(wanted, names),
            columns: described,
        });
    }
    tensors.retain(|(name, info)| {
        dtype_of(info).is_some() && wanted.is_none_or(|wanted| wanted == name)
    });
    match tensors.len() {
        1 => Ok(tensors.remove(0)),
        0 => Err(LoadError::NoVectorColumn {
            path: path.into(),
            columns: described,
        }),
        _ => Err(LoadError::SeveralVectorColumns {
            path: path.into(),
            columns: tensors.into_iter().map(|(name, _)| name).collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::tensor::TensorView;

    fn check(
        tensors: &[(&str, TensorType, [usize; 2], &[u8])],
        vector_column: Option<&str>,
    ) -> Result<Vec<f32>, String> {
        let view =
            |&(name, dtype, shape, bytes): &(&str, TensorType, [usize; 2], &'static [u8])| {
                (
                    name.to_owned(),
                    TensorView::new(dtype, shape.to_vec(), bytes).unwrap(),
                )
            };
        let owned: Vec<(&str, TensorType, [usize; 2], &'static [u8])> = tensors
            .iter()
            .map(|&(name, dtype, shape, bytes)| (name, dtype, shape, &*bytes.to_vec().leak()))
            .collect();
        let bytes = ::safetensors::serialize(owned.iter().map(view), None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors.safetensors");
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(Format::detect(&path).unwrap(), Format::Safetensors);
        let options = LoadOptions {
            vector_column: vector_column.map(String::from),
            ..LoadOptions::default()
        };
        crate::load(&path, &options, &mut |_| {})
            .map(|read| read.vectors.into_vec())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_only_or_the_named_tensor_is_read() {
        let one = ("a", TensorType::I8, [2, 1], &[1, 255][..]);
        let two = ("b", TensorType::BF16, [1, 1], &[0x20, 0xc0][..]);
        let mask = ("mask", TensorType::I64, [1, 1], &[0; 8][..]);
        assert_eq!(check(&[one, mask], None).unwrap(), [1.0, -1.0]);
        assert_eq!(check(&[one, two], Some("b")).unwrap(), [-2.5]);
        let cases = [
            (
                &[one, two][..],
                None,
                "2 columns could hold the vectors: a, b",
            ),
            (&[one, two], Some("bb"), "no column `bb`; did you mean"),
            (&[mask], None, "it has mask (I64 [1, 1])"),
            (&[("a", TensorType::F32, [0, 4], &[])], None, "no rows"),
            (
                &[("a", TensorType::F32, [1, 1], &[0, 0, 0xc0, 0x7f])],
                None,
                "row 0: component 0 is NaN",
            ),
        ];
        for (tensors, named, expected) in cases {
            let message = check(tensors, named).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn a_file_shorter_than_its_header_says_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors.safetensors");
        let header = br#"{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"#;
        for (claimed, values, expected) in [
            (header.len() as u64, 7, "tensors of 8 bytes"),
            (1 << 20, 8, "it claims 1048576 bytes"),
        ] {
            let bytes = [&claimed.to_le_bytes()[..], header, &vec![0; values]].concat();
            std::fs::write(&path, bytes).unwrap();
            let error = crate::load(&path, &LoadOptions::default(), &mut |_| {}).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
