//! A FAISS index behind safe methods. All that is unsafe about an index is here.
#![expect(unsafe_code, reason = "FAISS is called through its C API and the shim")]

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    io::{Read, Write},
    time::Instant,
};

use annbench_vectors::{MatrixView, Metric};
use faiss::index::{FromInnerPtr, Index, IndexImpl, autotune::ParameterSpace, index_factory};
use faiss_sys::{FaissIndex, faiss_Index_search, faiss_get_last_error};

type WriteCallback = extern "C" fn(*mut c_void, *const u8, usize) -> c_int;
type ProgressCallback = extern "C" fn(*mut c_void, usize, usize);
type ReadCallback = extern "C" fn(*mut c_void, *mut u8, usize) -> c_int;

const MESSAGE_BYTES: usize = 1024;

unsafe extern "C" {
    fn annbench_index_seed(index: *mut FaissIndex, seed: c_int);
    fn annbench_index_get(index: *mut FaissIndex, name: *const c_char, value: *mut f64) -> c_int;
    fn annbench_index_kind(index: *mut FaissIndex) -> c_int;
    fn annbench_index_metric(index: *const FaissIndex) -> c_int;
    fn annbench_index_train(
        index: *mut FaissIndex,
        n: usize,
        vectors: *const f32,
        context: *mut c_void,
        report: ProgressCallback,
        message: *mut c_char,
        message_bytes: usize,
    ) -> c_int;
    fn annbench_index_add(
        index: *mut FaissIndex,
        n: usize,
        vectors: *const f32,
        alone: c_int,
        context: *mut c_void,
        report: ProgressCallback,
        message: *mut c_char,
        message_bytes: usize,
    ) -> c_int;
    fn annbench_index_write(
        index: *const FaissIndex,
        context: *mut c_void,
        write: WriteCallback,
        message: *mut c_char,
        message_bytes: usize,
    ) -> c_int;
    fn annbench_index_read(
        context: *mut c_void,
        read: ReadCallback,
        message: *mut c_char,
        message_bytes: usize,
    ) -> *mut FaissIndex;
}

/// The kinds of index that a backend of their own builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Flat,
    IvfFlat,
    Hnsw,
    Other,
}

/// An index that FAISS owns; freed when dropped. Errors are FAISS's own words.
pub(crate) struct Native(IndexImpl);

impl Native {
    /// The index that a factory string describes, empty.
    pub(crate) fn create(dim: usize, factory: &str, metric: Metric) -> Result<Self, String> {
        let dim = i32::try_from(dim).map_err(|_| format!("dim = {dim} is beyond FAISS's int"))?;
        index_factory(dim.unsigned_abs(), factory, faiss_metric(metric))
            .map(Self)
            .map_err(words)
    }

