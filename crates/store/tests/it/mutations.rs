//! Damaged bytes are read as something sound or refused, never more: a thousand seeded mutations of
//! every good file, in processes that may use little memory and time.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use annbench_store::{
    Embeddings, LoadError, LoadOptions,
    convert::{ConvertError, ConvertOptions, convert},
    load, npy, read_scored_truth,
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use crate::{
    child::{self, Limits},
    samples,
    shared::shared,
};

const MUTATIONS: usize = 1_000;
/// No allocation on a header's word: sound files here take a few MiB.
const MEMORY_MIB: u64 = 512;
/// All mutations of some twenty files; a hang uses it up.
const CPU_S: u64 = 300;

/// Files that are good, among the fixtures of others.
const FIXTURES: [&str; 20] = [
    "ann_benchmarks_layout_l2.hdf5",
    "pandas_list_f64_string_id.parquet",
    "polars_array_f32.parquet",
    "pyarrow_byte_stream_split.parquet",
    "pyarrow_data_page_v2.parquet",
    "pyarrow_fixed_size_list.parquet",
    "pyarrow_fixed_size_list_f16.parquet",
    "pyarrow_list_f32_zstd.parquet",
    "queries.fvecs",
    "queries_f32.npy",
    "truth_l2.ivecs",
    "vectors.bvecs",
    "vectors.fbin",
    "vectors.fvecs",
    "vectors.i8bin",
    "vectors.u8bin",
    "vectors_f16.npy",
    "vectors_f32_fortran.npy",
    "vectors_f64.npy",
    "vectors_u8.npy",
];

#[test]
fn files_made_here_survive_mutation() {
    let test = "mutations::files_made_here_survive_mutation";
    let folder = tempfile::tempdir().unwrap();
    let files = samples::all().into_iter().map(|sample| {
        let path = folder.path().join(sample.name);
        std::fs::write(&path, sample.bytes).unwrap();
        path
    });
    survive(test, files.collect());
}

#[test]
fn files_of_other_programs_survive_mutation() {
    let test = "mutations::files_of_other_programs_survive_mutation";
    let mut files = crate::foreign::files();
    if let Some(folder) = shared("fixtures") {
        files.extend(FIXTURES.map(|name| folder.join(name)));
    }
    survive(test, files);
}

/// Damages the files in a child, or is that child.
fn survive(test: &str, files: Vec<PathBuf>) {
    if let Some((_, list)) = child::work() {
        let list = std::fs::read_to_string(list).unwrap();
        list.lines().map(Path::new).for_each(mutate);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("files");
    let names: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    std::fs::write(&list, names.join("\n")).unwrap();
    let limits = Limits {
        memory_mib: MEMORY_MIB,
        cpu_s: CPU_S,
    };
    let mut child = child::start(test, "mutate", &list, limits);
    let mut last = VecDeque::new();
    let said = BufReader::new(child.stdout.take().unwrap());
    for line in said.lines().map_while(Result::ok) {
        last.push_back(line);
        if last.len() > 20 {
            last.pop_front();
        }
    }
    let status = child.wait().unwrap();
    assert!(status.success(), "{status}, last heard of: {last:#?}");
}

/// Damages a file in as many ways, each from a seed of its own.
fn mutate(file: &Path) {
    let good = std::fs::read(file).unwrap();
    let folder = scratch_folder();
    let scratch = folder
        .path()
        .join("scratch")
        .with_extension(file.extension().unwrap());
    std::fs::write(&scratch, &good).unwrap();
    assert!(survives(&scratch), "{} is sound before", file.display());
    let (mut refused, mut slowest) = (0, Duration::ZERO);
    for seed in 0..MUTATIONS {
        println!("{}, seed {seed}", file.display());
        std::fs::write(&scratch, mutated(&good, seed as u64)).unwrap();
        let start = Instant::now();
        refused += usize::from(!survives(&scratch));
        slowest = slowest.max(start.elapsed());
    }
    let name = file.file_name().unwrap().display();
    eprintln!("{name}: {refused} of {MUTATIONS} refused, the slowest took {slowest:?}");
    assert!(
        refused > MUTATIONS / 20,
        "{name}: only {refused} were refused"
    );
}

/// A folder in memory where there is one: every conversion waits for the disk.
fn scratch_folder() -> tempfile::TempDir {
    match tempfile::tempdir_in("/dev/shm") {
        Ok(folder) => folder,
        Err(_) => tempfile::tempdir().unwrap(),
    }
}

/// Bytes flipped, set, taken out and put in; files cut off; lengths of 1, 2, 4 and 8 bytes replaced
/// by small and by absurd ones.
fn mutated(good: &[u8], seed: u64) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut below = |bound: usize| (rng.next_u64() % bound as u64) as usize;
    let mut bytes = good.to_vec();
    // Half of the places near the ends, where headers and footers are.
    let place = match below(4) {
        0 => below(bytes.len().min(400)),
        1 => bytes.len() - 1 - below(bytes.len().min(1_200)),
        _ => below(bytes.len()),
    };
    match below(10) {
        0 => bytes.truncate(place),
        1 => drop(bytes.remove(place)),
        2 => bytes.insert(place, below(256) as u8),
        3 | 4 => {
            let lengths = [
                0,
                1,
                0x7f,
                1 << 16,
                1 << 31,
                (1 << 32) - 1,
                1 << 40,
                i64::MAX as u64,
                u64::MAX,
            ];
            let length = lengths[below(lengths.len())].to_le_bytes();
            let width = (1 << below(4)).min(bytes.len() - place);
            bytes[place..place + width].copy_from_slice(&length[..width]);
        }
        5 => bytes[place] = 0xff,
        _ => bytes[place] ^= 1 << below(8),
    }
    bytes
}

/// Reads a file whole and block by block; checks what comes out, and says whether it was read.
fn survives(scratch: &Path) -> bool {
    let options = LoadOptions {
        keep_columns: true,
        ..LoadOptions::default()
    };
    let whole = load(scratch, &options, &mut |_| {});
    let is_read = whole.is_ok();
    let blocks = in_blocks(scratch);
    match (whole, blocks) {
        (Ok(whole), Ok(blocks)) => check(&whole, &blocks),
        (Err(error), blocks) => {
            let message = error.to_string();
            assert!(message.contains("scratch"), "names the file: {message}");
            // Only whoever holds all ids can tell that two are the same.
            let is_id = matches!(error, LoadError::DuplicateId { .. });
            assert!(is_id || blocks.is_err(), "refused only whole: {message}");
            if let LoadError::DecoderPanic { reason, .. } = error {
                eprintln!("the decoder panicked and was caught: {reason}");
            }
        }
        (Ok(_), Err(error)) => panic!("refused only block by block: {error:?}"),
    }
    // These read files of their own; whatever they say, they return.
    drop(read_scored_truth(scratch));
    drop(npy::read::<f32>(scratch));
    is_read
}

fn in_blocks(scratch: &Path) -> Result<Embeddings, ConvertError> {
    let output = scratch.with_file_name("blocks.npy");
    let options = ConvertOptions::default();
    convert(scratch, &output, &options, &mut |_| {})?;
    Ok(load(&output, &LoadOptions::default(), &mut |_| {})?)
}

fn check(whole: &Embeddings, blocks: &Embeddings) {
    assert_eq!(whole.vectors.n(), whole.ids.len());
    let mut values = whole.vectors.as_slice().iter();
    assert!(values.all(|value| value.is_finite()));
    assert!(whole.vectors == blocks.vectors, "whole and in blocks");
}
