//! Why an npy file is refused.

use std::{io, path::PathBuf};

/// An npy file that is refused.
#[derive(Debug, thiserror::Error)]
pub enum NpyError {
    /// The file system refused.
    #[error("read {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No header, or one that says nothing sensible.
    #[error("{}: not a usable npy header: {problem}; save the array again with numpy.save", .path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Elements of a type that does not serve here.
    #[error("{}: holds elements of dtype {found}, need {expected}; convert it with numpy's astype", .path.display())]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The dtype found, in NumPy's words.
        found: String,
        /// What would serve.
        expected: String,
    },
    /// A shape that does not serve here.
    #[error("{}: the array has shape {shape:?}, need {expected}; reshape it", .path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// Its shape.
        shape: Vec<u64>,
        /// What would serve.
        expected: &'static str,
    },
    /// Elements in column order where row order is needed.
    #[error("{}: the array is in Fortran order, need C order; save it with numpy.ascontiguousarray", .path.display())]
    FortranOrder {
        /// The file.
        path: PathBuf,
    },
    /// A file shorter or longer than its header says.
    #[error("{}: {found} bytes where the header says {expected}; the file is cut off or damaged, get it again", .path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Bytes it has.
        found: u64,
        /// Bytes it should have.
        expected: u128,
    },
    /// Elements that do not begin where a memory map can use them.
    #[error("{}: elements begin at byte {offset}, which is not a multiple of 4; save the array again", .path.display())]
    Unaligned {
        /// The file.
        path: PathBuf,
        /// Where they begin.
        offset: u64,
    },
    /// A row number that is no row number.
    #[error("{}: entry {entry} is {value}, no row number; give numbers from 0", .path.display())]
    RowNumber {
        /// The file.
        path: PathBuf,
        /// Which entry, from 0.
        entry: usize,
        /// Its value.
        value: i64,
    },
    /// More elements than there is memory for.
    #[error("{}: {elements} elements do not fit into memory; convert a sample of it", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Elements it has.
        elements: u64,
    },
}