    /// Learns from `base`; tells `progress` the iterations done and to do, where those are known.
    ///
    /// # Panics
    /// If the dimensions differ.
    pub(crate) fn train(
        &mut self,
        base: MatrixView<'_>,
        mut progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(), String> {
        assert_eq!(base.dim(), self.dim());
        let mut message = [0; MESSAGE_BYTES];
        // SAFETY: the assertion covers what is read; the context is what the callback expects,
        // outlives the call and is used by this thread alone; the shim catches exceptions and
        // terminates the message within its bytes.
        let done = unsafe {
            annbench_index_train(
                self.0.inner_ptr(),
                base.n(),
                base.as_slice().as_ptr(),
                (&raw mut progress).cast(),
                report,
                message.as_mut_ptr(),
                message.len(),
            )
        };
        succeeded(done, &message)
    }

    /// Adds `base`; tells `progress` the vectors done and to do, for graphs, and only where nothing
    /// else of FAISS runs in this process meanwhile, which is for the caller to say with `alone`.
    ///
    /// # Panics
    /// If the dimensions differ.
    pub(crate) fn add(
        &mut self,
        base: MatrixView<'_>,
        alone: bool,
        mut progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(), String> {
        assert_eq!(base.dim(), self.dim());
        let mut message = [0; MESSAGE_BYTES];
        // SAFETY: as in `train`; the shim reports from the thread that called.
        let done = unsafe {
            annbench_index_add(
                self.0.inner_ptr(),
                base.n(),
                base.as_slice().as_ptr(),
                c_int::from(alone),
                (&raw mut progress).cast(),
                report,
                message.as_mut_ptr(),
                message.len(),
            )
        };
        succeeded(done, &message)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.ntotal() as usize
    }

    pub(crate) fn dim(&self) -> usize {
        self.0.d() as usize
    }

    pub(crate) fn is_trained(&self) -> bool {
        self.0.is_trained()
    }

    /// Bytes a vector's code has, for the kinds of index that say.
    pub(crate) fn code_bytes(&self) -> Option<usize> {
        let mut bytes = 0;
        // SAFETY: the pointer is to a live index; the call catches FAISS's exceptions.
        let code = unsafe { faiss_sys::faiss_Index_sa_code_size(self.0.inner_ptr(), &mut bytes) };
        (code == 0).then_some(bytes)
    }

    pub(crate) fn kind(&self) -> Kind {
        // SAFETY: the pointer is to a live index; casts do not throw.
        match unsafe { annbench_index_kind(self.0.inner_ptr()) } {
            1 => Kind::Flat,
            2 => Kind::IvfFlat,
            3 => Kind::Hnsw,
            _ => Kind::Other,
        }
    }

    /// Whether it computes what `metric` asks for: FAISS knows no cosine, inner products serve it.
    pub(crate) fn serves(&self, metric: Metric) -> bool {
        // SAFETY: the pointer is to a live index.
        let found = unsafe { annbench_index_metric(self.0.inner_ptr()) };
        found == faiss_metric(metric).code() as c_int
    }

    /// Seeds what of its randomness can be reached, see the crate's documentation.
    pub(crate) fn seed(&mut self, seed: u64) {
        // FAISS takes an int and reads a negative one as "use the clock".
        let folded = ((seed ^ (seed >> 32)) & 0x7fff_ffff) as c_int;
        // SAFETY: the pointer is to a live index that nobody else uses.
        unsafe { annbench_index_seed(self.0.inner_ptr(), folded) }
    }

    /// Sets a parameter under FAISS's name for it.
    pub(crate) fn set(&mut self, name: &str, value: f64) -> Result<(), String> {
        ParameterSpace::new()
            .and_then(|space| space.set_index_parameter(&self.0, name, value))
            .map_err(words)
    }

    /// The value in force of a parameter; `None` where this index has no such parameter.
    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        let name = CString::new(name).ok()?;
        let mut value = 0.0;
        // SAFETY: a live index, a terminated string, room for one value; the shim catches.
        let found = unsafe { annbench_index_get(self.0.inner_ptr(), name.as_ptr(), &mut value) };
        (found == 1).then_some(value)
    }

    /// Searches straight into the caller's cells; a missing neighbour's id is `u64::MAX`, FAISS's -1.
    ///
    /// # Panics
    /// If `ids` or `scores` is shorter than `queries.n() * k`, or the dimensions differ.
    #[inline]
    pub(crate) fn search(
        &self,
        queries: MatrixView<'_>,
        k: usize,
        ids: &mut [u64],
        scores: &mut [f32],
    ) -> Result<(), String> {
        let cells = queries.n() * k;
        assert!(queries.dim() == self.dim() && ids.len() >= cells && scores.len() >= cells);
        // SAFETY: the assertion covers every cell that is read or written; u64 and i64 have one
        // layout; searching does not change the index; the call catches FAISS's exceptions.
        let code = unsafe {
            faiss_Index_search(
                self.0.inner_ptr(),
                queries.n() as i64,
                queries.as_slice().as_ptr(),
                k as i64,
                scores.as_mut_ptr(),
                ids.as_mut_ptr().cast(),
            )
        };
        if code == 0 { Ok(()) } else { Err(last_error()) }
    }

    /// One raw call a query, with a time stamp before and after each and nothing else.
    ///
    /// # Panics
    /// As [`search`](Self::search), or if `latencies_ns` is shorter than `queries.n()`.
    pub(crate) fn search_one_by_one(
        &self,
        queries: MatrixView<'_>,
        k: usize,
        ids: &mut [u64],
        scores: &mut [f32],
        latencies_ns: &mut [u64],
    ) -> Result<(), String> {
        let cells = queries.n() * k;
        assert!(queries.dim() == self.dim() && ids.len() >= cells && scores.len() >= cells);
        let latencies_ns = &mut latencies_ns[..queries.n()];
        let index = self.0.inner_ptr();
        let mut query = queries.as_slice().as_ptr();
        let mut score = scores.as_mut_ptr();
        let mut id = ids.as_mut_ptr();
        let mut failures = 0;
        for latency_ns in latencies_ns {
            // SAFETY: as in `search`; the pointers move one row a turn, and the assertion covers
            // as many rows as there are turns.
            unsafe {
                let start = Instant::now();
                failures |= faiss_Index_search(index, 1, query, k as i64, score, id.cast());
                *latency_ns = start.elapsed().as_nanos() as u64;
                query = query.add(queries.dim());
                score = score.add(k);
                id = id.add(k);
            }
        }
        if failures == 0 {
            Ok(())
        } else {
            Err(last_error())
        }
    }

    /// Serialises the index.
    pub(crate) fn write(&self, mut to: &mut dyn Write) -> Result<(), String> {
        let mut message = [0; MESSAGE_BYTES];
        // SAFETY: the context is the writer that the callback expects and outlives the call; the
        // shim catches exceptions and terminates the message within its bytes.
        let done = unsafe {
            annbench_index_write(
                self.0.inner_ptr(),
                (&raw mut to).cast(),
                write_bytes,
                message.as_mut_ptr(),
                message.len(),
            )
        };
        succeeded(done, &message)
    }

    /// Reads what [`write`](Self::write) wrote. The bytes must be known to be intact: FAISS
    /// allocates by the sizes it reads and does not check the ids in a graph.
    pub(crate) fn read(mut from: &mut dyn Read) -> Result<Self, String> {
        let mut message = [0; MESSAGE_BYTES];
        // SAFETY: as in `write`; a pointer that is not null is to a new index, ours to free.
        let index = unsafe {
            annbench_index_read(
                (&raw mut from).cast(),
                read_bytes,
                message.as_mut_ptr(),
                message.len(),
            )
        };
        if index.is_null() {
            return Err(text(&message));
        }
        // SAFETY: see above.
        Ok(Self(unsafe { IndexImpl::from_inner_ptr(index) }))
    }
}

fn succeeded(done: c_int, message: &[c_char; MESSAGE_BYTES]) -> Result<(), String> {
    match done {
        1 => Ok(()),
        _ => Err(text(message)),
    }
}

extern "C" fn report(context: *mut c_void, done: usize, total: usize) {
    // SAFETY: `Native::train` and `Native::add` pass their progress.
    let progress = unsafe { &mut *context.cast::<&mut dyn FnMut(usize, usize)>() };
    progress(done, total);
}

extern "C" fn write_bytes(context: *mut c_void, bytes: *const u8, count: usize) -> c_int {
    if count == 0 {
        return 0;
    }
    // SAFETY: `Native::write` passes its writer, and FAISS `count` readable bytes.
    let (writer, bytes) = unsafe {
        let writer = &mut *context.cast::<&mut dyn Write>();
        (writer, std::slice::from_raw_parts(bytes, count))
    };
    c_int::from(writer.write_all(bytes).is_err())
}

extern "C" fn read_bytes(context: *mut c_void, bytes: *mut u8, count: usize) -> c_int {
    if count == 0 {
        return 0;
    }
    // SAFETY: `Native::read` passes its reader, and FAISS room for `count` bytes.
    let (reader, bytes) = unsafe {
        let reader = &mut *context.cast::<&mut dyn Read>();
        (reader, std::slice::from_raw_parts_mut(bytes, count))
    };
    c_int::from(reader.read_exact(bytes).is_err())
}

fn faiss_metric(metric: Metric) -> faiss::MetricType {
    match metric {
        Metric::L2 => faiss::MetricType::L2,
        Metric::Cosine | Metric::InnerProduct => faiss::MetricType::InnerProduct,
    }
}

fn last_error() -> String {
    // SAFETY: FAISS keeps the text until the next error of this thread.
    let message = unsafe {
        let message = faiss_get_last_error();
        (!message.is_null()).then(|| CStr::from_ptr(message).to_string_lossy().into_owned())
    };
    without_place(message.as_deref().unwrap_or("unknown error"))
}

fn text(message: &[c_char; MESSAGE_BYTES]) -> String {
    let bytes: Vec<u8> = message
        .iter()
        .take_while(|byte| **byte != 0)
        .map(|byte| *byte as u8)
        .collect();
    without_place(&String::from_utf8_lossy(&bytes))
}

fn words(error: faiss::error::Error) -> String {
    match error {
        faiss::error::Error::Native(native) => without_place(native.msg()),
        other => other.to_string(),
    }
}

/// FAISS begins a message with the function, file and line it comes from, which name folders of
/// the machine that compiled it and tell a user nothing.
fn without_place(message: &str) -> String {
    let after_file = [".cpp:", ".h:"]
        .iter()
        .filter_map(|end| message.split_once(end))
        .map(|(_, rest)| rest)
        .min_by_key(|rest| message.len() - rest.len());
    let said = match after_file.and_then(|rest| rest.split_once(": ")) {
        Some((line, said)) if line.bytes().all(|byte| byte.is_ascii_digit()) => said,
        _ => message,
    };
    said.trim_end_matches('\0').trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_stripped_of_its_place() {
        let message = "Error in virtual void f(const float*) at /x/faiss/Clustering.cpp:279: Error: 'nx >= k' failed: too few points: 3";
        assert_eq!(
            without_place(message),
            "Error: 'nx >= k' failed: too few points: 3"
        );
        assert_eq!(without_place("std::bad_alloc"), "std::bad_alloc");
        assert_eq!(without_place("ratio 1: 2"), "ratio 1: 2");
    }

    #[test]
    fn an_exception_in_cpp_is_an_error_in_rust() {
        let error = Native::create(4, "Flatt", Metric::L2).err().unwrap();
        assert_eq!(error, "could not parse index string Flatt");
    }

    #[test]
    fn counting_the_iterations_of_k_means_changes_no_centroid() {
        let base: Vec<f32> = (0..8000).map(|i| ((i * 7919) % 1009) as f32).collect();
        let view = MatrixView::new(&base, 8).unwrap();
        for (factory, metric) in [
            ("IVF20,Flat", Metric::L2),
            ("IVF20,Flat", Metric::InnerProduct),
            ("IVF20_HNSW4,Flat", Metric::L2),
        ] {
            let mut counted = Native::create(8, factory, metric).unwrap();
            let mut iterations = 0;
            counted.train(view, &mut |_, _| iterations += 1).unwrap();
            assert_eq!(iterations, 10, "{factory}");

            let mut plain = Native::create(8, factory, metric).unwrap();
            plain.0.train(&base).unwrap();
            let bytes = |native: &Native| {
                let mut bytes = Vec::new();
                native.write(&mut bytes).unwrap();
                bytes
            };
            assert!(bytes(&counted) == bytes(&plain), "{factory}, {metric}");
        }
    }

    #[test]
    fn a_failing_writer_is_an_error_and_no_half_written_success() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let index = Native::create(4, "Flat", Metric::L2).unwrap();
        assert!(index.write(&mut Full).is_err());
    }
}
